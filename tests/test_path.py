"""The path to Green against brute force: every subset of the actions, scored by the scorer itself."""

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import path, projection
from accounts.path import RESTORE, Action, Gain
from accounts.scoring import OpenTicket, Policy, Signals, score
from tests import generated

AT = datetime(2026, 11, 24, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)
Case = tuple[Signals, Policy, datetime]


@st.composite
def cases(draw: st.DrawFn, most: int = 7) -> Case:
    """Signals with at most so many tickets and a heartbeat, under a policy, at an instant."""
    policy = draw(generated.policies())
    at = AT + timedelta(microseconds=draw(st.integers(0, 86_400_000_000)))
    signals = draw(generated.accounts(policy, at)).signals_now()
    return Signals(signals.tickets[:most], signals.last_heartbeat), policy, at


@st.composite
def chosen(draw: st.DrawFn, most: int = 12) -> tuple[Case, list[Action]]:
    """A case with any of its actions, in any order."""
    case = draw(cases(most))
    options = path.options(case[0], case[2])
    places = draw(st.lists(st.sampled_from(range(len(options))), unique=True)) if options else []
    return case, [options[place] for place in places]


def every_set(signals: Signals, at: datetime) -> chain[tuple[Action, ...]]:
    options = path.options(signals, at)
    return chain.from_iterable(combinations(options, size) for size in range(len(options) + 1))


def ticket(days: float, priority: int = 1, name: str = "T") -> OpenTicket:
    return OpenTicket(name, priority, AT - days * DAY)


def silent(*tickets: OpenTicket, hours: float) -> Signals:
    return Signals(tickets, AT - timedelta(hours=hours))


@given(cases())
def test_no_set_of_fewer_actions_reaches_green_and_none_as_short_reaches_higher(case: Case) -> None:
    signals, policy, at = case
    found = path.to_green(signals, policy, at)
    reached = [(len(actions), -score(path.after(signals, actions), policy, at).score) for actions in every_set(signals, at)]
    best = min((length, -negative) for length, negative in reached if -negative >= policy.amber_below)
    highest = max(-negative for length, negative in reached if length == best[0])
    assert found is not None
    assert (len(found.actions), found.score, found.rag) == (best[0], highest, "Green")


@given(cases(), st.integers(0, 14))
def test_what_keeps_an_account_out_of_red_until_later_is_the_fewest_there_is(case: Case, days: int) -> None:
    signals, policy, start = case
    signals = Signals(tuple(t for t in signals.tickets if t.created_at <= start), signals.last_heartbeat)
    until = start + days * DAY
    found = path.shortest(signals, policy, until, policy.red_below)

    def averts(actions: tuple[Action, ...]) -> bool:
        left = path.after(signals, actions)
        states = [score(left, policy, start).rag, *(step.rag for step in projection.steps(left, policy, start, until))]
        return "Red" not in states

    assert found is not None
    assert averts(found)
    assert not any(averts(actions) for actions in every_set(signals, start) if len(actions) < len(found))


@given(chosen())
def test_any_set_of_actions_scores_as_the_scorer_says_and_its_gains_add_up(picked: tuple[Case, list[Action]]) -> None:
    (signals, policy, at), actions = picked
    walked = path.walk(signals, policy, at, actions)
    now, then = score(signals, policy, at), score(path.after(signals, actions), policy, at)
    assert (walked.before, walked.score, walked.rag) == (now.score, then.score, then.rag)
    assert sum(gain.points for gain in walked.gains) == then.score - now.score
    assert [gain.action for gain in walked.gains] == actions
    assert all(bool(gain.idle) == (gain.points == 0) and gain.points >= 0 for gain in walked.gains)


@given(cases(12))
def test_walking_the_path_leads_where_the_path_says(case: Case) -> None:
    signals, policy, at = case
    found = path.to_green(signals, policy, at)
    assert found is not None
    assert path.walk(signals, policy, at, found.actions) == found
    order = path.options(signals, at)
    places = [order.index(action) for action in found.actions]
    assert places == sorted(places)


def test_a_green_account_has_nothing_to_do() -> None:
    found = path.to_green(Signals((ticket(5),)), Policy(), AT)
    assert found == path.Path(80, 80, "Green", ())


@pytest.mark.parametrize("least", [0, 100])
def test_resolving_everything_is_always_enough(least: int) -> None:
    signals = silent(*(ticket(days) for days in range(12)), hours=200)
    actions = path.shortest(signals, Policy(), AT, least)
    assert actions is not None
    assert score(path.after(signals, actions), Policy(), AT).score >= least
    assert path.shortest(signals, Policy(), AT, 101) is None


def test_the_oldest_urgent_ticket_goes_first_and_a_young_urgent_one_before_the_rest() -> None:
    oldest, late, young, old_p4 = ticket(9, 2, "A"), ticket(4, 1, "B"), ticket(1, 2, "C"), ticket(30, 4, "D")
    signals = silent(old_p4, young, late, oldest, hours=1)
    assert path.options(signals, AT) == (Action(oldest), Action(late), Action(young), RESTORE, Action(old_p4))


def test_a_tie_goes_to_the_higher_score() -> None:
    # Resolving the one late ticket brings 20, the heartbeat 30; either is enough for Amber to become Green.
    signals = silent(ticket(4), hours=200)
    policy = Policy(amber_below=60)
    found = path.to_green(signals, policy, AT)
    assert found is not None
    assert found == path.Path(50, 80, "Green", (Gain(RESTORE, 30),))


def test_a_cap_makes_the_first_actions_bring_nothing_and_says_so() -> None:
    signals = Signals(tuple(ticket(10 - place, name=f"T-{place}") for place in range(5)))
    found = path.to_green(signals, Policy(), AT)
    assert found is not None
    assert [(gain.action.ticket and gain.action.ticket.ticket_id, gain.points, gain.idle) for gain in found.gains] == [
        ("T-0", 0, "late_cap"),
        ("T-1", 0, "late_cap"),
        ("T-2", 20, ""),
        ("T-3", 20, ""),
    ]


def test_why_an_action_brings_nothing_is_told_apart() -> None:
    crowd = [ticket(1, 4, f"P4-{place}") for place in range(12)]
    late = [ticket(5, 1, f"P1-{place}") for place in range(3)]
    first = crowd[0]
    assert path.walk(Signals(tuple(crowd)), Policy(), AT, [Action(first)]).gains[0].idle == "volume_cap"
    assert path.walk(Signals(tuple(crowd[:3])), Policy(), AT, [Action(first)]).gains[0].idle == "free"
    assert path.walk(silent(hours=5), Policy(), AT, [RESTORE]).gains[0].idle == "free"
    sunk = silent(*crowd, *late, hours=200)
    assert path.walk(sunk, Policy(very_silent_points=100), AT, [Action(late[0])]).gains[0].idle == "floor"


def test_of_two_equal_tickets_one_resolved_leaves_the_other() -> None:
    signals = Signals((ticket(5), ticket(5)))
    assert path.after(signals, [Action(ticket(5))]) == Signals((ticket(5),))
