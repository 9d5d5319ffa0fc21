"""What moved a score: time, events and policy, which always add up to the change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.moves import Moment, Move, between
from accounts.scoring import OpenTicket, Policy, Signals, score
from tests.generated import DAY, MICROSECOND, GeneratedAccount, accounts, policies, spans

NOW = datetime(2025, 6, 4, 7, tzinfo=UTC)
DEFAULT = Policy()
many = settings(max_examples=200, deadline=None)


@st.composite
def generated(draw: st.DrawFn) -> tuple[GeneratedAccount, Moment, Moment]:
    """An account at two moments, each with a policy of its own or the same; the earlier one first."""
    policy = draw(policies())
    account = draw(accounts(policy, NOW))
    first, last = sorted([NOW - draw(spans(DAY, timedelta())), NOW])
    then = draw(st.just(policy) | policies())
    return account, Moment(account.signals_at(first), policy, first), Moment(account.signals_at(last), then, last)


def closed(account: GeneratedAccount) -> dict[OpenTicket, datetime]:
    return {ticket.seen: ticket.closed_at for ticket in account.tickets if ticket.closed_at}


@many
@given(generated())
def test_time_events_and_policy_add_up_to_the_change_and_are_what_they_are_defined_as(
    case: tuple[GeneratedAccount, Moment, Moment],
) -> None:
    account, before, after = case
    move = between(before, after, closed(account))
    waited = score(before.signals, before.policy, after.at).score
    happened = score(after.signals, before.policy, after.at).score
    assert (move.before, move.after) == (before.scored(), after.scored())
    assert move.time_points == waited - move.before.score
    assert move.event_points == happened - waited
    assert move.policy_points == move.after.score - happened
    assert move.time_points + move.event_points + move.policy_points == move.change


@many
@given(generated())
def test_what_stays_the_same_moves_nothing(case: tuple[GeneratedAccount, Moment, Moment]) -> None:
    _, before, after = case
    waited = between(before, Moment(before.signals, before.policy, after.at), {})
    assert (waited.events, waited.policy_points, waited.time_points) == ((), 0, waited.change)
    at_once = between(Moment(after.signals, before.policy, after.at), after, {})
    assert (at_once.time, at_once.events, at_once.policy_points) == ((), (), at_once.change)


@many
@given(generated())
def test_events_are_told_in_the_order_in_which_they_happened(case: tuple[GeneratedAccount, Moment, Moment]) -> None:
    account, before, after = case
    move = between(before, after, closed(account))
    known = [event.at for event in move.events if event.at]
    assert known == sorted(known)
    assert [event.at is None for event in move.events] == sorted(event.at is None for event in move.events)


def ticket(name: str, days: float, priority: int = 1) -> OpenTicket:
    """Opened so many days before NOW."""
    return OpenTicket(name, priority, NOW - timedelta(days=days))


def over_a_week(before: tuple[OpenTicket, ...], after: tuple[OpenTicket, ...], beats: tuple[float, float], **gone: float) -> Move:
    """The last seven days; heartbeats and closings in days before NOW."""
    heartbeats = [NOW - timedelta(days=days) for days in beats]
    start = Moment(Signals(before, heartbeats[0]), DEFAULT, NOW - 7 * DAY)
    return between(
        start, Moment(Signals(after, heartbeats[1]), DEFAULT, NOW), {t: NOW - timedelta(days=gone[t.ticket_id]) for t in before if t.ticket_id in gone}
    )  # fmt: skip


def test_each_limit_that_passes_is_a_line_of_time() -> None:
    aging = ticket("A", 8)
    move = over_a_week((aging,), (aging,), (8, 8))
    told = [(step.at, step.change, [cause.kind for cause in step.causes]) for step in move.time]
    assert told == [
        (aging.created_at + 3 * DAY + MICROSECOND, -35, ["silence", "late_ticket"]),
        (NOW - 2 * DAY + MICROSECOND, -15, ["silence"]),
    ]
    assert (move.events, move.change) == ((), -50)


def test_each_event_is_weighed_after_those_before_it() -> None:
    old, resolved, new = ticket("old", 20), ticket("gone", 20, priority=2), ticket("new", 5)
    move = over_a_week((old, resolved), (old, new), (8, 0.5), gone=6)
    assert [(event.kind, event.ticket and event.ticket.ticket_id, event.points) for event in move.events] == [
        ("resolved", "gone", 20),
        ("opened", "new", -20),
        ("heartbeat", None, 30),
    ]
    assert move.time_points == -30


def test_a_ticket_that_opened_and_closed_in_between_is_no_event() -> None:
    assert over_a_week((), (), (7, 7)).events == ()


def test_a_ticket_with_another_priority_is_one_change_not_two_events() -> None:
    low, high = ticket("T", 20, priority=3), ticket("T", 20, priority=1)
    (event,) = over_a_week((low,), (high,), (8, 8)).events
    assert (event.kind, event.at, event.points, event.ticket, event.before) == ("changed", None, -20, high, low)


def test_a_cap_makes_the_resolving_of_one_of_many_worth_nothing() -> None:
    tickets = tuple(ticket(f"T-{number}", 20 - number) for number in range(4))
    move = over_a_week(tickets, tickets[2:], (7, 7), **{"T-0": 3, "T-1": 2})
    assert [event.points for event in move.events] == [0, 20]


def test_another_policy_is_the_third_part() -> None:
    signals = Signals((ticket("T", 20),))
    stricter = Policy(late_points=50)
    move = between(Moment(signals, DEFAULT, NOW - DAY), Moment(signals, stricter, NOW), {})
    assert (move.time, move.events, move.policy_points, move.change) == ((), (), -30, -30)


def test_a_move_does_not_go_back_in_time() -> None:
    moment = Moment(Signals(), DEFAULT, NOW)
    with pytest.raises(ValueError, match="forward"):
        between(moment, Moment(Signals(), DEFAULT, NOW - DAY), {})
