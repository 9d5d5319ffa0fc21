"""Tests of a tenant's channels: how each is set up, in words, and what came of the last test messages."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import ChannelSettings, Notification, Tenant, User
from accounts.models.notification import Channel
from accounts.notifications import outbox
from accounts.notifications.channels import event_bus
from tamdash.templatetags.tamdash import moment

SHOWN = 3  # of each channel
PERSONAL = (Channel.EMAIL, Channel.CHAT)
UNDER_WAY = (Notification.Status.PENDING, Notification.Status.SENDING)


@dataclass(frozen=True)
class Trial:
    """A channel as the admin page shows it. `tests`: when, how it stands, and why."""

    channel: str
    label: str
    state: str
    possible: bool
    tests: list[tuple[str, str, str]]


def start(admin: User, channel: Channel) -> bool:
    """Asks for a test message, to the admin where the channel reaches people. No while another is under way."""
    now = timezone.now()
    with transaction.atomic():
        # One at a time: whoever presses twice waits here for the first.
        Tenant.objects.select_for_update(no_key=True).get(pk=admin.tenant_id)
        tests = Notification.objects.filter(tenant=admin.tenant_id, channel=channel, kind=Notification.Kind.TEST)
        if tests.filter(status__in=UNDER_WAY).exists():
            return False
        Notification.objects.create(
            tenant_id=admin.tenant_id,
            kind=Notification.Kind.TEST,
            channel=channel,
            recipient=admin if channel in PERSONAL else None,
            next_try_at=now,
            created_at=now,
        )
        outbox.wake(admin.tenant)
    return True


def shown(tenant: Tenant) -> list[Trial]:
    channels = ChannelSettings.of(tenant)
    tests = Notification.objects.filter(tenant=tenant, kind=Notification.Kind.TEST)
    latest = list(tests.order_by("-pk")[: SHOWN * len(Channel) * 3])
    return [
        Trial(
            channel,
            str(channel.label),
            state(channels, channel),
            possible(channels, channel),
            [outcome(row) for row in latest if row.channel == channel][:SHOWN],
        )
        for channel in (Channel.EMAIL, Channel.CHAT, Channel.NOTION, Channel.EVENT_BUS)
    ]


def possible(channels: ChannelSettings, channel: Channel) -> bool:
    """Whether a test can arrive; also over a channel that is switched off."""
    match channel:
        case Channel.EMAIL:
            return settings.EMAIL_IS_SET_UP
        case Channel.CHAT:
            return bool(channels.chat_url)
        case Channel.NOTION:
            return bool(channels.notion_token)
        case Channel.EVENT_BUS:
            return True


def state(channels: ChannelSettings, channel: Channel) -> str:
    """How it is set up, in words; what to do where it is not."""
    match channel:
        case Channel.EMAIL:
            if not settings.EMAIL_IS_SET_UP:
                return "Not set up: whoever runs tamdash sets TAMDASH_EMAIL_URL."
            return f"On, from {settings.DEFAULT_FROM_EMAIL}." if channels.email_enabled else "Off."
        case Channel.CHAT:
            return "On." if channels.chat_url else "Not set up: enter a chat address. People with one of their own are told there."
        case Channel.NOTION:
            if not channels.notion_token:
                return "Not set up: enter a Notion token."
            return "On." if channels.notion_data_source else "On, for accounts that have a Notion page."
        case Channel.EVENT_BUS:
            return f"On, as the Redis stream {event_bus.stream_of(channels.tenant.slug)}." if channels.event_bus_enabled else "Off."


def outcome(row: Notification) -> tuple[str, str, str]:
    words = row.get_status_display()
    if row.status in UNDER_WAY and row.attempts:
        words = f"{words}, tried {row.attempts} {'time' if row.attempts == 1 else 'times'}"
    return moment(row.created_at), words, row.error or row.detail
