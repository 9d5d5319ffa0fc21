"""Heartbeats in bulk: in any order, late or repeated, of one tenant's accounts only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import heartbeats
from accounts.heartbeats import Beat
from accounts.heartbeats.told import sense
from accounts.models import Account, Heartbeat, HeartbeatDay, HeartbeatReport
from tests import make
from tests.conftest import Cast
from tests.messages import Told

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, external_id="A")


def stored(account: Account) -> tuple[object, ...]:
    days = HeartbeatDay.objects.filter(account=account).order_by("day").values_list("day", "first_at", "last_at", "count", "calls")
    reports = HeartbeatReport.objects.filter(account=account).values_list("features", "environment")
    return (Heartbeat.objects.filter(account=account).values_list("last_at", flat=True).first(), *days, *reports)


def test_each_item_is_told_what_came_of_it_and_costs_no_other(cast: Cast, account: Account) -> None:
    elsewhere = make.account(cast.stranger.tenant, external_id="B")
    beats = [
        Beat("A", NOW - DAY, features=["Saved views"], calls=5),
        Beat("B"),
        Beat("A", NOW.replace(tzinfo=None)),
        Beat("A", NOW + 6 * MINUTE),
        Beat("A", NOW - 91 * DAY),
        Beat("A", NOW + 4 * MINUTE, features=7),  # type: ignore[arg-type]  # as it may come over the wire
        Beat("A"),
        Beat("A"),
    ]
    found = heartbeats.record(cast.tenant, beats, NOW)
    assert [each.status for each in found] == ["recorded", *["refused"] * 4, "recorded", "recorded", "repeated"]
    assert [each.detail for each in found if each.status == "refused"] == [
        "No account has this account_id.",
        "at must have a time zone.",
        "at is more than 5 minutes in the future.",
        "at is more than 90 days ago.",
    ]
    assert "left out" in found[5].detail
    assert Heartbeat.objects.get(account=account).last_at == NOW + 4 * MINUTE
    assert list(HeartbeatDay.objects.order_by("day").values_list("count", "calls")) == [(1, 5), (2, 0)]
    assert not Heartbeat.objects.filter(account=elsewhere).exists()


def test_another_tenants_account_is_told_from_a_missing_one_by_nothing(cast: Cast) -> None:
    make.account(cast.stranger.tenant, external_id="B")
    foreign, missing = (heartbeats.record(cast.tenant, [Beat(key)], NOW)[0] for key in ("B", "C"))
    assert (foreign.status, foreign.detail) == (missing.status, missing.detail)


beats = st.lists(
    st.builds(
        Beat,
        st.just("A"),
        st.integers(-4_000, 4).map(lambda minutes: NOW + minutes * MINUTE),
        features=st.none() | st.lists(st.sampled_from("abc"), unique=True),
        environment=st.none() | st.lists(st.sampled_from("xy"), unique=True),
        calls=st.integers(0, 9),
    ),
    max_size=8,
    unique_by=lambda beat: beat.at,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(beats, st.randoms(use_true_random=False), st.integers(1, 8))
def test_any_order_and_any_batches_leave_the_same_beats(cast: Cast, account: Account, given: list[Beat], random: Random, size: int) -> None:
    def stored_after(batches: list[list[Beat]]) -> tuple[object, ...]:
        for model in (Heartbeat, HeartbeatDay, HeartbeatReport):
            model.objects.all().delete()
        for batch in batches:
            heartbeats.record(cast.tenant, batch, NOW)
        return stored(account)[: 1 + HeartbeatDay.objects.count()]

    shuffled = random.sample(given, len(given))
    assert stored_after([given]) == stored_after([shuffled[start : start + size] for start in range(0, len(shuffled), size)])


def test_what_is_sent_twice_counts_once(cast: Cast, account: Account) -> None:
    """As the first or the last of its day, which is all that is known of one."""
    batch = [Beat("A", NOW - 2 * MINUTE, calls=1), Beat("A", NOW, features=["a"], calls=2)]
    heartbeats.record(cast.tenant, batch, NOW)
    before = stored(account)
    assert {each.status for each in heartbeats.record(cast.tenant, batch, NOW)} == {"repeated"}
    assert stored(account) == before


def test_what_comes_late_says_nothing_of_now(cast: Cast, account: Account) -> None:
    heartbeats.record(cast.tenant, [Beat("A", NOW, features=["new"])], NOW)
    heartbeats.record(cast.tenant, [Beat("A", NOW - DAY, features=["old"])], NOW)
    assert HeartbeatReport.objects.get(account=account).features == ["new"]
    heartbeats.ping(account.ping_id, NOW - 2 * DAY)
    assert Heartbeat.objects.get(account=account).last_at == NOW


def test_a_thousand_cost_as_many_statements_as_one(cast: Cast) -> None:
    for number in range(3):
        make.account(cast.tenant, external_id=f"X-{number}")
    counts = []
    for many in (1, 1000):
        batch = [Beat(f"X-{n % 3}", NOW - n * MINUTE, features=[f"F{n}"]) for n in range(many)]
        with CaptureQueriesContext(connection) as queries:
            heartbeats.record(cast.tenant, batch, NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_a_days_calls_never_overflow(cast: Cast, account: Account) -> None:
    heartbeats.record(cast.tenant, [Beat("A", NOW, calls=1)], NOW)
    HeartbeatDay.objects.update(calls=2**63 - 1)
    most = 10**12
    heartbeats.record(cast.tenant, [Beat("A", NOW - MINUTE, calls=most), Beat("A", NOW - 2 * MINUTE, calls=most)], NOW)
    assert HeartbeatDay.objects.get().calls == 2**62
    HeartbeatDay.objects.update(calls=2**63 - 1)
    heartbeats.ping(account.ping_id, NOW, sense(None, None, most))
    assert HeartbeatDay.objects.get().calls == 2**62
    heartbeats.ping(account.ping_id, NOW, sense(None, None, most))
    assert HeartbeatDay.objects.get().calls == 2**62


def test_a_worker_hears_only_of_what_is_new(cast: Cast, account: Account, told: Told, django_capture_on_commit_callbacks: object) -> None:
    for expected in (1, 0):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django does not say its type
            heartbeats.record(cast.tenant, [Beat("A", NOW, features=["a"])], NOW)
        assert told() == [("accounts.tasks.apply_heartbeat_reports", [])] * expected


@pytest.mark.django_db(transaction=True)
def test_bulk_calls_and_pings_at_once_lose_nothing(cast: Cast) -> None:
    """In opposite orders, which would stop one of them were the rows not locked in one."""
    accounts = [make.account(cast.tenant, external_id=f"X-{number}") for number in range(20)]

    def call(number: int) -> None:
        try:
            order = accounts if number % 2 else accounts[::-1]
            heartbeats.record(
                cast.tenant, [Beat(each.external_id, NOW + number * MINUTE / 10, features=[str(number)]) for each in order], NOW
            )
            for each in order:
                heartbeats.ping(each.ping_id, NOW - number * MINUTE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as callers:
        list(callers.map(call, range(1, 9)))
    assert set(HeartbeatDay.objects.values_list("count", "last_at")) == {(16, NOW + 8 * MINUTE / 10)}
    assert HeartbeatReport.objects.filter(features=["8"]).count() == 20
