"""Sending one row of the outbox: what it says, to whom, over which channel. Checked at the last moment, as people leave."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.models import Account, ChannelSettings, Notification, User
from accounts.notifications import NotSent, events, outbox, recipients, wording
from accounts.notifications.channels import ChannelError, chat, email, event_bus, notion


def send(row: Notification) -> str:
    """Sends it, and answers where it arrived. Raises NotSent or ChannelError."""
    if row.kind != Notification.Kind.TEST and obstacle(row):
        raise NotSent(obstacle(row))
    match row.channel:
        case "notion":
            return to_notion(row)
        case "event_bus":
            return event_bus.publish(row.tenant.slug, events.event(row))
        case "email":
            return email.send(recipient(row), wording.message(row), row.key)
        case "chat":
            # A test is of the tenant's channel, whatever the person who asked for it has of their own.
            to = recipient(row)
            own = "" if row.kind == Notification.Kind.TEST else to.chat_url
            return chat.send(own or settings_of(row).chat_url, wording.message(row))
    raise AssertionError(row.channel)


def obstacle(row: Notification) -> str:
    """Why the channel takes nothing any more, if it was closed since the row was written."""
    has_own = row.channel == "chat" and row.recipient is not None and row.recipient.chat_url
    return "" if has_own else outbox.obstacles(row.tenant)[row.channel]


def recipient(row: Notification) -> User:
    if row.recipient is None:
        raise NotSent(outbox.NOBODY)
    if refusal := recipients.refusal(row.recipient, row.tenant_id):
        raise NotSent(refusal, tell_others=True)
    return row.recipient


def settings_of(row: Notification) -> ChannelSettings:
    return ChannelSettings.objects.filter(tenant=row.tenant_id).first() or ChannelSettings(tenant=row.tenant)


def to_notion(row: Notification) -> str:
    channels = settings_of(row)
    if row.kind == Notification.Kind.TEST:
        return notion.check(channels.notion_token)
    assert row.escalation is not None
    with alone_at_page(row.escalation.account_id):
        account: Account = Account.objects.with_profile().get(pk=row.escalation.account_id)
        if not (account.profile_page_id or channels.notion_data_source):
            raise NotSent("This account has no Notion page. An admin can enter its id, or name a data source to make pages in.")
        profile = account.relationship_profile()
        page, detail = notion.update(channels.notion_token, profile, channels.notion_data_source)
        # Unless an admin has named another page meanwhile.
        Account.objects.filter(pk=account.pk, profile_page_id=account.profile_page_id).update(profile_page_id=page)
    return detail


@contextmanager
def alone_at_page(account_id: int) -> Iterator[None]:
    """Two deliveries at once would leave two pages, or none. The lock is the connection's own: it ends with a worker that dies."""
    key = [f"notion page of account {account_id}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", key)
        if cursor.fetchone() != (True,):
            raise ChannelError("The account's page is being written already.", permanent=False)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)
