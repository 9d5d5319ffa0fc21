"""What was known of one account at a past instant: the one place that says it (`scan_sql` says the same for whole portfolios).

A ticket is open in its intervals (`OpenInterval`); of heartbeats only a day's first and last are kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts.models import Account, HealthSnapshot, Heartbeat, HeartbeatDay, OpenInterval, ScanRun
from accounts.scoring import OpenTicket, Signals

LATEST = datetime.max.replace(tzinfo=UTC)


def open_at(*instants: datetime) -> Q:
    """Intervals that hold one of the instants."""
    found = Q(pk=None)
    for at in instants:
        found |= Q(open_from__lte=at) & (Q(closed_at=None) | Q(closed_at__gt=at))
    return found


def was_open(ticket: OpenInterval, at: datetime) -> bool:
    return ticket.open_from <= at < (ticket.closed_at or LATEST)


def counted_by(*scans: ScanRun) -> Q:
    """Intervals that one of the scans may have counted: also what was over by then, but nobody had told."""
    found = Q(pk=None)
    for scan in scans:
        ended = Q(closed_at=None) | Q(closed_at__gt=scan.at) | Q(closed_known_at__gt=scan.started_at)
        found |= Q(open_from__lte=scan.at) & ended
    return found


def counted(ticket: OpenInterval, scan: ScanRun) -> bool:
    """Whether the scan knew of the ticket, and nobody had told it that it was over."""
    if ticket.open_from > scan.at or (ticket.known_at and ticket.known_at > scan.started_at):
        return False
    was_told = ticket.closed_known_at is None or ticket.closed_known_at <= scan.started_at
    return ticket.closed_at is None or ticket.closed_at > scan.at or not was_told


def seen(ticket: OpenInterval) -> OpenTicket:
    """The ticket as the score sees it."""
    return OpenTicket(ticket.external_id, ticket.priority, ticket.created_at, ticket.source)


def signals(tickets: Iterable[OpenInterval], last_heartbeat: datetime | None, at: datetime) -> Signals:
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
