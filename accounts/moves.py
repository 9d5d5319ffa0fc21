"""What moved a score: the change between two moments as time passing, events and policy, which add up to it exactly.

Pure, like `scoring`. With signals S, policy P and instant t of the earlier (0) and the later moment (1), and the score f:
time is f(S0, P0, t1) - f(S0, P0, t0), events are f(S1, P0, t1) - f(S0, P0, t1), policy is f(S1, P1, t1) - f(S1, P0, t1).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, get_args

from accounts.load import Load
from accounts.projection import Step, steps
from accounts.scoring import OpenTicket, Policy, Scored, Signals, score

LAST = datetime.max.replace(tzinfo=UTC)
Kind = Literal["heartbeat", "resolved", "opened", "changed"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # in this order where two happen in one instant


@dataclass(frozen=True)
class Moment:
    """What a score was made of."""

    signals: Signals
    policy: Policy
    at: datetime

    def scored(self) -> Scored:
        return score(self.signals, self.policy, self.at)

    def known(self) -> Signals:
        """The signals without tickets that open only after the instant."""
        return self.signals.opened_by(self.at)


@dataclass(frozen=True)
class Event:
    """Something that happened between the moments, and its points after all that happened before it (`at` None: not known when)."""

    kind: Kind
    at: datetime | None
    points: int
    ticket: OpenTicket | None = None
    before: OpenTicket | None = None  # of a changed one, as it was


@dataclass(frozen=True)
class Move:
    before: Scored
    after: Scored
    time: tuple[Step, ...]
    events: tuple[Event, ...]
    policy_points: int

    @property
    def change(self) -> int:
        return self.after.score - self.before.score

    @property
    def time_points(self) -> int:
        return sum(step.change for step in self.time)

    @property
    def event_points(self) -> int:
        return sum(event.points for event in self.events)


def between(
    before: Moment, after: Moment, closed_at: Mapping[OpenTicket, datetime], open_from: Mapping[OpenTicket, datetime] | None = None
) -> Move:
    """The move from `before` to `after`, which must not be earlier. `closed_at`: when tickets that are gone were closed.

    `open_from`: since when tickets are open as they are, where that is not since they were opened: reopened, or changed.

    Costs at most 103 scores for time, and a sorting of the tickets that are in only one of the moments.
    """
    if after.at < before.at:
        raise ValueError("A move goes forward in time.")
    known, then = before.known(), after.known()
    return Move(
        before.scored(),
        after.scored(),
        steps(known, before.policy, before.at, after.at),
        tuple(weighed(happenings(known, then, closed_at, open_from or {}), known, Moment(then, before.policy, after.at))),
        after.scored().score - score(then, before.policy, after.at).score,
    )


def happenings(
    known: Signals, then: Signals, closed_at: Mapping[OpenTicket, datetime], open_from: Mapping[OpenTicket, datetime]
) -> list[Event]:
    """What turned the one into the other, in order of time, not weighed yet."""
    gone = sorted_tickets(Counter(known.tickets) - Counter(then.tickets))
    new = sorted_tickets(Counter(then.tickets) - Counter(known.tickets))
    events = []
    if known.last_heartbeat != then.last_heartbeat:
        events.append(Event("heartbeat", then.last_heartbeat, 0))
    again: dict[tuple[str, str], list[OpenTicket]] = defaultdict(list)
    for ticket in reversed(new):
        again[ticket.key].append(ticket)
    for ticket in gone:
        if same := again[ticket.key]:
            changed = same.pop()
            events.append(Event("changed", open_from.get(changed), 0, changed, ticket))
        else:
            events.append(Event("resolved", closed_at.get(ticket), 0, ticket))
    events += [Event("opened", open_from.get(ticket, ticket.created_at), 0, ticket) for same in again.values() for ticket in same]
    return sorted(events, key=order)


def sorted_tickets(found: Counter[OpenTicket]) -> list[OpenTicket]:
    return sorted(found.elements(), key=lambda ticket: (ticket.created_at, ticket.ticket_id, ticket.source, ticket.priority))


def order(event: Event) -> tuple[datetime, int, str]:
    return event.at or LAST, KINDS.index(event.kind), event.ticket.ticket_id if event.ticket else ""


def weighed(events: Iterable[Event], known: Signals, end: Moment) -> Iterator[Event]:
    """Each event with its points at the end's instant, applied one after the other."""
    load = Load.of(known, end.policy, end.at)
    for event in events:
        before = load.score
        if event.kind == "heartbeat":
            load = replace(load, silence=Load.of(Signals((), end.signals.last_heartbeat), end.policy, end.at).silence)
        for ticket in (event.before, event.ticket if event.kind == "resolved" else None):
            if ticket:
                load = load.changed(ticket, -1)
        if event.ticket and event.kind != "resolved":
            load = load.changed(event.ticket, 1)
        yield replace(event, points=load.score - before)
