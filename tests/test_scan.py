"""What a scan writes: one snapshot an account, and the present health where it changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts import scan
from accounts.models import Account, AccountHealth, Escalation, HealthSnapshot, ScanRun, ScoringPolicy, Tenant, Ticket
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 6, 4, 7, tzinfo=UTC)
DAY = timedelta(days=1)


def ticket(of: Account, opened: datetime, priority: int = 1) -> Ticket:
    return make.ticket(of, created_at=opened, priority=priority)


def late_tickets(of: Account, count: int) -> None:
    for _ in range(count):
        ticket(of, NOW - 5 * DAY)


def health(of: Account) -> AccountHealth:
    return AccountHealth.objects.get(account=of)


def row_version(of: Account) -> str:
    """Where PostgreSQL keeps the row: every update moves it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM accounts_accounthealth WHERE account_id = %s", [of.pk])
        return str(cursor.fetchone())


def new_policy(of: Tenant, **values: int) -> ScoringPolicy:
    """Adopted an hour before the present instant."""
    of.policies.update(status="retired", activated_at=NOW - DAY)
    return ScoringPolicy.objects.create(tenant=of, version=2, status="active", activated_at=NOW - DAY / 24, **values)


def test_a_scan_writes_one_snapshot_an_account_and_counts_them() -> None:
    tenant = make.tenant()
    rows = [make.account(tenant) for _ in range(3)]
    late_tickets(rows[1], 2)
    late_tickets(rows[2], 3)
    for _ in range(6):
        ticket(rows[2], NOW, priority=4)
    run = scan.scan_tenant(tenant, at=NOW)
    assert list(run.snapshots.order_by("account").values_list("account", "score", "rag")) == [
        (rows[0].pk, 100, "Green"),
        (rows[1].pk, 60, "Amber"),
        (rows[2].pk, 20, "Red"),
    ]
    run.refresh_from_db()
    assert (run.accounts, run.green, run.amber, run.red, run.error) == (3, 1, 1, 1, "")
    assert run.finished_at


def test_a_tenant_without_accounts_scans_nothing() -> None:
    run = scan.scan_tenant(make.tenant())
    assert (run.accounts, run.green, run.finished_at is None) == (0, 0, False)


def test_a_snapshot_tells_the_score_and_rag_before_it() -> None:
    account = make.account(make.tenant())
    first = scan.scan_tenant(account.tenant, at=NOW - DAY)
    late_tickets(account, 2)
    second = scan.scan_tenant(account.tenant, at=NOW)
    assert list(HealthSnapshot.objects.order_by("scan").values_list("scan", "score", "previous_score", "previous_rag")) == [
        (first.pk, 100, None, None),
        (second.pk, 60, 100, "Green"),
    ]


def test_health_is_what_the_last_scan_found() -> None:
    account = make.account(make.tenant())
    make.heartbeat(account, NOW - 4 * DAY)
    late_tickets(account, 1)
    run = scan.scan_tenant(account.tenant, at=NOW)
    found = health(account)
    assert (found.score, found.rag, found.previous_score, found.previous_rag) == (65, "Amber", None, None)
    assert (found.late_points, found.volume_points, found.silence_points) == (20, 0, 15)
    assert (found.open_tickets, found.p1_p2_tickets) == (1, 1)
    assert (found.tenant_id, found.changed_at, found.changed_by_scan) == (account.tenant_id, NOW, run)


def test_a_changed_score_keeps_the_one_before_and_tells_when() -> None:
    account = make.account(make.tenant())
    scan.scan_tenant(account.tenant, at=NOW - DAY)
    late_tickets(account, 4)
    run = scan.scan_tenant(account.tenant, at=NOW)
    found = health(account)
    assert (found.score, found.rag, found.previous_score, found.previous_rag) == (40, "Amber", 100, "Green")
    assert (found.changed_at, found.changed_by_scan) == (NOW, run)


def test_an_unchanged_account_is_not_written_again() -> None:
    account = make.account(make.tenant())
    late_tickets(account, 1)
    scan.scan_tenant(account.tenant, at=NOW)
    before = row_version(account)
    scan.scan_tenant(account.tenant, at=NOW + timedelta(hours=1))
    assert row_version(account) == before


def test_only_the_account_that_changed_is_written() -> None:
    tenant = make.tenant()
    quiet, busy = make.account(tenant), make.account(tenant)
    scan.scan_tenant(tenant, at=NOW - DAY)
    before = row_version(quiet), row_version(busy)
    late_tickets(busy, 1)
    scan.scan_tenant(tenant, at=NOW)
    assert row_version(quiet) == before[0]
    assert row_version(busy) != before[1]


@pytest.mark.parametrize(("priority", "urgent"), [(2, 1), (4, 0)])
def test_another_ticket_without_points_is_counted_but_is_no_change_of_score(priority: int, urgent: int) -> None:
    account = make.account(make.tenant())
    first = scan.scan_tenant(account.tenant, at=NOW - DAY)
    ticket(account, NOW - DAY / 2, priority=priority)
    scan.scan_tenant(account.tenant, at=NOW)
    found = health(account)
    assert (found.open_tickets, found.p1_p2_tickets) == (1, urgent)
    assert (found.changed_at, found.changed_by_scan, found.previous_score) == (NOW - DAY, first, None)


def test_points_that_move_between_causes_are_stored_though_the_score_stays() -> None:
    account = make.account(make.tenant())
    new_policy(account.tenant, silent_points=20)
    urgent = ticket(account, NOW - 5 * DAY)
    make.heartbeat(account, NOW - 2 * DAY)
    scan.scan_tenant(account.tenant, at=NOW)
    Ticket.objects.filter(pk=urgent.pk).update(status="closed", closed_at=NOW)
    scan.scan_tenant(account.tenant, at=NOW + 2 * DAY)
    found = health(account)
    assert (found.score, found.late_points, found.silence_points, found.changed_at) == (80, 0, 20, NOW)


def test_points_that_the_floor_hides_are_stored_too() -> None:
    account = make.account(make.tenant())
    late_tickets(account, 12)
    make.heartbeat(account, NOW - 4 * DAY)
    for days, points in ((0, 15), (3, 30)):
        scan.scan_tenant(account.tenant, at=NOW + days * DAY)
        assert (health(account).score, health(account).silence_points) == (0, points)


def test_a_new_policy_that_moves_only_the_limit_of_red_turns_the_account_red() -> None:
    account = make.account(make.tenant())
    late_tickets(account, 3)
    scan.scan_tenant(account.tenant, at=NOW - DAY / 12)
    policy = new_policy(account.tenant, red_below=45)
    run = scan.scan_tenant(account.tenant, at=NOW)
    assert run.policy == policy
    found = health(account)
    assert (found.score, found.rag, found.previous_score, found.previous_rag, found.changed_at) == (40, "Red", 40, "Amber", NOW)
    assert Escalation.objects.unresolved().get().reason == "worsened_to_red"


def test_inactive_accounts_are_not_scanned() -> None:
    tenant = make.tenant()
    gone = make.account(tenant, is_active=False)
    late_tickets(gone, 3)
    assert scan.scan_tenant(tenant, at=NOW).accounts == 0
    assert scan.scan_account(gone).accounts == 0
    assert not HealthSnapshot.objects.exists()
    assert not AccountHealth.objects.exists()
    assert not list(scan.scores_at(tenant, NOW, live=True))


def test_a_scan_leaves_other_tenants_alone() -> None:
    here, elsewhere = make.account(make.tenant()), make.account(make.tenant())
    for account in (here, elsewhere):
        late_tickets(account, 3)
    scan.scan_tenant(elsewhere.tenant, at=NOW - DAY)
    late_tickets(elsewhere, 1)
    before = row_version(elsewhere)
    run = scan.scan_tenant(here.tenant, at=NOW)
    assert list(run.snapshots.values_list("account", flat=True)) == [here.pk]
    assert row_version(elsewhere) == before
    assert [score.account_id for score in scan.scores_at(here.tenant, NOW)] == [here.external_id]
    assert not Escalation.objects.filter(tenant=elsewhere.tenant, account=here).exists()


def test_an_unmatched_ticket_counts_for_nobody() -> None:
    account = make.account(make.tenant())
    ticket(account, NOW - 5 * DAY)
    Ticket.objects.update(account=None)
    assert scan.scan_tenant(account.tenant, at=NOW).snapshots.get().total_open_tickets == 0


def test_the_scan_of_one_account_writes_that_account_alone() -> None:
    tenant = make.tenant()
    one, other = make.account(tenant), make.account(tenant)
    for account in (one, other):
        make.heartbeat(account, NOW)
        make.ticket(account)
    manager = make.user(tenant, "manager")
    run = scan.scan_account(one, by=manager)
    assert (run.kind, run.account, run.requested_by, run.accounts) == (ScanRun.Kind.ACCOUNT, one, manager, 1)
    snapshot = run.snapshots.get()
    assert (snapshot.account, snapshot.total_open_tickets, snapshot.hours_since_heartbeat is None) == (one, 1, False)
    assert not AccountHealth.objects.filter(account=other).exists()
    assert [score.account_id for score in scan.scores_at(tenant, NOW, live=True, account=other)] == [other.external_id]


def test_the_policy_is_the_one_in_force_at_the_instant() -> None:
    tenant = make.tenant()
    second = new_policy(tenant, late_points=1)
    ScoringPolicy.objects.create(tenant=tenant, version=3)
    instants = [NOW - 9 * DAY, NOW - DAY / 2, NOW - DAY / 24, NOW]
    assert [scan.policy_at(tenant, at).version for at in instants] == [1, 1, second.version, second.version]


def test_reading_past_scores_writes_nothing() -> None:
    account = make.account(make.tenant())
    late_tickets(account, 3)
    assert [(found.score, found.rag) for found in scan.scores_at(account.tenant, NOW)] == [(40, "Amber")]
    assert not ScanRun.objects.exists()
    assert not HealthSnapshot.objects.exists()
