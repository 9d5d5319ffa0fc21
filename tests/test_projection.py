"""What comes if nothing changes: the steps, and the scan's next change of state, which is the same said in SQL."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import scan
from accounts.models import AccountHealth, Forecast
from accounts.projection import MICROSECOND, Cause, expected, next_rag, steps, turns_red_at
from accounts.scoring import OpenTicket, Policy, Signals, score
from tests.generated import GeneratedAccount, Portfolio, policies, portfolios
from tests.generated import accounts as generated_accounts
from tests.stored import many, stored

NOW = datetime(2026, 11, 24, 9, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOREVER = timedelta(days=365 * 120)
pure = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


def urgent(age: timedelta, name: str = "T-1") -> OpenTicket:
    return OpenTicket(name, 1, NOW - age)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Policy, Signals]:
    policy = draw(policies())
    account: GeneratedAccount = draw(generated_accounts(policy, NOW))
    return policy, account.signals_now()


def known(signals: Signals) -> Signals:
    return Signals(tuple(t for t in signals.tickets if t.created_at <= NOW), signals.last_heartbeat)


def test_an_urgent_ticket_costs_from_the_first_instant_it_is_late() -> None:
    ticket = urgent(2 * DAY)
    (step,) = steps(Signals((ticket,)), Policy(), NOW, NOW + 7 * DAY)
    assert (step.at, step.score, step.rag, step.change) == (NOW + DAY + MICROSECOND, 80, "Green", -20)
    assert step.causes == (Cause("late_ticket", ticket),)


def test_silence_costs_twice() -> None:
    found = steps(Signals((), NOW - 70 * HOUR), Policy(), NOW, NOW + 7 * DAY)
    assert [(step.at - NOW, step.score) for step in found] == [(2 * HOUR + MICROSECOND, 85), (74 * HOUR + MICROSECOND, 70)]


def test_a_heartbeat_that_reports_is_expected_to_go_on() -> None:
    tickets = (urgent(4 * DAY),)
    for age, goes_on in ((timedelta(hours=-1), True), (23 * HOUR, True), (24 * HOUR, False), (70 * HOUR, False)):
        signals = Signals(tickets, NOW - age)
        assert expected(signals, Policy(), NOW, DAY) == (Signals(tickets) if goes_on else signals)
    impatient = Policy(silent_after_hours=5)
    assert expected(Signals(tickets, NOW - 6 * HOUR), impatient, NOW, DAY).last_heartbeat
    assert expected(Signals(tickets, NOW - HOUR), Policy(), NOW, timedelta()).last_heartbeat


def test_a_limit_that_a_cap_hides_is_no_step() -> None:
    tickets = tuple(urgent(4 * DAY, f"T-{n}") for n in range(3))
    assert steps(Signals((*tickets, urgent(DAY, "T-9"))), Policy(), NOW, NOW + 7 * DAY) == ()


def test_tickets_of_one_instant_are_one_step() -> None:
    (step,) = steps(Signals((urgent(DAY, "A"), urgent(DAY, "B"))), Policy(), NOW, NOW + 7 * DAY)
    assert (step.change, [cause.ticket and cause.ticket.ticket_id for cause in step.causes]) == (-40, ["A", "B"])


def test_the_horizon_ends_the_steps() -> None:
    signals = Signals((urgent(2 * DAY),))
    assert len(steps(signals, Policy(), NOW, NOW + DAY + MICROSECOND)) == 1
    assert steps(signals, Policy(), NOW, NOW + DAY) == ()


def test_what_is_red_does_not_turn_red() -> None:
    tickets = tuple(urgent(4 * DAY, f"T-{n}") for n in range(3))
    silent = Signals(tickets, NOW - 100 * HOUR)
    assert score(silent, Policy(), NOW).rag == "Red"
    assert turns_red_at(silent, Policy(), NOW, NOW + 30 * DAY) is None


def test_thousands_of_open_tickets_are_projected_at_once() -> None:
    tickets = tuple(urgent(timedelta(seconds=n), f"T-{n}") for n in range(5_000))
    found = steps(Signals(tickets), Policy(late_points=1, late_cap=200), NOW, NOW + 30 * DAY)
    assert (len(found), found[-1].score) == (75, 0)  # 5,000 open tickets cost 25 before any is late


@pure
@given(cases(), st.integers(0, 40 * 86_400_000_000).map(lambda us: timedelta(microseconds=us)))
def test_the_projection_at_an_instant_is_the_score_at_that_instant(case: tuple[Policy, Signals], ahead: timedelta) -> None:
    policy, signals = case
    found = steps(signals, policy, NOW, NOW + ahead)
    last = found[-1].score if found else score(known(signals), policy, NOW).score
    assert last == score(known(signals), policy, NOW + ahead).score


@settings(pure, max_examples=200)
@given(cases())
def test_each_step_is_the_first_instant_of_its_score(case: tuple[Policy, Signals]) -> None:
    policy, signals = case
    found, before = steps(signals, policy, NOW, NOW + FOREVER), score(known(signals), policy, NOW)
    for step in found:
        there = score(known(signals), policy, step.at)
        assert (there.score, there.rag, there.score - before.score) == (step.score, step.rag, step.change)
        assert score(known(signals), policy, step.at - MICROSECOND).score == before.score
        assert steps(signals, policy, NOW, step.at)[-1] == step
        assert step.causes
        before = there
    assert [step.change < 0 for step in found] == [True] * len(found)
    assert score(known(signals), policy, NOW + FOREVER).score == before.score


def foretold(portfolio: Portfolio, account: GeneratedAccount) -> tuple[str | None, datetime | None, datetime | None]:
    """The pure function's answer, as the scan stores it."""
    until = portfolio.at + FOREVER
    signals = expected(account.signals_now(), portfolio.policy, portfolio.at, DAY)
    step = next_rag(signals, portfolio.policy, portfolio.at, until)
    return (step.rag if step else None, step.at if step else None, turns_red_at(signals, portfolio.policy, portfolio.at, until))


@pytest.mark.django_db
@many
@given(portfolios())
def test_the_scan_stores_what_the_pure_projection_says(portfolio: Portfolio) -> None:
    with stored(portfolio) as tenant:
        run = scan.scan_tenant(tenant, at=portfolio.at)
        rows = AccountHealth.objects.filter(tenant=tenant).order_by("account__pk")
        found = [(row.next_rag, row.next_rag_at, row.turns_red_at) for row in rows]
        assert found == [foretold(portfolio, account) for account in portfolio.accounts]
        expected = [row.turns_red_at for row in rows if row.turns_red_at]
        forecasts = Forecast.objects.filter(tenant=tenant).order_by("account__pk")
        assert [forecast.turns_red_at for forecast in forecasts] == expected
        assert {(forecast.scan_id, forecast.made_at, forecast.outcome) for forecast in forecasts} <= {(run.pk, portfolio.at, "")}
        beats = [min(a.last_heartbeat, portfolio.at) for a in portfolio.accounts if a.last_heartbeat]
        assert run.heartbeats_as_of == max(beats, default=None)


@pytest.mark.django_db
@many
@given(portfolios(), st.integers(0, 10 * 86_400_000_000).map(lambda us: timedelta(microseconds=us)))
def test_a_later_scan_keeps_a_projection_that_holds(portfolio: Portfolio, later: timedelta) -> None:
    """Nothing happens between two scans: the second foretells nothing new, unless its time has come."""
    with stored(portfolio) as tenant:
        scan.scan_tenant(tenant, at=portfolio.at)
        before = dict(AccountHealth.objects.filter(tenant=tenant).values_list("account_id", "turns_red_at"))
        told = Forecast.objects.filter(tenant=tenant).count()
        opens_later = any(t.created_at > portfolio.at and t.is_live() for a in portfolio.accounts for t in a.tickets)
        known_now = [a.signals_now() for a in portfolio.accounts]
        goes_silent = any(expected(each, portfolio.policy, portfolio.at, DAY) != each for each in known_now)
        scan.scan_tenant(tenant, at=portfolio.at + later)
        if not (opens_later or goes_silent):
            after = dict(AccountHealth.objects.filter(tenant=tenant).values_list("account_id", "turns_red_at"))
            assert after == {pk: at if at and at > portfolio.at + later else None for pk, at in before.items()}
            assert Forecast.objects.filter(tenant=tenant).count() == told


def test_the_generated_accounts_turn_red_in_every_way() -> None:
    """Without this the properties above could hold over accounts that never change."""
    seen: set[str] = set()

    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases())
    def look(case: tuple[Policy, Signals]) -> None:
        policy, signals = case
        step = next_rag(signals, policy, NOW, NOW + FOREVER)
        if step:
            seen.update(f"{cause.kind} to {step.rag}" for cause in step.causes)

    look()
    assert seen == {"late_ticket to Red", "late_ticket to Amber", "silence to Red", "silence to Amber"}
