"""Tasks about a whole tenant: an item an account, in parts that any worker can go on with."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account, ScanRun
from communications.models import Communication, RoadmapItem, TaskItem, TaskRun
from communications.tasks import work_off_task
from communications.work import batch, door, life, progress, results
from communications.work.errors import Invalid
from tests import make
from tests.asking import ask, finished, write_drafts
from tests.conftest import Cast
from tests.releasing import customers
from tests.worker import wait_until, workers


def worked(run: TaskRun) -> TaskRun:
    """As far as one worker comes."""
    door.work_off(str(run.pk), timezone.now())
    run.refresh_from_db()
    return run


@pytest.fixture
def accounts(cast: Cast) -> list[Account]:
    make.account(cast.stranger.tenant)
    make.account(cast.tenant, is_active=False)
    return customers(cast.tenant, cast.rep, 5)


def test_a_batch_scan_is_left_to_the_workers_and_answers_every_score(accounts: list[Account], cast: Cast) -> None:
    run = ask(cast.tenant, "health_scan")
    assert (run.status, results.of_run(run).partial) == ("queued", True)
    seen = progress.of(worked(run), most=3)
    assert (seen.status, seen.total, seen.done, seen.failed) == ("done", 5, 5, 0)
    assert seen.result.partial, "more follow"
    rest = progress.of(run, after=int(seen.next_cursor or 0), most=3)
    assert (rest.next_cursor, rest.result.partial) == (None, False)
    told = [score.account_id for page in (seen, rest) for score in page.result.health_scores]
    assert told == [account.external_id for account in accounts]


def test_a_scan_begun_by_a_worker_that_died_is_done_and_no_second_one(accounts: list[Account], cast: Cast) -> None:
    run = ask(cast.tenant, "health_scan")
    claimed = life.claim(str(run.pk), timezone.now())
    assert claimed is not None
    made = ScanRun.objects.create(
        tenant=cast.tenant,
        kind="tenant",
        at=timezone.now(),
        local_date=timezone.now(),
        policy=cast.tenant.policies.get(),
        started_at=timezone.now(),
    )
    TaskRun.objects.update(result={"scan": made.pk}, status="running", claimed_until=timezone.now() - timedelta(seconds=1))
    assert worked(run).status == "done"
    assert ScanRun.objects.get().finished_at is not None
    worked(run)
    assert ScanRun.objects.count() == 1


def test_each_account_gets_one_draft_and_its_answer(accounts: list[Account], cast: Cast) -> None:
    waiting = make.draft(accounts[0], "health_checkin")
    run = worked(ask(cast.tenant, "health_checkin"))
    seen = progress.of(run)
    assert (seen.status, seen.total, seen.done) == ("running", 5, 1)
    assert (seen.results[0].result.draft_id, seen.results[1].result.communication_content) == (str(waiting.pk), None)
    result = finished(run)
    assert (run.status, result.partial, result.error) == ("done", False, None)
    assert Communication.objects.count() == 5
    after = progress.of(run, most=4)
    assert [one.status for one in after.results] == ["done"] * 4
    assert all(one.result.communication_content for one in after.results)
    assert after.next_cursor is not None


def test_the_same_batch_again_finds_what_waits_for_review(accounts: list[Account], cast: Cast) -> None:
    finished(worked(ask(cast.tenant, "customer_success_review")))
    again = worked(ask(cast.tenant, "customer_success_review"))
    assert (again.status, Communication.objects.count()) == ("done", 5)


def test_what_a_worker_left_half_done_is_gone_on_with_and_nothing_doubled(
    accounts: list[Account], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PART", 2)
    run = ask(cast.tenant, "health_checkin")
    claimed = life.claim(str(run.pk), timezone.now())
    assert claimed is not None
    batch.fill(claimed, None)
    assert batch.draft_part(claimed, None)
    assert Communication.objects.count() == 2
    assert worked(run).status == "running", "somebody is at it"
    assert Communication.objects.count() == 2
    door.work_off(str(run.pk), timezone.now() + 2 * life.LEASE)
    assert Communication.objects.count() == 5
    with pytest.raises(life.LostClaim):
        batch.draft_part(claimed, None)
    assert set(TaskItem.objects.values_list("draft__account", flat=True)) == {account.pk for account in accounts}


def test_the_release_reaches_whom_it_matters_to(accounts: list[Account], cast: Cast) -> None:
    make.account(cast.tenant)
    info = {"version": "4.20", "features": ["ERP connector streams large orders"]}
    run = worked(ask(cast.tenant, "release_notes", release_info=info))
    assert finished(run).error is None
    assert set(Communication.objects.values_list("account", "release__version")) == {(account.pk, "4.20") for account in accounts}
    nobody = worked(ask(cast.tenant, "release_notes", release_info={"version": "5", "features": ["Fax"]}))
    assert results.of_run(nobody).error == "Release 5 touches no account: nobody has on record what it names."


def test_outreach_goes_to_the_worst_first_within_the_days_budget(cast: Cast) -> None:
    cast.tenant.settings = {"outreach_per_day": 2}
    cast.tenant.save()
    mild, worst, middle = (make.account(cast.tenant) for _ in range(3))
    for account, score in ((mild, 35), (worst, 5), (middle, 20)):
        make.waiting(account, score=score)
    run = worked(ask(cast.tenant, "escalation_outreach"))
    result = finished(run)
    assert set(Communication.objects.values_list("account", flat=True)) == {worst.pk, middle.pk}
    assert all(draft.escalation_id for draft in Communication.objects.all())
    assert result.error is not None
    assert result.error.startswith(f"1 of 3 accounts failed. The first, {mild.external_id}: Today's budget of 2")
    assert (run.status, result.partial, result.confidence) == ("done", True, "low")


def test_no_more_than_the_workers_have_room_for_are_asked_for_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "UNDER_WAY_AT_ONCE", 2)
    for _ in range(3):
        make.waiting(make.account(cast.tenant))
    run = worked(ask(cast.tenant, "escalation_outreach"))
    assert Communication.objects.count() == 2
    write_drafts()
    assert worked(run).attempts == 0
    assert finished(run).partial is False
    assert Communication.objects.count() == 3


def test_what_cannot_be_done_for_anybody_fails_at_once(accounts: list[Account], cast: Cast) -> None:
    for kind, words in (("roadmap_preview", "The roadmap is empty"), ("escalation_outreach", "No account has an open escalation")):
        run = worked(ask(cast.tenant, kind))
        result = results.of_run(run)
        assert result.error is not None
        assert result.error.startswith(words)
        assert (run.status, result.confidence, result.partial) == ("failed", "low", True)
    assert not TaskItem.objects.exists()
    with pytest.raises(Invalid, match="account_id: an update of a profile needs one"):
        ask(cast.tenant, "update_relationship_profile", profile_updates={"account_name": "X"})


def test_a_batch_that_fails_again_and_again_is_given_up(accounts: list[Account], cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("boom")

    monkeypatch.setattr(batch, "draft_part", broken)
    run = ask(cast.tenant, "health_checkin")
    for attempt in range(1, life.MAX_ATTEMPTS + 1):
        door.work_off(str(run.pk), timezone.now() + attempt * 2 * life.LEASE)
    run.refresh_from_db()
    assert (run.status, results.of_run(run).error) == ("failed", door.UNEXPECTED)
    assert "boom" not in str(run.result)


def test_drafts_that_failed_and_were_rejected_are_told_of(accounts: list[Account], cast: Cast) -> None:
    RoadmapItem.objects.create(tenant=cast.tenant, title="Returns portal", horizon="Q1 2027")
    run = worked(ask(cast.tenant, "roadmap_preview"))
    first, second, *_ = Communication.objects.order_by("account_id")
    make.failed(first)
    Communication.objects.filter(pk=second.pk).update(status="rejected", reject_reason="Too early")
    result = finished(run)
    assert result.error == f"2 of 5 accounts failed. The first, {accounts[0].external_id}: The writer stopped."
    errors = list(TaskItem.objects.filter(status="failed").order_by("pk").values_list("error", flat=True))
    assert errors == ["The writer stopped.", "The draft was rejected: Too early"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_batch_costs_no_draft_and_doubles_none() -> None:
    tenant = make.tenant()
    customers(tenant, make.user(tenant), 12)
    with workers(OPENAI_API_KEY="", OPENAI_BASE_URL="") as start:
        run, worker = ask(tenant, "health_checkin"), start()
        with transaction.atomic(), connection.cursor() as cursor:
            # It comes as far as the drafts, which it cannot write, and is killed there.
            cursor.execute("LOCK TABLE communications_communication IN SHARE MODE")
            wait_until(lambda: TaskRun.objects.get().status == "running" and batch_waits_for_the_lock())
            assert TaskItem.objects.count() == 12
            worker.kill()
            worker.wait(20)
    assert not Communication.objects.exists()
    assert TaskRun.objects.get().attempts == 1
    work_off_task(str(run.pk))
    assert not Communication.objects.exists(), "its lease has not run out"
    TaskRun.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    work_off_task(str(run.pk))
    assert finished(TaskRun.objects.get()).error is None
    assert Communication.objects.values("account").distinct().count() == 12 == Communication.objects.count()
    assert TaskRun.objects.get().status == "done"


def batch_waits_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'communications_communication'::regclass AND NOT granted")
        return bool(cursor.fetchone()[0])
