"""The rules of the score, one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.scoring import Deduction, OpenTicket, Policy, Scored, Signals, score
from tests.generated import MICROSECOND, policies

NOW = datetime(2025, 6, 4, 7, tzinfo=UTC)
DEFAULT = Policy()


def ticket(days: float, priority: int = 1, name: str = "T-1") -> OpenTicket:
    return OpenTicket(name, priority, NOW - timedelta(days=days))


def scored(*tickets: OpenTicket, silent_hours: float | None = None, policy: Policy = DEFAULT) -> Scored:
    heartbeat = None if silent_hours is None else NOW - timedelta(hours=silent_hours)
    return score(Signals(tickets, heartbeat), policy, NOW)


def fresh(count: int) -> list[OpenTicket]:
    return [ticket(1, priority=3, name=f"T-{number}") for number in range(count)]


def late(count: int) -> list[OpenTicket]:
    return [ticket(10 - number, name=f"L-{number}") for number in range(count)]


def test_an_account_without_signals_scores_100() -> None:
    found = scored()
    assert (found.score, found.rag, found.deductions) == (100, "Green", ())
    assert (found.oldest_p1_p2_age_days, found.hours_since_heartbeat) == (0.0, None)


def test_exactly_three_days_is_not_late_and_a_microsecond_more_is() -> None:
    at_the_limit = ticket(3)
    beyond = OpenTicket("T-1", 1, at_the_limit.created_at - MICROSECOND)
    assert (scored(at_the_limit).score, scored(beyond).score) == (100, 80)


@pytest.mark.parametrize(("priority", "expected"), [(1, 80), (2, 80), (3, 100), (4, 100)])
def test_only_late_p1_and_p2_cost_points(priority: int, expected: int) -> None:
    assert scored(ticket(30, priority)).score == expected


@pytest.mark.parametrize(("count", "expected"), [(1, 80), (2, 60), (3, 40), (4, 40)])
def test_late_tickets_cost_20_each_and_60_at_most(count: int, expected: int) -> None:
    assert scored(*late(count)).score == expected


@pytest.mark.parametrize(("count", "expected"), [(5, 100), (6, 95), (10, 75), (11, 75)])
def test_each_ticket_beyond_the_fifth_costs_5_and_all_of_them_25_at_most(count: int, expected: int) -> None:
    assert scored(*fresh(count)).score == expected


def test_exactly_72_hours_is_not_silent_and_exactly_144_not_very_silent() -> None:
    a_little = MICROSECOND / timedelta(hours=1)
    points = [scored(silent_hours=hours).silence_points for hours in (72, 72 + a_little, 144, 144 + a_little)]
    assert points == [0, 15, 15, 30]


def test_never_seen_is_not_monitored_rather_than_silent() -> None:
    assert scored(silent_hours=None).silence_points == 0


def test_a_heartbeat_ahead_of_the_clock_is_no_silence() -> None:
    assert scored(silent_hours=-2).hours_since_heartbeat == 0.0


def test_a_ticket_not_yet_opened_does_not_count() -> None:
    assert scored(ticket(-1)).total_open_tickets == 0
    assert scored(ticket(0)).total_open_tickets == 1


def test_the_score_never_falls_below_zero() -> None:
    found = scored(*late(4), *fresh(11), silent_hours=200)
    assert (found.score, found.rag) == (0, "Red")
    assert found.deductions[-1] == Deduction("floor", -15)


@pytest.mark.parametrize(("value", "rag"), [(39, "Red"), (40, "Amber"), (69, "Amber"), (70, "Green")])
def test_red_is_below_40_and_amber_below_70(value: int, rag: str) -> None:
    assert DEFAULT.rag(value) == rag


def test_the_signals_are_reported_in_days_and_hours() -> None:
    found = scored(ticket(4.5), ticket(1, priority=2), ticket(90, priority=3), silent_hours=1.5)
    assert (found.p1_p2_ticket_count, found.late_ticket_count, found.total_open_tickets) == (2, 1, 3)
    assert (found.oldest_p1_p2_age_days, found.hours_since_heartbeat) == (4.5, 1.5)


def test_each_deduction_names_the_tickets_behind_it_and_caps_are_shown_as_such() -> None:
    urgent, others = late(4), fresh(7)
    assert scored(*others, *reversed(urgent)).deductions == (
        *(Deduction("late_ticket", 20, (each,)) for each in urgent),
        Deduction("late_cap", -20),
        Deduction("volume", 30, (*others, *reversed(urgent))),
        Deduction("volume_cap", -5),
    )


def test_every_number_is_the_policys() -> None:
    strict = Policy(
        late_after_days=1,
        late_points=7,
        late_cap=8,
        free_tickets=1,
        volume_points=3,
        volume_cap=4,
        silent_after_hours=10,
        silent_points=1,
        very_silent_after_hours=20,
        very_silent_points=2,
        red_below=87,
        amber_below=88,
    )
    found = scored(*late(2), *fresh(2), silent_hours=21, policy=strict)
    assert (found.late_points, found.volume_points, found.silence_points) == (8, 4, 2)
    assert (found.score, found.rag) == (86, "Red")
    assert scored(silent_hours=11, policy=strict).silence_points == 1


tickets = st.builds(ticket, st.floats(-1, 40), st.integers(1, 4), st.uuids().map(str))


@given(st.lists(tickets, max_size=15), st.none() | st.floats(-10, 400), policies())
def test_the_points_always_add_up_to_what_is_missing_from_100(opened: list[OpenTicket], silent_hours: float | None, policy: Policy) -> None:
    found = scored(*opened, silent_hours=silent_hours, policy=policy)
    assert sum(deduction.points for deduction in found.deductions) == 100 - found.score
    assert 0 <= found.score <= 100
    assert found.late_points <= policy.late_cap
    assert found.volume_points <= policy.volume_cap
    named = [each for deduction in found.deductions if deduction.cause == "late_ticket" for each in deduction.tickets]
    assert len(named) == found.late_ticket_count


@given(st.lists(tickets, max_size=15), st.none() | st.floats(0, 400), policies())
def test_the_order_of_tickets_does_not_matter(opened: list[OpenTicket], silent_hours: float | None, policy: Policy) -> None:
    one, other = (scored(*each, silent_hours=silent_hours, policy=policy) for each in (opened, opened[::-1]))
    assert (one.score, one.rag, one.late_points, one.volume_points) == (other.score, other.rag, other.late_points, other.volume_points)
