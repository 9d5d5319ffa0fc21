"""Sending one row of the outbox: what it says, to whom, over which channel. Checked at the last moment, as people leave."""

from accounts.models import Account, ChannelSettings, Notification, User
from accounts.notifications import NotSent, events, outbox, recipients, wording
from accounts.notifications.channels import ChannelError, email, event_bus
from tamdash.alone import alone


def send(row: Notification) -> str:
    """Sends it, and answers where it arrived. Raises NotSent or ChannelError."""
    if row.kind != Notification.Kind.TEST and (closed := obstacle(row)):
        raise NotSent(closed)
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
            from accounts.notifications.channels import chat  # where the package is needed, as it takes long to load

            return chat.send(own or ChannelSettings.of(row.tenant).chat_url, wording.message(row))
    raise AssertionError(row.channel)


def obstacle(row: Notification) -> str:
    """Why the channel takes nothing any more, if it was closed since the row was written."""
    has_own = row.channel == "chat" and row.recipient is not None and row.recipient.chat_url
    return "" if has_own else outbox.obstacles(row.tenant)[row.channel]


def recipient(row: Notification) -> User:
    person = row.recipient
    if person is None:
        raise NotSent(outbox.NOBODY, tell_others=True)
    if refusal := recipients.refusal(person, row.tenant_id):
        raise NotSent(refusal, tell_others=True)
    if row.kind in (Notification.Kind.OPENED, Notification.Kind.WORSENED) and not is_meant(row, person):
        raise NotSent(f"{person} does not look after the account any more.", tell_others=True)
    return person


def is_meant(row: Notification, person: User) -> bool:
    """Whether `outbox.TELL` would choose this person now: accounts and escalations change hands while a channel is down."""
    assert row.escalation is not None
    owner = row.escalation.account.owner
    if person == owner or (row.kind == Notification.Kind.WORSENED and person.pk == row.escalation.assignee_id):
        return True
    has_owner = owner is not None and not recipients.refusal(owner, row.tenant_id)
    return not has_owner and person.role == User.Role.MANAGER


def to_notion(row: Notification) -> str:
    from accounts.notifications.channels import notion  # the same

    channels = ChannelSettings.of(row.tenant)
    if row.kind == Notification.Kind.TEST:
        return notion.check(channels.notion_token)
    assert row.escalation is not None
    # Two deliveries at once would leave two pages, or none.
    with alone(f"the Notion page of account {row.escalation.account_id}") as is_alone:
        if not is_alone:
            raise ChannelError("The account's page is being written already.", permanent=False)
        account: Account = Account.objects.with_profile().get(pk=row.escalation.account_id)
        if not (account.profile_page_id or channels.notion_data_source):
            raise NotSent("This account has no Notion page. An admin can enter its id, or name a data source to make pages in.")
        profile = account.relationship_profile()
        page, detail = notion.update(channels.notion_token, profile, channels.notion_data_source)
        # Unless an admin has named another page meanwhile.
        Account.objects.filter(pk=account.pk, profile_page_id=account.profile_page_id).update(profile_page_id=page)
    return detail
