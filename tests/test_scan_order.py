"""A tenant's scans in the order of their instants, whatever started first; each by the policy in force when it wrote."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import policies, scan
from accounts.models import Account, AccountHealth, Backtest, ScanRun, ScoringPolicy, Ticket
from accounts.pages.overview import Overview
from accounts.scoring import OpenTicket, Policy, Signals, score
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def told(account: Account) -> tuple[int, int]:
    found = Overview(Account.objects.select_related("tenant", "health", "heartbeat").get(pk=account.pk), timezone.now()).told
    assert found is not None
    return found.before.score, found.after.score


def test_a_scan_that_waited_for_a_later_one_goes_on_from_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    waits = scan.new_run(cast.tenant, ScanRun.Kind.TENANT, timezone.now())
    ticket = make.ticket(account, days=5, priority=1)
    scan.scan_account(account)
    Ticket.objects.filter(pk=ticket.pk).update(status="closed", closed_at=timezone.now())
    finished = scan.perform(waits, is_now=True)
    assert finished.at > cast.tenant.scan_runs.filter(kind="account").latest().at
    health = AccountHealth.objects.get(account=account)
    assert (health.previous_score, health.score) == told(account) == (80, 100)


def test_a_daily_scan_that_was_tried_again_is_told_after_what_came_between(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    now = timezone.now()
    scan.scan_tenant(cast.tenant, at=now - 2 * DAY)
    cut_short = scan.new_run(cast.tenant, ScanRun.Kind.DAILY, now - 5 * HOUR)
    tickets = [make.ticket(account, priority=1, created_at=now - 5 * DAY) for _ in range(3)]
    scan.scan_account(account)
    Ticket.objects.filter(pk=tickets[0].pk).update(status="closed", closed_at=timezone.now())
    scan.perform(cut_short, again_at=timezone.now(), is_now=True)
    health = AccountHealth.objects.get(account=account)
    assert (health.previous_score, health.score) == told(account) == (40, 60)


def adopt(cast: Cast, **numbers: int) -> ScoringPolicy:
    draft = ScoringPolicy.objects.create(tenant=cast.tenant, version=2, **numbers)
    day = timezone.localdate()
    Backtest.objects.create(
        tenant=cast.tenant, policy=draft, against=policies.in_force(cast.tenant), rules={}, first_day=day, last_day=day, status="done"
    )
    policies.move(draft, "draft", "replayed")
    policies.activate(draft, cast.admin)
    return draft


def test_a_scan_that_waited_for_a_policy_scores_by_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=5, priority=1)
    waits = scan.new_run(cast.tenant, ScanRun.Kind.TENANT, timezone.now())
    draft = adopt(cast, late_points=50)
    run = scan.perform(waits, is_now=True)
    assert (run.policy, AccountHealth.objects.get(account=account).score) == (draft, 50)


def test_between_a_policy_and_its_first_scan_the_page_says_what_a_scan_would_find(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=5, priority=1)
    make.scanned(cast.tenant)
    adopt(cast, late_points=50)
    page = Overview(Account.objects.select_related("tenant", "health", "heartbeat").get(pk=account.pk), timezone.now())
    assert page.health is not None
    assert (page.health.score, page.points_taken, page.live.score, page.moved_since_scan) == (80, 20, 50, True)


def test_a_day_has_24_hours_where_the_clocks_change(cast: Cast) -> None:
    """Berlin's night to 25 October 2026 has an hour more."""
    cast.tenant.time_zone = "Europe/Berlin"
    opened = datetime(2026, 10, 24, 5, 30, tzinfo=UTC)
    at = datetime(2026, 10, 27, 7, tzinfo=cast.tenant.zone)
    assert at - opened > 3 * DAY
    make.ticket(make.account(cast.tenant), priority=1, created_at=opened)
    assert score(Signals((OpenTicket("T", 1, opened),)), Policy(), at).score == 80
    assert [each.score for each in scan.scores_at(cast.tenant, at)] == [80]
