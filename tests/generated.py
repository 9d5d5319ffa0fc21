"""Hypothesis strategies: policies, and portfolios whose instants lie on and around every limit of a policy."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeAlias

from hypothesis import strategies as st

from accounts.scoring import OpenTicket, Policy, Signals

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


# Strategies stand here rather than where they are drawn from: Hypothesis checks each one that is made, which takes longer than drawing.
STEPS = (-MICROSECOND, timedelta(), MICROSECOND)
ANYWHERE = st.integers(-2 * 86_400_000_000, 800 * 86_400_000_000).map(lambda us: timedelta(microseconds=us))
DAYS = st.floats(0, 30).map(lambda days: timedelta(days=days))
POINTS = st.integers(0, 40) | st.just(32_767)
Span: TypeAlias = tuple[int, timedelta]  # which limit, and how far from it; -1 is none


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that the database accepts; often the default."""
    if draw(st.booleans()):
        return Policy()
    silent_after = draw(st.integers(0, 200))
    very_silent_points = draw(POINTS)
    red_below = draw(st.integers(1, 99))
    return Policy(
        late_after_days=draw(st.integers(0, 30)),
        late_points=draw(POINTS),
        late_cap=draw(POINTS),
        free_tickets=draw(st.integers(0, 8)),
        volume_points=draw(POINTS),
        volume_cap=draw(POINTS),
        silent_after_hours=silent_after,
        silent_points=draw(st.integers(0, very_silent_points)),
        very_silent_after_hours=silent_after + draw(st.integers(1, 200)),
        very_silent_points=very_silent_points,
        red_below=red_below,
        amber_below=draw(st.integers(red_below + 1, 100)),
    )


@cache
def near(limits: int) -> st.SearchStrategy[Span]:
    """Near one of so many limits, or anywhere."""
    around = [st.sampled_from([(limit, step) for step in STEPS]) for limit in range(limits)]
    return st.one_of(*around, *(each.map(lambda span: (-1, span)) for each in (ANYWHERE, DAYS)))


def resolved(span: Span, *limits: timedelta) -> timedelta:
    limit, step = span
    return step if limit < 0 else limits[limit] + step


def spans(*limits: timedelta) -> st.SearchStrategy[timedelta]:
    """How long before the instant something happened: near a limit, or anywhere; negative is after it."""
    return near(len(limits)).map(lambda span: resolved(span, *limits))


@dataclass(frozen=True)
class GeneratedTicket:
    name: str
    priority: int
    status: str
    created_at: datetime
    closed_at: datetime | None

    @property
    def seen(self) -> OpenTicket:
        return OpenTicket(self.name, self.priority, self.created_at)

    def is_live(self) -> bool:
        return self.closed_at is None

    def was_open(self, at: datetime) -> bool:
        return self.created_at <= at and (self.closed_at is None or self.closed_at > at)


@dataclass(frozen=True)
class GeneratedAccount:
    tickets: tuple[GeneratedTicket, ...]
    last_heartbeat: datetime | None
    days: tuple[tuple[datetime, datetime], ...]  # first and last heartbeat of each UTC date that had one

    def signals_now(self) -> Signals:
        return Signals(tuple(ticket.seen for ticket in self.tickets if ticket.is_live()), self.last_heartbeat)

    def signals_at(self, at: datetime) -> Signals:
        """As they were at a past instant, as far as the days' first and last heartbeats tell."""
        known = [heartbeat for day in self.days for heartbeat in day if heartbeat <= at]
        return Signals(tuple(ticket.seen for ticket in self.tickets if ticket.was_open(at)), max(known, default=None))


@dataclass(frozen=True)
class Portfolio:
    policy: Policy
    at: datetime
    accounts: tuple[GeneratedAccount, ...]


RawTicket: TypeAlias = tuple[Span, str, Span, int]
RawAccount: TypeAlias = tuple[list[Span], list[RawTicket]]
STATUS = st.sampled_from(["open", "pending", "open", "open", "resolved", "closed"])
RAW_TICKETS = st.lists(st.tuples(near(2), STATUS, near(1), st.sampled_from([1, 2, 1, 3, 4])), max_size=12)
RAW_ACCOUNT: st.SearchStrategy[RawAccount] = st.tuples(st.lists(near(3), max_size=5), RAW_TICKETS)
RAW_ACCOUNTS = st.lists(RAW_ACCOUNT, min_size=1, max_size=12)


def ticket_of(raw: RawTicket, policy: Policy, at: datetime) -> GeneratedTicket:
    opened, status, closed, priority = raw
    created_at = at - resolved(opened, timedelta(days=policy.late_after_days), timedelta())
    is_over = status in ("resolved", "closed")
    return GeneratedTicket("T", priority, status, created_at, max(created_at, at - resolved(closed, timedelta())) if is_over else None)


def account_of(raw: RawAccount, policy: Policy, at: datetime) -> GeneratedAccount:
    limits = [policy.silent_after_hours * HOUR, policy.very_silent_after_hours * HOUR, timedelta()]
    heartbeats = [at - resolved(span, *limits) for span in raw[0]]
    by_date: dict[object, list[datetime]] = {}
    for heartbeat in heartbeats:
        by_date.setdefault(heartbeat.date(), []).append(heartbeat)
    return GeneratedAccount(
        tuple(ticket_of(ticket, policy, at) for ticket in raw[1]),
        max(heartbeats, default=None),
        tuple((min(day), max(day)) for day in by_date.values()),
    )


def accounts(policy: Policy, at: datetime) -> st.SearchStrategy[GeneratedAccount]:
    return RAW_ACCOUNT.map(lambda raw: account_of(raw, policy, at))


INSTANT = st.integers(0, 365 * 86_400_000_000).map(lambda us: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """Up to a dozen accounts around an instant of any microsecond in 2020."""
    policy, at = draw(policies()), draw(INSTANT)
    return Portfolio(policy, at, tuple(account_of(raw, policy, at) for raw in draw(RAW_ACCOUNTS)))
