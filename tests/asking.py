"""Software that asks: tasks of any type, and the writers that answer them in this process."""

from typing import Any

from accounts.models import Account, ApiToken, Tenant
from accounts.models.api import Scope
from communications import generation
from communications.models import Communication, TaskRun
from communications.schemas import TAMResult, TAMTask
from communications.work import door, life, results
from tests import make


def token(of: Tenant, name: str = "Sales agent") -> ApiToken:
    return ApiToken.objects.create(tenant=of, name=name, digest=f"{next(make.numbers):064}", hint="abcd", scopes=list(Scope.values))


def task(of: Tenant, task_type: str, account: Account | None = None, **values: Any) -> TAMTask:
    about = {"task_type": task_type, "tenant_id": of.slug, "account_id": account.external_id if account else None}
    return TAMTask.model_validate(about | values)


def ask(of: Tenant, task_type: str, account: Account | None = None, **values: Any) -> TaskRun:
    """The run as the caller finds it without waiting."""
    return door.run(task(of, task_type, account, **values), of, token(of, f"Agent {next(make.numbers)}"), wait=0)


def write_drafts() -> None:
    for pk in Communication.objects.filter(status="queued").values_list("pk", flat=True):
        generation.generate(pk)


def finished(run: TaskRun) -> TAMResult:
    """The result once the drafts are written, which are by the offline composer."""
    write_drafts()
    return results.of_run(life.settle(run))
