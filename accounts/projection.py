"""What comes if nothing changes: ages and silence grow by themselves, so the score is a known step function of time.

Pure, like `scoring`; `accounts.scan_sql` works out the next change of state for whole portfolios, from the signals as they are
`expected` to go on, and a property test holds the two equal. Only an event makes a score better, so every step goes down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Literal

from accounts.scoring import URGENT, OpenTicket, Policy, Signals, most_that_count, score

AHEAD_DAYS = 14  # how far charts and what-if look
MICROSECOND = timedelta(microseconds=1)  # a limit is passed, not reached: the first instant after it


@dataclass(frozen=True)
class Cause:
    """A ticket that becomes late, or a heartbeat that has been silent for too long (`hours` of silence)."""

    kind: Literal["late_ticket", "silence"]
    ticket: OpenTicket | None = None
    hours: int = 0

    def in_words(self, policy: Policy) -> str:
        """“JIRA-1042 passes 3 d”, “silent 72 h”."""
        return f"{self.ticket.ticket_id} passes {policy.late_after_days} d" if self.ticket else f"silent {self.hours} h"


@dataclass(frozen=True)
class Step:
    """From `at` on the score is `score`; `change` points (negative) from the score before."""

    at: datetime
    score: int
    rag: Literal["Red", "Amber", "Green"]
    change: int
    causes: tuple[Cause, ...]


def expected(signals: Signals, policy: Policy, at: datetime, reporting_within: timedelta) -> Signals:
    """The signals as they will go on if nobody does anything: a heartbeat that reports goes on reporting.

    It reports if its last one came less than `reporting_within` before `at`, and costs nothing. Without this nearly every account that is
    not in best health would be projected Red in six days, by a silence that nothing points to.
    """
    if signals.last_heartbeat is None or signals.last_heartbeat <= reporting_since(policy, at, reporting_within):
        return signals
    return Signals(signals.tickets)


def reporting_since(policy: Policy, at: datetime, reporting_within: timedelta) -> datetime:
    return at.astimezone(UTC) - min(reporting_within, timedelta(hours=policy.silent_after_hours))


def steps(signals: Signals, policy: Policy, start: datetime, until: datetime) -> tuple[Step, ...]:
    """Every change of the score after `start`, up to and including `until`, if nothing but time passes.

    Tickets that open after `start` are events, not the passing of time: they are left out. Costs at most 103 scores.
    """
    known = signals.opened_by(start)
    before = score(known, policy, start).score
    found = []
    for at, group in groupby(limits(known, policy, start, until), key=lambda limit: limit[0]):
        after = score(known, policy, at)
        if after.score != before:
            found.append(Step(at, after.score, after.rag, after.score - before, tuple(cause for _, cause in group)))
            before = after.score
    return tuple(found)


def limits(signals: Signals, policy: Policy, start: datetime, until: datetime) -> Iterator[tuple[datetime, Cause]]:
    """The instants at which a limit is passed, in order, each with what passes it."""
    urgent = sorted((t for t in signals.tickets if t.priority <= URGENT), key=lambda t: (t.created_at, t.ticket_id, t.source))
    passed = [
        (ticket.created_at + timedelta(days=policy.late_after_days) + MICROSECOND, Cause("late_ticket", ticket))
        for ticket in urgent[: most_that_count(policy.late_cap, policy.late_points)]
    ]
    if signals.last_heartbeat is not None:
        passed += [
            (signals.last_heartbeat + timedelta(hours=hours) + MICROSECOND, Cause("silence", hours=hours))
            for hours in (policy.silent_after_hours, policy.very_silent_after_hours)
        ]
    within = ((at, cause) for at, cause in passed if start < at <= until)
    yield from sorted(within, key=lambda limit: (limit[0], limit[1].ticket.ticket_id if limit[1].ticket else ""))


def turns_red_at(signals: Signals, policy: Policy, start: datetime, until: datetime) -> datetime | None:
    """When the account comes to Red; None if it is Red already, or does not by then."""
    if score(signals, policy, start).rag == "Red":
        return None
    return next((step.at for step in steps(signals, policy, start, until) if step.rag == "Red"), None)


def next_rag(signals: Signals, policy: Policy, start: datetime, until: datetime) -> Step | None:
    """The first step into another state; None if there is none by then."""
    state = score(signals, policy, start).rag
    return next((step for step in steps(signals, policy, start, until) if step.rag != state), None)


def turn(steps: Sequence[Step], rag: str) -> Step | None:
    """Of the steps from the state `rag`: the one to Red; where none leads there, the first into another state."""
    worse = [step for step in steps if step.rag != rag]
    return next((step for step in worse if step.rag == "Red"), worse[0] if worse else None)
