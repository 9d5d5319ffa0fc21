"""The plan of the week: the fewest actions that avert the most of the Reds projected for the next seven days.

Averting a Red keeps an account out of it for the whole week if nothing else changes. A score only falls with time, so it is
enough that it is not Red at the week's end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Literal

from accounts import path, projection
from accounts.models import Tenant, Ticket
from accounts.models.profile import AccountQuerySet
from accounts.pages.portfolio import TURNS_SOON, end_of_day, turning_red
from accounts.path import Action
from accounts.scan import policy_at
from accounts.scoring import OpenTicket, Policy, Signals, score

MOST_ACCOUNTS = 500


@dataclass(frozen=True)
class Threat:
    """An account that turns Red within the week if nothing changes, and the fewest actions that keep it out of Red."""

    account_id: int
    arr: int
    score: int
    rag: Literal["Red", "Amber", "Green"]
    turns_red_at: datetime
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Line:
    """A threat as a row of the plan. `so_far` counts the actions up to and with this row."""

    threat: Threat
    name: str
    tier: str
    subjects: dict[OpenTicket, str]
    so_far: int

    @property
    def steps(self) -> list[tuple[OpenTicket | None, str]]:
        """The tickets to resolve with their subjects; None is the heartbeat to restore."""
        return [(action.ticket, self.subjects[action.ticket] if action.ticket else "") for action in self.threat.actions]


@dataclass(frozen=True)
class Plan:
    """`is_cut`: more accounts are projected to turn Red than a plan holds; those that turn first are in it."""

    at: datetime
    lines: list[Line]
    gone: int = 0  # projected at the last scan, and Red or mended by now
    is_cut: bool = False

    @property
    def actions(self) -> int:
        return sum(len(line.threat.actions) for line in self.lines)


def threat(account_id: int, arr: int, signals: Signals, policy: Policy, now: datetime, until: datetime) -> Threat | None:
    """None if the account is Red already, or does not turn Red by `until`. `signals` as they are expected to go on."""
    known = signals.opened_by(now)
    turns_red_at = projection.turns_red_at(known, policy, now, until)
    if turns_red_at is None:
        return None
    present = score(known, policy, now)
    actions = path.shortest(known, policy, until, policy.red_below)
    assert actions is not None  # without tickets and silence the score is 100, and no policy calls that Red
    return Threat(account_id, arr, present.score, present.rag, turns_red_at, actions)


def cheapest_first(threats: Iterable[Threat]) -> list[Threat]:
    """The order in which, for any number of actions, the most Reds are averted.

    Exact: every account counts once and its actions help no other, so for k actions no choice of accounts beats the cheapest
    ones. Ties go to the larger ARR, then to the sooner Red.
    """
    return sorted(threats, key=lambda found: (len(found.actions), -found.arr, found.turns_red_at, found.account_id))


def plan(accounts: AccountQuerySet, tenant: Tenant, at: datetime) -> Plan:
    """The plan for these accounts of the tenant: those the scan found to turn Red, looked at again as they are now. Three queries."""
    policy, within = policy_at(tenant, at).rules(), timedelta(hours=tenant.config.reporting_within_hours)
    until = end_of_day(tenant, TURNS_SOON, at) - projection.MICROSECOND
    projected = turning_red(accounts, tenant, TURNS_SOON, at).order_by("health__turns_red_at", "id")
    rows = list(projected.values_list("id", "name", "tier", "arr", "heartbeat__last_at")[: MOST_ACCOUNTS + 1])
    considered = {row[0]: row for row in rows[:MOST_ACCOUNTS]}
    tickets = Ticket.objects.live_of(considered)
    found = []
    for account_id, (_, _, _, arr, last_heartbeat) in considered.items():
        signals = Signals(tuple(ticket for ticket, _ in tickets[account_id]), last_heartbeat)
        if coming := threat(account_id, arr, projection.expected(signals, policy, at, within), policy, at, until):
            found.append(coming)
    ordered = cheapest_first(found)
    totals = accumulate(len(each.actions) for each in ordered)
    lines = [
        Line(each, considered[each.account_id][1], considered[each.account_id][2], dict(tickets[each.account_id]), so_far)
        for each, so_far in zip(ordered, totals, strict=True)
    ]
    return Plan(at, lines, len(considered) - len(lines), is_cut=len(rows) > MOST_ACCOUNTS)
