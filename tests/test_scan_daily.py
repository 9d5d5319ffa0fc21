"""When the daily scan runs: at 07:00 of the tenant's own clock, once a date, and late rather than never."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import scan, tasks
from accounts.models import HealthSnapshot, ScanRun, Tenant
from tamdash.celery import app
from tests import make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("UTC", date(2025, 6, 4), 7),
        ("America/New_York", date(2025, 1, 15), 12),
        ("America/New_York", date(2025, 7, 15), 11),
        ("Europe/Berlin", date(2025, 3, 29), 6),
        ("Europe/Berlin", date(2025, 3, 30), 5),  # the clocks went forward that night
        ("Europe/Berlin", date(2025, 10, 25), 5),
        ("Europe/Berlin", date(2025, 10, 26), 6),  # and back
        ("Pacific/Auckland", date(2025, 6, 5), 19 - 24),
    ],
)
def test_it_is_due_at_seven_of_the_tenants_own_clock(zone: str, day: date, hour: int) -> None:
    due = datetime(day.year, day.month, day.day, tzinfo=UTC) + hour * HOUR
    tenant = make.tenant(time_zone=zone)
    assert scan.run_daily_if_due(tenant, due - MICROSECOND) is None
    run = scan.run_daily_if_due(tenant, due)
    assert run is not None
    assert (run.kind, run.local_date, run.at) == (ScanRun.Kind.DAILY, day, due)
    assert run.finished_at


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("first", [datetime(2025, 3, 28, tzinfo=UTC), datetime(2025, 10, 24, tzinfo=UTC)])
def test_however_often_it_is_asked_it_runs_once_a_date(zone: str, first: datetime) -> None:
    account = make.account(make.tenant(time_zone=zone))
    asked = [first + half * HOUR / 2 for half in range(2 * 24 * 5)]
    for now in asked:
        scan.run_daily_if_due(account.tenant, now)
    local = [now.astimezone(account.tenant.zone) for now in asked]
    expected = sorted({now.date() for now in local if 7 <= now.hour < 19})
    assert list(ScanRun.objects.order_by("at").values_list("local_date", flat=True)) == expected
    assert HealthSnapshot.objects.count() == len(expected) >= 5


@pytest.mark.parametrize(("late", "runs"), [(5 * HOUR, True), (12 * HOUR - MICROSECOND, True), (12 * HOUR, False), (14 * HOUR, False)])
def test_a_missed_one_is_caught_up_for_twelve_hours(late: timedelta, runs: bool) -> None:
    tenant = make.tenant(time_zone="America/Chicago")
    now = datetime(2025, 7, 15, 12, tzinfo=UTC) + late
    run = scan.run_daily_if_due(tenant, now)
    assert bool(run) is runs
    assert run is None or (run.at, run.local_date) == (now, date(2025, 7, 15))


def test_each_tenant_has_a_day_of_its_own() -> None:
    early, late = make.tenant(time_zone="Asia/Tokyo"), make.tenant(time_zone="America/Los_Angeles")
    now = datetime(2025, 6, 4, 22, 30, tzinfo=UTC)
    found = [scan.run_daily_if_due(tenant, now) for tenant in (early, late)]
    assert [run and run.local_date for run in found] == [date(2025, 6, 5), date(2025, 6, 4)]  # 07:30 and 15:30


def test_a_scan_on_demand_does_not_stand_in_for_the_daily_one() -> None:
    tenant = make.tenant()
    now = datetime(2025, 6, 4, 7, tzinfo=UTC)
    scan.scan_tenant(tenant, at=now)
    assert scan.run_daily_if_due(tenant, now)


def test_a_replayed_day_is_seen_as_it_was_and_only_once() -> None:
    tenant = make.tenant(time_zone="Europe/Berlin")
    account = make.account(tenant)
    seven = datetime(2025, 6, 4, 5, tzinfo=UTC)
    make.ticket(account, created_at=seven - 24 * HOUR, status="closed", closed_at=seven + HOUR)
    run = scan.replay_day(tenant, date(2025, 6, 4))
    assert (run.at, run.finished_at, run.snapshots.get().total_open_tickets) == (seven, seven, 1)
    assert scan.run_daily_if_due(tenant, seven + HOUR) is None


def zone_where_it_is(hour: int) -> str:
    east = (hour - timezone.now().hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}"  # POSIX counts westwards


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=False)


@pytest.mark.usefixtures("tasks_at_once")
def test_every_tick_starts_what_is_due_and_a_tenant_that_fails_holds_up_no_other() -> None:
    without_policy = Tenant.objects.create(slug="a", name="A", time_zone=zone_where_it_is(12))
    due, asleep = make.tenant(time_zone=zone_where_it_is(12)), make.tenant(time_zone=zone_where_it_is(3))
    for _ in range(3):
        tasks.scan_due_tenants()
    assert not without_policy.scan_runs.exists()
    assert due.scan_runs.count() == 1
    assert not asleep.scan_runs.exists()
