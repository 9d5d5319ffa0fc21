"""The life of a task's row: queued, running, done or failed; who is at work on it, and what its drafts have come to."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from communications.models import TaskItem, TaskRun
from communications.work import results
from tamdash.broker import tell

Status = TaskRun.Status
Item = TaskItem.Status
WORK = "communications.tasks.work_off_task"
LEASE = timedelta(minutes=2)  # renewed with every part of a batch, which takes seconds
MAX_ATTEMPTS = 3  # in a row that nobody ended in order
AT_ONCE = 20  # runs of a tenant that a sweep looks at, the oldest first, so that none waits for another tenant's
UNDER_WAY = (Status.QUEUED, Status.RUNNING)

# A draft that left the writer's hands, whatever became of it then, ends its item.
SETTLE = """
UPDATE communications_taskitem item
SET status = CASE WHEN draft.status IN ('failed', 'rejected') THEN 'failed' ELSE 'done' END,
    error = left(CASE draft.status WHEN 'failed' THEN draft.failure
        WHEN 'rejected' THEN 'The draft was rejected: ' || draft.reject_reason ELSE '' END, 500)
FROM communications_communication draft
WHERE item.run_id = %s AND item.status = 'waiting' AND draft.id = item.draft_id AND draft.status NOT IN ('queued', 'generating')"""


class LostClaim(Exception):
    """Somebody else has taken the run over."""


def claim(run_id: str, now: datetime) -> TaskRun | None:
    """The run, the caller's alone for the time of a lease; None where it has ended or somebody is at it."""
    found = TaskRun.objects.filter(free(now), pk=run_id, status__in=UNDER_WAY)
    if not found.update(claimed_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    run: TaskRun = TaskRun.objects.select_related("tenant", "token", "account").get(pk=run_id)
    return run


def free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def renew(run: TaskRun) -> None:
    """Goes on having it. To be called in the transaction of each part: where it raises LostClaim, nothing of the part stands."""
    until = timezone.now() + LEASE
    if not TaskRun.objects.filter(pk=run.pk, status__in=UNDER_WAY, claimed_until=run.claimed_until).update(claimed_until=until):
        raise LostClaim
    run.claimed_until = until


def release(run: TaskRun) -> None:
    """Lets go of it in order: what is left waits for drafts, or for room."""
    TaskRun.objects.filter(pk=run.pk, claimed_until=run.claimed_until).update(claimed_until=None, attempts=0)


def end(run: TaskRun, result: dict[str, Any], *, failed: bool) -> None:
    """Once: a second end finds it ended."""
    status = Status.FAILED if failed else Status.DONE
    values = {"status": status, "result": result, "finished_at": timezone.now(), "claimed_until": None}
    TaskRun.objects.filter(pk=run.pk, status__in=UNDER_WAY).update(**values)
    run.refresh_from_db()


def fail(run: TaskRun, why: str) -> None:
    """Ends what is left of it, in words for people."""
    TaskItem.objects.filter(run=run, status=Item.WAITING).update(status=Item.FAILED, error=why[:500])
    end(run, results.failure(run.task_type, why).model_dump(mode="json"), failed=True)


def settle(run: TaskRun) -> TaskRun:
    """Brings the run up to what its drafts have come to by now, and ends it where nothing is left to wait for."""
    if run.status != Status.RUNNING:
        return run
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [run.pk])
    items = dict(TaskItem.objects.filter(run=run).order_by().values_list("status").annotate(count=Count("id")))
    if items and not items.get(Item.WAITING):
        end(run, results.kept(run, results.of_run(run, has_ended=True)), failed=not items.get(Item.DONE))
    return run


def sweep(now: datetime) -> None:
    """Finds what a lost message or a killed worker left behind, and ends what has nothing left to wait for."""
    items = TaskItem.objects.filter(run=OuterRef("pk"))
    under_way = TaskRun.objects.filter(status__in=UNDER_WAY)
    for run in oldest(under_way.filter(status=Status.RUNNING).select_related("tenant")):
        settle(run)
    to_begin = Exists(items.filter(status=Item.WAITING, draft=None)) | ~Exists(items)
    lost = under_way.filter(free(now)).filter(Q(status=Status.QUEUED) | to_begin)
    for run in oldest(lost):
        tell(WORK, str(run.pk), can_wait=True)


def oldest(runs: QuerySet[TaskRun]) -> QuerySet[TaskRun]:
    """A few of each tenant: first the oldest of all, then their second."""
    place = Window(RowNumber(), partition_by="tenant_id", order_by=["created_at", "pk"])
    return runs.annotate(place=place).filter(place__lte=AT_ONCE).order_by("place", "created_at")
