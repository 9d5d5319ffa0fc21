"""What was known of one account at a past instant: the one place that says it (`scan_sql` says the same for whole portfolios).

A ticket is open from its opening until its closing; of heartbeats only a day's first and last are kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts.models import Account, HealthSnapshot, Heartbeat, HeartbeatDay, Ticket
from accounts.scoring import OpenTicket, Signals

LATEST = datetime.max.replace(tzinfo=UTC)


def open_at(*instants: datetime) -> Q:
    """Tickets that were open at one of the instants."""
    found = Q(pk=None)
    for at in instants:
        found |= Q(created_at__lte=at) & (Q(closed_at=None) | Q(closed_at__gt=at))
    return found


def was_open(ticket: Ticket, at: datetime) -> bool:
    return ticket.created_at <= at < (ticket.closed_at or LATEST)


def seen(ticket: Ticket) -> OpenTicket:
    """The ticket as the score sees it."""
    return OpenTicket(ticket.external_id, ticket.priority, ticket.created_at, ticket.source)


def signals(tickets: Iterable[Ticket], last_heartbeat: datetime | None, at: datetime) -> Signals:
    return Signals(tuple(seen(ticket) for ticket in tickets if was_open(ticket, at)), last_heartbeat)


def last_heartbeat(account: Account, latest: Heartbeat | None, at: datetime) -> datetime | None:
    """The last heartbeat up to `at`, as far as the days' first and last tell. No query where `latest`, its last ever, is not later."""
    if latest is None:
        return None
    if latest.last_at <= at:
        return latest.last_at
    day = HeartbeatDay.objects.filter(account=account, first_at__lte=at).order_by("-day").first()
    return day and (day.last_at if day.last_at <= at else day.first_at)


def heartbeat_of(snapshot: HealthSnapshot, at: datetime) -> datetime | None:
    """The last heartbeat as the scan of `at` knew it: to the microsecond, so that scoring it gives the very same silence."""
    hours: float | None = snapshot.hours_since_heartbeat
    return None if hours is None else at - timedelta(microseconds=round(hours * 3_600_000_000))
