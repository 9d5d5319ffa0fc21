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
STATUS = ("open", "pending", "open", "open", "resolved", "closed")
PRIORITIES = (1, 2, 1, 3, 4)
MOST_BEATS, MOST_TICKETS = 5, 12


class Figures:
    """Reads figures from bytes, which Hypothesis draws at once: a draw for each figure takes longer than what is tested with them."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def below(self, limit: int, size: int = 1) -> int:
        self.place += size
        return int.from_bytes(self.content[self.place - size : self.place], "big") % limit

    def span(self, limits: int) -> Span:
        """Near one of so many limits, or anywhere, as `near`; of what lies anywhere, a microsecond away is as likely as years."""
        limit = self.below(limits + 2)
        if limit < limits:
            return limit, STEPS[self.below(len(STEPS))]
        if limit == limits:
            return -1, self.below(31) * DAY if self.below(2) else self.below(30 * DAY // MICROSECOND, 6) * MICROSECOND
        far = self.below(2**56, 7) >> self.below(56)
        return -1, far % (800 * DAY // MICROSECOND) * MICROSECOND if self.below(4) else -(far % (2 * DAY // MICROSECOND)) * MICROSECOND

    def ticket(self) -> RawTicket:
        status, priority = STATUS[self.below(len(STATUS))], PRIORITIES[self.below(len(PRIORITIES))]
        return self.span(2), status, self.span(1), priority

    def account(self) -> RawAccount:
        beats = [self.span(3) for _ in range(self.below(MOST_BEATS + 1))]
        return beats, [self.ticket() for _ in range(self.below(MOST_TICKETS + 1))]


SIZE = 2 + 10 * MOST_BEATS + 22 * MOST_TICKETS  # bytes: a span takes ten at most, a ticket two of them
RAW_ACCOUNT: st.SearchStrategy[RawAccount] = st.binary(min_size=SIZE, max_size=SIZE).map(lambda content: Figures(content).account())
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
