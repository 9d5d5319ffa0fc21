"""How far a task has come, as `GET /tasks/{id}` answers it: page by page, as a batch may be about every account of a large tenant."""

from typing import Literal

from django.db.models import Count
from pydantic import Field

from accounts.models import HealthSnapshot, ScanRun
from accounts.schemas import Contract, HealthScoreResult, UtcDatetime
from communications.models import TaskItem, TaskRun
from communications.schemas import TAMResult, TaskType
from communications.work import life, results

PAGE = 50
LARGE = ("draft__generation__context", "draft__generation__messages", "draft__generation__answer")


class TaskAccount(Contract):
    """What came of one account of a task."""

    account_id: str
    status: Literal["waiting", "done", "failed"]
    result: TAMResult


class TaskProgress(Contract):
    """A task and how far it has come. `result` is partial until all is done."""

    id: str
    task_type: TaskType
    account_id: str | None = Field(description="null: a batch over the whole tenant.")
    deal_id: str | None = None
    status: Literal["queued", "running", "done", "failed"]
    total: int = Field(description="Accounts that the task is about; 0 until that is known.")
    done: int
    failed: int
    created_at: UtcDatetime
    finished_at: UtcDatetime | None = None
    result: TAMResult
    results: list[TaskAccount] = Field(
        default=[], description="Of a batch of drafts: one page of its accounts. Of a batch scan they are in result.health_scores."
    )
    next_cursor: str | None = Field(default=None, description="Where the next page begins: send it as `cursor`. null: this is the last.")


def of(run: TaskRun, after: int = 0, most: int = PAGE) -> TaskProgress:
    """With the accounts behind the cursor `after`, at most so many."""
    life.settle(run)
    result, page, following = results.of_run(run), list[TaskAccount](), None
    if run.account_id is None and run.task_type == results.SCAN:
        scores, following = scores_of(run, after, most)
        result = result.model_copy(update={"health_scores": scores, "partial": result.partial or following is not None})
    elif run.account_id is None:
        page, following = accounts_of(run, after, most)
    total, done, failed = counts(run)
    values = {"id": str(run.pk), "account_id": run.account.external_id if run.account else None, "deal_id": run.task.get("deal_id")}
    told = {name: getattr(run, name) for name in ("task_type", "status", "created_at", "finished_at")}
    counted = {"total": total, "done": done, "failed": failed}
    return TaskProgress.model_validate({**values, **told, **counted, "result": result, "results": page, "next_cursor": following})


def scan_of(run: TaskRun) -> ScanRun | None:
    """The finished scan of a batch."""
    number = (run.result or {}).get("scan")
    return ScanRun.objects.select_related("policy").filter(pk=number, finished_at__isnull=False).first() if number else None


def scores_of(run: TaskRun, after: int, most: int) -> tuple[list[HealthScoreResult], str | None]:
    scan = scan_of(run)
    if scan is None:
        return [], None
    rows = HealthSnapshot.objects.filter(scan=scan, account_id__gt=after).select_related("account").order_by("account_id")
    found = list(rows[: most + 1])
    for row in found:
        row.scan = scan
    return [row.contract(row.account.external_id) for row in found[:most]], cursor([row.account_id for row in found], most)


def accounts_of(run: TaskRun, after: int, most: int) -> tuple[list[TaskAccount], str | None]:
    rows = run.items.filter(pk__gt=after).select_related("account", "draft__generation").defer(*LARGE).order_by("pk")
    found, stale = list(rows[: most + 1]), results.is_stale(run.tenant)
    page = [
        TaskAccount.model_validate(
            {"account_id": item.account.external_id, "status": item.status, "result": results.of_item(run, item, stale)}
        )
        for item in found[:most]
    ]
    return page, cursor([item.pk for item in found], most)


def cursor(numbers: list[int], most: int) -> str | None:
    """What the next page comes after, where more was found than one page holds."""
    return str(numbers[most - 1]) if len(numbers) > most else None


def counts(run: TaskRun) -> tuple[int, int, int]:
    """Accounts in all, done and failed."""
    if run.account_id is None and run.task_type == results.SCAN:
        scan = scan_of(run)
        return (scan.accounts, scan.accounts, 0) if scan else (0, 0, 0)
    by_status = dict(run.items.order_by().values_list("status").annotate(count=Count("id")))
    return sum(by_status.values()), by_status.get(TaskItem.Status.DONE, 0), by_status.get(TaskItem.Status.FAILED, 0)
