"""The shortest way to a better score, and what any set of actions would bring. Pure, like `scoring`.

An action resolves a ticket or restores the heartbeat. Caps and the floor make the gains of single actions not add up, so a path
is weighed as a whole; the gains along it are marginal, each after those before it, and add up to its change.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Literal

from accounts.load import Load
from accounts.scoring import URGENT, OpenTicket, Policy, Signals


@dataclass(frozen=True)
class Action:
    """Resolving a ticket; without one, restoring the heartbeat, so that it reports again and goes on reporting."""

    ticket: OpenTicket | None = None


RESTORE = Action()

# Why an action brings nothing where it stands: a cap or the floor still holds the score, or it costs nothing now.
Idle = Literal["", "late_cap", "volume_cap", "floor", "free"]


@dataclass(frozen=True)
class Gain:
    """What an action brings after those before it, in points; `idle` says why it brings none."""

    action: Action
    points: int
    idle: Idle = ""


@dataclass(frozen=True)
class Path:
    """Actions in their order: the score without any of them, the score after all, and what each brings."""

    before: int
    score: int
    rag: Literal["Red", "Amber", "Green"]
    gains: tuple[Gain, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(gain.action for gain in self.gains)


def without(load: Load, action: Action) -> Load:
    return load.changed(action.ticket, -1) if action.ticket else replace(load, silence=0)


def gain(load: Load, action: Action) -> Gain:
    """What the action would bring next."""
    left = without(load, action)
    points = left.score - load.score
    return Gain(action, points, "" if points else idle(load, left))


def idle(load: Load, left: Load) -> Idle:
    if left.points < load.points:
        return "floor"
    if left.late < load.late and load.policy.late_points:
        return "late_cap"
    is_beyond = left.open < load.open and load.open > load.policy.free_tickets
    return "volume_cap" if is_beyond and load.policy.volume_points else "free"


def options(signals: Signals, at: datetime) -> tuple[Action, ...]:
    """Every action there is, in the order in which paths take them: urgent tickets, the heartbeat, then the other tickets.

    The oldest urgent ticket comes first: the late ones lead, and behind them those that are next to become late.
    """
    tickets = in_order(signals, at)
    urgent = [action for action in tickets if action.ticket and action.ticket.priority <= URGENT]
    heartbeat = [RESTORE] if signals.last_heartbeat is not None else []
    return (*urgent, *heartbeat, *tickets[len(urgent) :])


def in_order(signals: Signals, at: datetime) -> list[Action]:
    def rank(ticket: OpenTicket) -> tuple[int, datetime, str]:
        return (max(ticket.priority, URGENT), ticket.created_at, ticket.ticket_id)

    return [Action(ticket) for ticket in sorted(signals.tickets, key=rank) if ticket.created_at <= at]


def after(signals: Signals, actions: Iterable[Action]) -> Signals:
    """What is left once the actions are done. A heartbeat that reports again costs nothing, like one never seen."""
    taken = Counter(action.ticket for action in actions)
    kept = []
    for ticket in signals.tickets:
        if taken[ticket]:
            taken[ticket] -= 1
        else:
            kept.append(ticket)
    return Signals(tuple(kept), None if taken[None] else signals.last_heartbeat)


def walk(signals: Signals, policy: Policy, at: datetime, actions: Iterable[Action]) -> Path:
    """What these actions, each possible and none twice, bring one after the other."""
    load = first = Load.of(signals, policy, at)
    gains = []
    for action in actions:
        gains.append(gain(load, action))
        load = without(load, action)
    return Path(first.score, load.score, policy.rag(load.score), tuple(gains))


def shortest(signals: Signals, policy: Policy, at: datetime, least: int) -> tuple[Action, ...] | None:
    """The fewest actions after which the score at `at` is at least so much; None if all of them are not enough.

    Exact: the score depends only on how many late and how many other tickets remain and on the silence. For any number of
    tickets it is best to take late ones first (each lightens both counts), so all sets of n tickets come down to one, with
    the heartbeat or without: two walks down the sorted tickets, O(n log n). Of equally short ways the one with the higher
    score is taken, then the one that leaves the heartbeat.
    """
    tickets, start = in_order(signals, at), Load.of(signals, policy, at)
    ways = []
    for heartbeat in ([], [RESTORE]) if signals.last_heartbeat is not None else ([],):
        loads = accumulate(tickets, without, initial=without(start, RESTORE) if heartbeat else start)
        enough = next(((count, load.score) for count, load in enumerate(loads) if load.score >= least), None)
        if enough is not None:
            count, reached = enough
            ways.append((count + len(heartbeat), -reached, heartbeat + tickets[:count]))
    if not ways:
        return None
    _, _, chosen = min(ways, key=lambda way: way[:2])
    return tuple(sorted(chosen, key=place))


def place(action: Action) -> int:
    """Where an action stands in the order of `options`."""
    return 1 if action.ticket is None else 0 if action.ticket.priority <= URGENT else 2


def to_green(signals: Signals, policy: Policy, at: datetime) -> Path | None:
    """The fewest actions that make the account Green at `at`, none if it is; None if nothing would."""
    actions = shortest(signals, policy, at, policy.amber_below)
    return None if actions is None else walk(signals, policy, at, actions)
