"""The trail that scans write equals a plain record of each day's last score."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import scan, trail
from accounts.models import Account, AccountHealth, ScanRun, ScoringPolicy, Tenant, Ticket
from tests import make
from tests.generated import DAY, HOUR

START = datetime(2020, 1, 1, 6, tzinfo=UTC)
POINTS = 20  # for each open ticket

Record = dict[date, int]  # the last score of each day that was scanned
changes = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 100)), max_size=trail.LENGTH)


def carried_on(record: Record, day: date) -> int | None:
    known = [each for each in record if each <= day]
    return record[max(known)] if known else None


def days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


@given(changes, st.integers(-50, 400), st.integers(0, 60))
def test_a_packed_trail_reads_as_the_record_it_was_made_of(steps: list[tuple[int, int]], start: int, length: int) -> None:
    day, record = date(2025, 1, 1), {}
    for gap, score in steps:
        day += gap * DAY
        record[day] = score
    packed = b"".join(trail.ENTRY.pack((each - trail.EPOCH).days, score) for each, score in record.items())
    first = date(2025, 1, 1) + start * DAY
    last = first + length * DAY
    assert dict(trail.entries(packed)) == record
    assert trail.daily(packed, first, last) == [carried_on(record, each) for each in days(first, last)]
    assert trail.score_on(packed, last) == carried_on(record, last)
    assert trail.daily(memoryview(packed), first, last) == trail.daily(packed, first, last)


def tenant_with_a_score_for_tickets() -> Tenant:
    tenant = Tenant.objects.create(slug="trail", name="Trail")
    only_volume = {"late_points": 0, "free_tickets": 0, "volume_points": POINTS, "volume_cap": 100}
    ScoringPolicy.objects.create(tenant=tenant, version=1, status="active", activated_at=START - DAY, **only_volume)
    return tenant


def open_tickets(account: Account, instants: list[datetime], counts: list[int]) -> None:
    """So many tickets open at each of these instants."""
    Ticket.objects.bulk_create(
        Ticket(
            tenant_id=account.tenant_id,
            account=account,
            source="generic",
            external_id=f"{account.pk}-{at:%y%m%d%H}-{n}",
            priority=4,
            status="closed",
            created_at=at,
            closed_at=at + HOUR / 2,
        )
        for at, count in zip(instants, counts, strict=True)
        for n in range(count)
    )


def scan_at(tenant: Tenant, at: datetime) -> ScanRun:
    return scan.perform(scan.new_run(tenant, ScanRun.Kind.TENANT, at), live=False)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_scans_once_or_twice_a_day_leave_a_trail_of_each_days_last_score(data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from([HOUR, DAY, DAY, 3 * DAY]), min_size=1, max_size=12))
    instants = [START + sum(gaps[: n + 1], timedelta()) for n in range(len(gaps))]
    series = st.lists(st.integers(0, 5), min_size=len(gaps), max_size=len(gaps))
    portfolio = data.draw(st.lists(series, min_size=1, max_size=6))
    with transaction.atomic():
        tenant = tenant_with_a_score_for_tickets()
        accounts = [make.account(tenant) for _ in portfolio]
        for account, counts in zip(accounts, portfolio, strict=True):
            open_tickets(account, instants, counts)
        for at in instants:
            scan_at(tenant, at)
        trails = AccountHealth.objects.in_bulk()
        transaction.set_rollback(True)
    first, last = START.date(), (instants[-1] + DAY).date()
    for account, counts in zip(accounts, portfolio, strict=True):
        record = {at.date(): 100 - POINTS * count for at, count in zip(instants, counts, strict=True)}
        found = trails[account.pk].trail
        assert trail.daily(found, first, last) == [carried_on(record, day) for day in days(first, last)]
        changed = [day for day, _ in trail.entries(found)]
        assert changed == sorted(set(changed))


@pytest.mark.django_db
def test_a_trail_keeps_the_last_90_changes() -> None:
    tenant = tenant_with_a_score_for_tickets()
    account = make.account(tenant)
    instants = [START + n * DAY for n in range(93)]
    open_tickets(account, instants, [n % 2 for n in range(93)])
    for at in instants:
        scan_at(tenant, at)
    kept = list(trail.entries(AccountHealth.objects.get(account=account).trail))
    assert kept == [(at.date(), 100 - POINTS * (n % 2)) for n, at in enumerate(instants)][-trail.LENGTH :]


@pytest.mark.django_db
def test_an_unchanged_score_adds_nothing_to_the_trail() -> None:
    tenant = tenant_with_a_score_for_tickets()
    account = make.account(tenant)
    for n in range(3):
        scan_at(tenant, START + n * DAY)
    assert list(trail.entries(AccountHealth.objects.get(account=account).trail)) == [(START.date(), 100)]


@pytest.mark.django_db
def test_the_trails_dates_are_the_tenants_own() -> None:
    tenant = make.tenant(time_zone="Pacific/Auckland")
    account = make.account(tenant)
    scan.scan_tenant(tenant, at=datetime(2025, 6, 4, 19, tzinfo=UTC))
    assert list(trail.entries(AccountHealth.objects.get(account=account).trail)) == [(date(2025, 6, 5), 100)]
