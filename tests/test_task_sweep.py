"""What the sweeps do for tasks: every tenant's turn comes, and what ended long ago is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from communications.models import Handoff, TaskItem, TaskRun
from communications.tasks import forget_old_tasks
from communications.work import keeping, life
from tests import make
from tests.asking import ask, write_drafts
from tests.conftest import Cast


def runs_of(account: Account, count: int) -> list[TaskRun]:
    """Somebody is at work on each, and no end in sight."""
    tenant, until = account.tenant, timezone.now() + life.LEASE
    made = [
        TaskRun(tenant=tenant, task_type="health_checkin", account=account, task={}, status="running", claimed_until=until)
        for _ in range(count)
    ]
    TaskItem.objects.bulk_create(TaskItem(run=run, account=account) for run in TaskRun.objects.bulk_create(made))
    return made


def test_what_one_tenant_asked_for_before_holds_up_no_other(cast: Cast) -> None:
    runs_of(make.account(cast.stranger.tenant), 201)
    run = ask(cast.tenant, "health_checkin", make.account(cast.tenant, cast.rep))
    write_drafts()
    life.sweep(timezone.now())
    run.refresh_from_db()
    assert run.status == "done"


def test_a_sweep_takes_a_few_of_each_tenant_the_oldest_first(cast: Cast) -> None:
    ours, theirs = runs_of(make.account(cast.tenant), 30), runs_of(make.account(cast.stranger.tenant), 2)
    now = timezone.now()
    for age, run in enumerate([*ours, *theirs]):
        TaskRun.objects.filter(pk=run.pk).update(created_at=now + timedelta(seconds=age))
    taken = [run.pk for run in life.oldest(TaskRun.objects.all())]
    assert taken[:5] == [run.pk for run in (ours[0], theirs[0], ours[1], theirs[1], ours[2])]
    assert taken[5:] == [run.pk for run in ours[3 : life.AT_ONCE]]


def test_what_ended_half_a_year_ago_is_forgotten_and_nothing_else(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    ended, lately, under_way = runs_of(make.account(cast.tenant), 5), *(runs_of(make.account(cast.tenant), 1) for _ in range(2))
    long_ago, then = (timezone.now() - keeping.KEPT_FOR + timedelta(hours=hours) for hours in (-1, 1))
    for runs, finished_at in ((ended, long_ago), (lately, then)):
        TaskRun.objects.filter(pk__in=[run.pk for run in runs]).update(status="done", finished_at=finished_at)
    TaskRun.objects.update(created_at=long_ago)
    asked = [Handoff.objects.create(tenant=cast.tenant, direction="in", payload={}, is_accepted=True) for _ in range(5)]
    answer = Handoff.objects.create(tenant=cast.tenant, direction="out", payload={}, is_accepted=True, in_reply_to=asked[0])
    Handoff.objects.exclude(pk=answer.pk).update(created_at=long_ago)
    forget_old_tasks()
    assert set(TaskRun.objects.values_list("pk", flat=True)) == {lately[0].pk, under_way[0].pk}
    assert TaskItem.objects.count() == 2
    assert Handoff.objects.get().in_reply_to is None
