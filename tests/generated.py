"""Hypothesis strategies: policies, and portfolios whose instants lie on and around every limit of a policy."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from accounts.scoring import OpenTicket, Policy, Signals

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that the database accepts; often the default."""
    if draw(st.booleans()):
        return Policy()
    points = st.integers(0, 40) | st.just(32_767)
    silent_after = draw(st.integers(0, 200))
    very_silent_points = draw(points)
    red_below = draw(st.integers(1, 99))
    return Policy(
        late_after_days=draw(st.integers(0, 30)),
        late_points=draw(points),
        late_cap=draw(points),
        free_tickets=draw(st.integers(0, 8)),
        volume_points=draw(points),
        volume_cap=draw(points),
        silent_after_hours=silent_after,
        silent_points=draw(st.integers(0, very_silent_points)),
        very_silent_after_hours=silent_after + draw(st.integers(1, 200)),
        very_silent_points=very_silent_points,
        red_below=red_below,
        amber_below=draw(st.integers(red_below + 1, 100)),
    )


def around(limit: timedelta) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([limit - MICROSECOND, limit, limit + MICROSECOND])


def spans(*limits: timedelta) -> st.SearchStrategy[timedelta]:
    """How long before the instant something happened: near a limit, or anywhere; negative is after it."""
    anywhere = st.integers(-2 * 86_400_000_000, 800 * 86_400_000_000).map(lambda us: timedelta(microseconds=us))
    return st.one_of(*map(around, limits), anywhere, st.floats(0, 30).map(lambda days: timedelta(days=days)))


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


@st.composite
def tickets(draw: st.DrawFn, policy: Policy, at: datetime) -> GeneratedTicket:
    created_at = at - draw(spans(timedelta(days=policy.late_after_days), timedelta()))
    status = draw(st.sampled_from(["open", "pending", "open", "open", "resolved", "closed"]))
    closed_at = None
    if status in ("resolved", "closed"):
        closed_at = max(created_at, at - draw(spans(timedelta())))
    return GeneratedTicket("T", draw(st.sampled_from([1, 2, 1, 3, 4])), status, created_at, closed_at)


@st.composite
def accounts(draw: st.DrawFn, policy: Policy, at: datetime) -> GeneratedAccount:
    limits = [policy.silent_after_hours * HOUR, policy.very_silent_after_hours * HOUR, timedelta()]
    heartbeats = [at - span for span in draw(st.lists(spans(*limits), max_size=5))]
    by_date: dict[object, list[datetime]] = {}
    for heartbeat in heartbeats:
        by_date.setdefault(heartbeat.date(), []).append(heartbeat)
    return GeneratedAccount(
        tuple(draw(st.lists(tickets(policy, at), max_size=12))),
        max(heartbeats, default=None),
        tuple((min(day), max(day)) for day in by_date.values()),
    )


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """Up to a dozen accounts around an instant of any microsecond in 2020."""
    policy = draw(policies())
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw(st.integers(0, 365 * 86_400_000_000)))
    return Portfolio(policy, at, tuple(draw(st.lists(accounts(policy, at), min_size=1, max_size=12))))
