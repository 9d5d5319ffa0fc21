"""A worker killed half-way through a back-test, in earnest: the next one goes on where it stopped, and it completes once."""

import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import backtest
from accounts.models import Account, Backtest, BacktestDay, ScoringPolicy
from accounts.tasks import sweep_backtests
from tests import make
from tests.test_backtest import report_of
from tests.test_drafts import at_once
from tests.test_policies import draft_of
from tests.worker import Start, wait_until, workers

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 30


@pytest.fixture
def start_worker() -> Iterator[Start]:
    with workers() as start:
        yield start


@pytest.fixture
def draft() -> ScoringPolicy:
    tenant = make.tenant()
    for _ in range(5):
        account = make.red_account(tenant)
        Account.objects.filter(pk=account.pk).update(created_at=timezone.now() - timedelta(days=400))
        make.ticket(account, days=300)
    return draft_of(tenant, late_points=25)


def is_waiting_for_this_session() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def versions_of_days(row: Backtest) -> dict[object, str]:
    """Each stored day, and the transaction that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT day, xmin::text FROM accounts_backtestday WHERE backtest_id = %s", [row.pk])
        return dict(cursor.fetchall())


def stop_half_way(row: Backtest, start_worker: Start) -> None:
    """Holds a worker at the middle day, whose row it cannot write meanwhile, and kills it there."""
    with transaction.atomic():
        middle = row.first_day + timedelta(days=DAYS // 2)
        BacktestDay.objects.create(backtest=row, day=middle, old_scores=b"", new_scores=b"", is_known=False)
        process = start_worker()
        wait_until(is_waiting_for_this_session)
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        transaction.set_rollback(True)


def test_a_back_test_whose_worker_is_killed_half_way_completes_once(draft: ScoringPolicy, start_worker: Start) -> None:
    row = backtest.start(draft, None, DAYS)
    stop_half_way(row, start_worker)
    row.refresh_from_db()
    before = versions_of_days(row)
    assert row.status == "running"
    assert len(before) in (DAYS // 2, DAYS // 2 + 1)  # the statement that was waiting may still have gone through

    start_worker()
    sweep_backtests()
    row.refresh_from_db()
    assert row.status == "running"  # it may only be slow
    Backtest.objects.filter(pk=row.pk).update(progressed_at=timezone.now() - timedelta(seconds=61))
    sweep_backtests()
    wait_until(lambda: Backtest.objects.get(pk=row.pk).status == "done")

    after = versions_of_days(row)
    assert len(after) == DAYS
    assert {day: after[day] for day in before} == before
    draft.refresh_from_db()
    assert draft.status == "replayed"
    again = backtest.start(draft_of(draft.tenant, late_points=25), None, DAYS)
    wait_until(lambda: Backtest.objects.get(pk=again.pk).status == "done")
    again.refresh_from_db()
    row.refresh_from_db()
    assert row.report == again.report
    assert sum(sum(line) for line in report_of(row).account_days) == DAYS * 5


def test_a_lost_message_is_sent_again(draft: ScoringPolicy, start_worker: Start) -> None:
    with transaction.atomic():
        row = backtest.start(draft, None, 3)
        connection.run_on_commit.clear()  # the broker lost it
    start_worker()
    sweep_backtests()
    assert Backtest.objects.get(pk=row.pk).status == "queued"
    Backtest.objects.filter(pk=row.pk).update(progressed_at=timezone.now() - timedelta(seconds=31))
    sweep_backtests()
    wait_until(lambda: Backtest.objects.get(pk=row.pk).status == "done")


def test_workers_that_take_it_up_at_once_do_it_once(draft: ScoringPolicy) -> None:
    row = backtest.start(draft, None, 10)
    assert at_once(*[lambda: backtest.run(row.pk)] * 4) == [None] * 4
    row.refresh_from_db()
    assert (row.status, row.days.count()) == ("done", 10)
