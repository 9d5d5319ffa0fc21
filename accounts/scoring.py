"""The health score: a pure function of the signals, a policy and an instant.

`accounts.scan_sql` says the same in SQL for whole portfolios; a property test holds the two equal, field by field.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

URGENT = 2  # P1 and P2
NOTABLE = 10  # points within one state that matter: they reopen an escalation, are told in the rail, and prove an opinion right

Cause = Literal["late_ticket", "late_cap", "volume", "volume_cap", "silence", "floor"]


class Policy(BaseModel):
    """The numbers of the score. Defaults: version 1 of the specification's section 3."""

    model_config = ConfigDict(frozen=True)

    late_after_days: int = 3
    late_points: int = 20
    late_cap: int = 60
    free_tickets: int = 5
    volume_points: int = 5
    volume_cap: int = 25
    silent_after_hours: int = 72
    silent_points: int = 15
    very_silent_after_hours: int = 144
    very_silent_points: int = 30
    red_below: int = 40
    amber_below: int = 70

    def rag(self, score: int) -> Literal["Red", "Amber", "Green"]:
        return "Red" if score < self.red_below else "Amber" if score < self.amber_below else "Green"


@dataclass(frozen=True)
class OpenTicket:
    """A ticket as the score sees it. Two ticket systems may use the same id, so its source belongs to its identity."""

    ticket_id: str
    priority: int
    created_at: datetime
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.ticket_id


@dataclass(frozen=True)
class Signals:
    """What is known of an account at an instant: its open and pending tickets, and its last heartbeat (None: never seen)."""

    tickets: tuple[OpenTicket, ...] = ()
    last_heartbeat: datetime | None = None

    def opened_by(self, at: datetime) -> "Signals":
        """Without tickets that open only after `at`."""
        return Signals(tuple(ticket for ticket in self.tickets if ticket.created_at <= at), self.last_heartbeat)


@dataclass(frozen=True)
class Deduction:
    """Points taken (positive) or given back by a cap or the floor (negative), and the tickets behind them."""

    cause: Cause
    points: int
    tickets: tuple[OpenTicket, ...] = ()


@dataclass(frozen=True)
class Scored:
    """A score with its reasons. The points of the deductions add up to 100 - score. Ages in days, silence in hours."""

    score: int
    rag: Literal["Red", "Amber", "Green"]
    p1_p2_ticket_count: int
    late_ticket_count: int
    oldest_p1_p2_age_days: float
    total_open_tickets: int
    hours_since_heartbeat: float | None
    deductions: tuple[Deduction, ...]

    def points(self, *causes: Cause) -> int:
        return sum(deduction.points for deduction in self.deductions if deduction.cause in causes)

    @property
    def late_points(self) -> int:
        return self.points("late_ticket", "late_cap")

    @property
    def volume_points(self) -> int:
        return self.points("volume", "volume_cap")

    @property
    def silence_points(self) -> int:
        return self.points("silence")


def score(signals: Signals, policy: Policy, at: datetime) -> Scored:
    """The score at `at`. Tickets not yet opened at that instant do not count."""
    at = at.astimezone(UTC)
    tickets = signals.opened_by(at).tickets
    urgent = [ticket for ticket in tickets if ticket.priority <= URGENT]
    since = late_since(policy, at)
    late = sorted((t for t in urgent if t.created_at < since), key=lambda t: (t.created_at, t.ticket_id, t.source))
    silence = None if signals.last_heartbeat is None else max(0.0, seconds(at - signals.last_heartbeat) / 3600)
    deductions = [
        *late_deductions(late, policy),
        *volume_deductions(tickets, policy),
        *silence_deductions(silence, policy),
    ]
    value = 100 - sum(deduction.points for deduction in deductions)
    if value < 0:
        deductions.append(Deduction("floor", value))
        value = 0
    return Scored(
        score=value,
        rag=policy.rag(value),
        p1_p2_ticket_count=len(urgent),
        late_ticket_count=len(late),
        oldest_p1_p2_age_days=seconds(at - min(t.created_at for t in urgent)) / 86400 if urgent else 0.0,
        total_open_tickets=len(tickets),
        hours_since_heartbeat=silence,
        deductions=tuple(deductions),
    )


def late_since(policy: Policy, at: datetime) -> datetime:
    """Urgent tickets opened before this are late at `at`. Days have 24 hours, whatever the clocks of a time zone do."""
    return at.astimezone(UTC) - timedelta(days=policy.late_after_days)


def seconds(span: timedelta) -> float:
    """Seconds as PostgreSQL's `date_part('epoch', interval)` rounds them: time of day first, then the days."""
    return (span.seconds * 1_000_000 + span.microseconds) / 1_000_000 + span.days * 86_400.0


def most_that_count(cap: int, points: int) -> int:
    """So many at `points` each cost all that they can: up to their cap, or to the score's floor."""
    return -(-min(cap, 100) // points) if points else 0


def late_deductions(late: Iterable[OpenTicket], policy: Policy) -> Iterable[Deduction]:
    taken = 0
    for ticket in late:
        taken += policy.late_points
        yield Deduction("late_ticket", policy.late_points, (ticket,))
    if taken > policy.late_cap:
        yield Deduction("late_cap", policy.late_cap - taken)


def volume_deductions(tickets: tuple[OpenTicket, ...], policy: Policy) -> Iterable[Deduction]:
    beyond = len(tickets) - policy.free_tickets
    if beyond > 0:
        taken = beyond * policy.volume_points
        yield Deduction("volume", taken, tickets)
        if taken > policy.volume_cap:
            yield Deduction("volume_cap", policy.volume_cap - taken)


def silence_deductions(hours: float | None, policy: Policy) -> Iterable[Deduction]:
    if hours is None:
        return
    if hours > policy.very_silent_after_hours:
        yield Deduction("silence", policy.very_silent_points)
    elif hours > policy.silent_after_hours:
        yield Deduction("silence", policy.silent_points)
