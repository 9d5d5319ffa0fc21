"""A back-test's days are the scores of the score itself, its totals leave out what is not known, and it ends as it should."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import backtest, policies, scan
from accounts.models import Account, Backtest, BacktestDay, HeartbeatDay, ScoringPolicy, Tenant, Ticket
from accounts.policies import PolicyError
from accounts.replayed import NO_SCORE, Report
from accounts.scoring import Policy, score
from accounts.tasks import sweep_backtests
from tests import generated, make
from tests.conftest import Cast
from tests.stored import many, stored
from tests.test_policies import draft_of, page_of
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def unsaved(tenant: Tenant, rules: Policy, accounts: list[int]) -> Backtest:
    """A back-test of these rules against the ones in force."""
    candidate = ScoringPolicy.objects.create(tenant=tenant, version=2, **rules.model_dump())
    return Backtest.objects.create(
        tenant=tenant,
        policy=candidate,
        against=policies.in_force(tenant),
        rules=rules.model_dump(),
        first_day=date(2020, 1, 1),
        last_day=date(2020, 1, 1),
        accounts=accounts,
    )


@many
@given(generated.portfolios(), generated.policies(), st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns"]), st.integers(-3, 400))
def test_a_replayed_day_equals_the_score_at_seven_of_that_day(portfolio: generated.Portfolio, rules: Policy, zone: str, days: int) -> None:
    with stored(portfolio) as tenant:
        Tenant.objects.filter(pk=tenant.pk).update(time_zone=zone)
        Account.objects.filter(tenant=tenant).update(created_at=LONG_AGO)
        accounts = list(Account.objects.filter(tenant=tenant).order_by("-pk").values_list("pk", flat=True))
        row = unsaved(Tenant.objects.get(pk=tenant.pk), rules, accounts)
        day = (portfolio.at - days * DAY).date()
        at = datetime.combine(day, scan.DAILY_AT, row.tenant.zone)
        replayed = backtest.replay(row, day, LONG_AGO)
        signals = [account.signals_at(at) for account in reversed(portfolio.accounts)]
        assert list(bytes(replayed.old_scores)) == [score(each, portfolio.policy, at).score for each in signals]
        assert list(bytes(replayed.new_scores)) == [score(each, rules, at).score for each in signals]


def finished(policy: ScoringPolicy, days: int = 5) -> Backtest:
    row = backtest.start(policy, None, days)
    backtest.run(row.pk)
    row.refresh_from_db()
    return row


def report_of(row: Backtest) -> Report:
    return Report.model_validate(row.report)


def account_known_for(tenant: Tenant, days: float) -> Account:
    account = make.account(tenant)
    Account.objects.filter(pk=account.pk).update(created_at=timezone.now() - days * DAY)
    return account


def test_it_covers_the_last_local_days_and_makes_the_draft_replayed() -> None:
    tenant = make.tenant(time_zone="Pacific/Auckland")
    make.ticket(account_known_for(tenant, 400), days=300)
    draft = draft_of(tenant)
    row = finished(draft, 30)
    draft.refresh_from_db()
    assert (row.status, row.failure, draft.status) == ("done", "", "replayed")
    now = timezone.now().astimezone(tenant.zone)
    assert row.last_day == (now.date() if now.hour >= 7 else now.date() - DAY)
    assert list(row.days.order_by("day").values_list("day", flat=True)) == [row.last_day - n * DAY for n in range(29, -1, -1)]
    assert (report_of(row).account_days, row.finished_at is None) == ([[30, 0, 0], [0, 0, 0], [0, 0, 0]], False)


def test_seven_oclock_decides_which_day_is_the_last() -> None:
    tenant = make.tenant(time_zone="Europe/Berlin")
    assert backtest.last_day(tenant, datetime(2026, 3, 29, 4, 59, tzinfo=UTC)) == date(2026, 3, 28)
    assert backtest.last_day(tenant, datetime(2026, 3, 29, 5, 0, tzinfo=UTC)) == date(2026, 3, 29)  # summer time began that night


def test_days_before_the_first_signal_are_marked_and_left_out_of_all_totals() -> None:
    tenant = make.tenant()
    make.ticket(account_known_for(tenant, 400), days=2.5)
    row = finished(draft_of(tenant), 10)
    known = [day.is_known for day in row.days.order_by("day")]
    assert known == [False] * (10 - sum(known)) + [True] * sum(known)
    assert sum(known) in (2, 3)
    assert sum(sum(line) for line in report_of(row).account_days) == sum(known)


def test_a_heartbeat_makes_a_day_known_as_a_ticket_does() -> None:
    tenant = make.tenant()
    make.heartbeat(account_known_for(tenant, 400), timezone.now() - 40 * DAY)
    assert all(day.is_known for day in finished(draft_of(tenant)).days.all())


def test_an_account_has_no_score_before_anything_is_known_of_it() -> None:
    tenant = make.tenant()
    old, new = account_known_for(tenant, 400), account_known_for(tenant, 1.5)
    make.ticket(old, days=300)
    earlier = account_known_for(tenant, 1.5)
    make.ticket(earlier, days=300)
    row = finished(draft_of(tenant))
    assert row.accounts == [old.pk, new.pk, earlier.pk]
    first = bytes(row.days.earliest("day").old_scores)
    assert list(first) == [100, NO_SCORE, 100]
    assert NO_SCORE not in bytes(row.days.latest("day").old_scores)


def test_a_tenant_without_any_signal_can_still_get_a_policy_replayed() -> None:
    tenant = make.tenant()
    make.account(tenant)
    row = finished(draft_of(tenant))
    assert (row.status, row.policy.status, report_of(row).last_day) == ("done", "replayed", None)


def test_agreement_is_counted_against_what_the_days_scan_stored_under_its_own_policy(cast: Cast) -> None:
    tenant = cast.tenant
    policies.in_force(tenant)
    tenant.policies.update(activated_at=timezone.now() - 100 * DAY)
    accounts = [account_known_for(tenant, 400) for _ in range(3)]
    tickets = [make.ticket(account, days=90, priority=1) for account in accounts]
    day = backtest.last_day(tenant, timezone.now()) - DAY
    scan.replay_day(tenant, day)
    # What no history keeps: the ticket was a P1 when the scan looked, it is a P3 now.
    Ticket.objects.filter(pk=tickets[0].pk).update(priority=3)
    policy = draft_of(tenant, late_points=40)
    finished(policy)
    policies.activate(policy, cast.admin)
    row = finished(draft_of(tenant, late_points=1))
    counted = {each.day: (each.compared, each.agreeing) for each in row.days.all()}
    assert counted.pop(day) == (3, 2)
    assert set(counted.values()) == {(0, 0)}
    page = page_of(signed_in(cast.manager), row.policy)
    assert "2 of 3 scores that daily scans stored come out the same" in page


def test_a_draft_edited_meanwhile_stays_a_draft_and_the_back_test_says_why(cast: Cast) -> None:
    draft = draft_of(cast.tenant)
    row = backtest.start(draft, cast.admin)
    draft.late_points = 33
    draft.save()
    backtest.run(row.pk)
    row.refresh_from_db()
    draft.refresh_from_db()
    assert (row.status, draft.status, row.report) == ("failed", "draft", None)
    assert "The numbers were edited meanwhile" in page_of(signed_in(cast.admin), draft)
    assert finished(draft).status == "done"


def test_the_policy_in_force_is_not_back_tested_and_none_twice_at_once() -> None:
    tenant = make.tenant()
    with pytest.raises(PolicyError, match="nothing to compare it with"):
        backtest.start(policies.in_force(tenant), None)
    draft = draft_of(tenant)
    backtest.start(draft, None)
    with pytest.raises(PolicyError, match="being back-tested right now"):
        backtest.start(draft, None)
    backtest.start(draft_of(tenant), None)


def test_a_retired_version_is_not_back_tested(cast: Cast) -> None:
    make.ticket(account_known_for(cast.tenant, 400), days=300)
    first, policy = policies.in_force(cast.tenant), draft_of(cast.tenant)
    finished(policy)
    policies.activate(policy, cast.admin)
    first.refresh_from_db()
    with pytest.raises(PolicyError, match="Version 1 was not back-tested: it is retired"):
        backtest.start(first, None)
    assert not first.backtests.exists()


def test_accounts_and_signals_of_another_tenant_play_no_part() -> None:
    here, there = make.tenant(), make.tenant()
    make.ticket(account_known_for(there, 400), days=300, priority=1)
    account_known_for(here, 400)
    row = finished(draft_of(here))
    assert len(row.accounts) == 1
    assert not row.days.filter(is_known=True).exists()


def left(row: Backtest, status: str, seconds: float, attempts: int = 1) -> Backtest:
    Backtest.objects.filter(pk=row.pk).update(status=status, attempts=attempts, progressed_at=timezone.now() - timedelta(seconds=seconds))
    sweep_backtests()
    row.refresh_from_db()
    return row


def test_a_silent_worker_is_given_up_after_a_minute_and_three_attempts_without_a_day_are_enough(cast: Cast) -> None:
    row = backtest.start(draft_of(cast.tenant), None)
    assert left(row, "running", 50).status == "running"
    assert left(row, "running", 70).status == "queued"
    assert left(row, "running", 70, attempts=3).status == "failed"
    assert "stopped 3 times" in page_of(signed_in(cast.admin), row.policy)
    assert row.policy.status == "draft"
    backtest.run(row.pk)
    assert not BacktestDay.objects.exists()


def test_a_day_that_got_done_starts_the_count_of_attempts_anew() -> None:
    tenant = make.tenant()
    row = finished(draft_of(tenant), 3)
    row.days.latest("day").delete()
    Backtest.objects.filter(pk=row.pk).update(status="queued", attempts=2)
    backtest.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.days.count()) == ("done", 0, 3)


def test_a_worker_that_comes_back_after_it_was_given_up_writes_nothing_more() -> None:
    row = backtest.start(draft_of(make.tenant()), None)
    day = BacktestDay(backtest=row, day=row.last_day, old_scores=b"", new_scores=b"", is_known=False)
    assert not backtest.keep(row, day)
    assert not HeartbeatDay.objects.exists()
    assert not row.days.exists()
