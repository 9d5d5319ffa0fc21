"""Tasks: work that other software asks for, and how far it has come."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status
from pydantic import ConfigDict

from accounts.models.api import Scope
from communications.models import TaskRun
from communications.schemas import TAMResult, TAMTask
from communications.work import door, progress, results
from communications.work.errors import Busy, Invalid, Unknown
from communications.work.progress import TaskProgress
from tamdash.api import problems
from tamdash.api.auth import scoped, token_of
from tamdash.api.drafts import number
from tamdash.api.problems import Issue, Problem, pointer
from tamdash.api.shapes import PageAsked, bad_cursor, cursor_of, place_of

RETRY_SECONDS = 60  # a batch takes longer than a call that failed

router = Router(auth=scoped("tasks:run"), tags=["Tasks"])


class TaskAsked(TAMTask):
    """A name that is not known is refused: with `account_id` misspelt, a task would be a batch over the whole tenant."""

    model_config = ConfigDict(extra="forbid", title="TAMTask")


@router.post("/tasks", response={200: TAMResult, 202: TAMResult}, summary="Run a task")
def run_task(request: HttpRequest, body: TaskAsked, response: HttpResponse) -> Status[TAMResult]:
    """Of one account: 200 with the result, or 202 while its draft is being written. Without an account_id it is a batch over the tenant: 202.

    A task that was understood and cannot be done answers 200 with `error`, `confidence` low and `partial`. With `metadata.another` true a
    new draft is written beside one of the type that waits for review already; else that one is the answer. `release_info` has version,
    released_on, features, fixes, breaking_changes, affected_integrations, affected_features and affected_environments; empty, the latest
    published release is meant. At most 10 batches of a tenant are open at a time; beyond that the answer is 429.
    """
    token = token_of(request)
    try:
        run = door.run(body, token.tenant, token)
    except Unknown as unknown:
        raise Problem("not-found", str(unknown)) from None
    except Busy as busy:
        raise Problem("too-many-batches", str(busy), headers={"Retry-After": str(RETRY_SECONDS)}) from None
    except Invalid as refused:
        raise Problem(
            "invalid", "The task asks for something that cannot be meant.", issues=[located(one) for one in refused.issues]
        ) from None
    status = 200 if run.finished_at else 202
    if status == 202:
        response.headers["Location"] = address(run)
    return Status(status, results.of_run(run))


def address(run: TaskRun) -> str:
    return reverse("api:get_task", args=[run.pk])


def located(issue: str) -> Issue:
    """An issue of the stages begins with its field."""
    field, _, detail = issue.partition(": ")
    is_named = field.split(".")[0] in TAMTask.model_fields
    return Issue(detail=detail[:1000], pointer=pointer(field.split("."))) if is_named else Issue(detail=issue[:1000], pointer="#")


@router.get(
    "/tasks/{uuid:task_id}",
    response=TaskProgress,
    auth=scoped(Scope.TASKS_RUN, Scope.HANDOFFS_WRITE),
    summary="How far a task has come",
    url_name="get_task",
)
def get_task(request: HttpRequest, task_id: UUID, asked: Query[PageAsked]) -> TaskProgress:
    """With what came of it so far. A batch tells of its accounts page by page: drafts in `results`, scores in `result.health_scores`.

    A token that may hand off and run no tasks sees what it began itself. A task is kept for 180 days after its end.
    """
    token = token_of(request)
    rows = TaskRun.objects.filter(tenant=token.tenant_id).select_related("tenant", "account")
    if Scope.TASKS_RUN not in token.scopes:
        rows = rows.filter(token=token)
    run = rows.filter(pk=task_id).first()
    if run is None:
        raise problems.missing()
    told = progress.of(run, after_of(asked.cursor), asked.limit)
    return told.model_copy(update={"next_cursor": cursor_of(told.next_cursor)}) if told.next_cursor else told


def after_of(cursor: str | None) -> int:
    place = number(place_of(cursor, 1)[0]) if cursor else 0
    if place is None:
        raise bad_cursor()
    return place
