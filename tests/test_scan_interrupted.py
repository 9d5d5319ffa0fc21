"""Scans that meet each other, and scans cut short: one run, nothing doubled, nothing lost, the error to be seen."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from pydantic import ValidationError

from accounts import scan
from accounts.models import Account, AccountHealth, Escalation, EscalationEvent, HealthSnapshot, ScanRun, Tenant
from tests import make

NOW = datetime(2025, 6, 4, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@contextmanager
def after_writing(*statements: str) -> Iterator[None]:
    """Runs these in the scan's transaction once it has written everything, before it commits."""

    def interfere(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if "INSERT INTO accounts_healthsnapshot" in sql:
            for statement in statements:
                execute(statement, None, False, context)
        return result

    with connection.execute_wrapper(interfere):
        yield


def red_account() -> Account:
    account = make.account(make.tenant())
    for _ in range(4):
        make.ticket(account, created_at=NOW - 5 * DAY, priority=1)
        make.ticket(account, created_at=NOW - DAY, priority=3)
    return account


def rows_of(account: Account) -> dict[str, int]:
    return {
        "runs": ScanRun.objects.filter(tenant=account.tenant).count(),
        "snapshots": HealthSnapshot.objects.filter(account=account).count(),
        "health": AccountHealth.objects.filter(account=account).count(),
        "escalations": Escalation.objects.filter(account=account).count(),
        "events": EscalationEvent.objects.filter(escalation__account=account).count(),
    }


def check_cut_short_and_completed(*statements: str, message: str) -> None:
    account = red_account()
    with after_writing(*statements), pytest.raises(OperationalError):
        scan.run_daily_if_due(account.tenant, NOW)
    assert rows_of(account) == {"runs": 1, "snapshots": 0, "health": 0, "escalations": 0, "events": 0}
    left = ScanRun.objects.get()
    assert message in left.error
    assert (left.finished_at, left.attempts) == (None, 1)

    run = scan.run_daily_if_due(account.tenant, NOW + HOUR)
    assert rows_of(account) == dict.fromkeys(("runs", "snapshots", "health", "escalations", "events"), 1)
    assert run == left
    assert (run.error, run.attempts, run.at, run.local_date) == ("", 2, NOW + HOUR, left.local_date)
    assert run.finished_at
    assert scan.run_daily_if_due(account.tenant, NOW + 2 * HOUR) is None


@pytest.mark.django_db
def test_a_scan_that_the_server_cancels_is_completed_by_the_next_attempt() -> None:
    check_cut_short_and_completed("SET LOCAL statement_timeout = 1", "SELECT pg_sleep(10)", message="statement timeout")


@pytest.mark.django_db(transaction=True)
def test_a_scan_whose_connection_is_cut_is_completed_by_the_next_attempt() -> None:
    check_cut_short_and_completed("SELECT pg_terminate_backend(pg_backend_pid())", message="terminating connection")


@pytest.mark.django_db
def test_an_error_of_ours_is_shown_on_the_run_too() -> None:
    account = red_account()
    Tenant.objects.update(settings={"red_due_hours": "soon"})
    for attempt in (1, 2):
        with pytest.raises(ValidationError):
            scan.run_daily_if_due(Tenant.objects.get(pk=account.tenant_id), NOW)
        run = ScanRun.objects.get()
        assert (run.finished_at, run.attempts, "red_due_hours" in run.error) == (None, attempt, True)


@pytest.mark.django_db
def test_a_run_that_a_killed_process_left_is_completed() -> None:
    account = red_account()
    left = scan.new_run(account.tenant, ScanRun.Kind.DAILY, NOW)
    run = scan.run_daily_if_due(account.tenant, NOW + HOUR)
    assert run == left
    assert (run.at, run.accounts, rows_of(account)["snapshots"]) == (NOW + HOUR, 1, 1)


@pytest.mark.django_db
def test_a_finished_run_is_never_written_again() -> None:
    account = red_account()
    run = scan.scan_tenant(account.tenant, at=NOW)
    with pytest.raises(scan.ScanBusy):
        scan.perform(run)
    assert rows_of(account)["snapshots"] == 1


def in_thread(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_the_same_daily_scan_at_once_run_it_once() -> None:
    account = red_account()
    at_once = Barrier(4)

    def start(now: datetime) -> ScanRun | None:
        at_once.wait()
        return scan.run_daily_if_due(account.tenant, now)

    with ThreadPoolExecutor(4) as pool:
        for day in range(5):
            starts = [pool.submit(in_thread, partial(start, NOW + day * DAY)) for _ in range(4)]
            assert len([run for run in (each.result() for each in starts) if run]) == 1
    assert rows_of(account) == {"runs": 5, "snapshots": 5, "health": 1, "escalations": 1, "events": 1}


def wait_until_blocked(other: Future[Any]) -> None:
    """Until another session waits for a lock that this one holds, or is done without."""
    deadline = monotonic() + 10
    while not other.done() and monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
            if cursor.fetchone():
                return
        sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_a_scan_that_meets_another_of_the_tenant_goes_on_from_what_that_one_found() -> None:
    account = make.account(make.tenant())
    scan.scan_tenant(account.tenant, at=NOW - DAY)
    for _ in range(3):
        make.ticket(account, created_at=NOW - 5 * DAY, priority=1)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            scan.scan_tenant(account.tenant, at=NOW)
            second = pool.submit(in_thread, partial(scan.scan_account, account))
            wait_until_blocked(second)
        run = second.result()
    assert run.snapshots.get().previous_score == 40
    health = AccountHealth.objects.get(account=account)
    assert (health.score, health.previous_score, health.changed_at) == (40, 100, NOW)
    assert Escalation.objects.count() == 1


def during_a_scan(of: Account, work: Callable[[], Any]) -> Any:
    """What another process's work answers before the scan commits; fails if it waits for that."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        run = scan.run_daily_if_due(of.tenant, NOW)
        assert run
        assert run.accounts == 1
        return pool.submit(in_thread, work).result(timeout=10)


@pytest.mark.django_db(transaction=True)
def test_a_second_start_of_a_running_daily_scan_does_not_wait_for_it() -> None:
    account = red_account()
    scan.new_run(account.tenant, ScanRun.Kind.DAILY, NOW)
    assert during_a_scan(account, partial(scan.run_daily_if_due, account.tenant, NOW)) is None


@pytest.mark.django_db(transaction=True)
def test_tickets_and_heartbeats_come_in_during_a_scan() -> None:
    account, other = red_account(), red_account()
    assert during_a_scan(account, partial(make.ticket, account)).pk
    assert during_a_scan(other, partial(make.heartbeat, other, NOW)).pk


@pytest.mark.django_db(transaction=True)
def test_tenants_do_not_wait_for_each_other() -> None:
    here, elsewhere = red_account(), red_account()
    assert during_a_scan(here, partial(scan.scan_tenant, elsewhere.tenant)).accounts == 1
