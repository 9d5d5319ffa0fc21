"""Where a task comes in: checked, written down, begun, and waited for as long as the caller's line may be held."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from threading import BoundedSemaphore
from time import monotonic, sleep

from django.db import connection, transaction
from django.utils import timezone

from accounts import scan
from accounts.models import Account, ApiToken, Tenant
from communications.models import TaskItem, TaskRun
from communications.schemas import TAMTask
from communications.work import batch, life, payload, release_data, single
from communications.work.errors import Busy, CannotBeDone, Invalid, Unknown
from communications.work.results import PROFILE
from tamdash.broker import tell

logger = logging.getLogger(__name__)

WAIT = 3.0  # seconds that a request may wait for a draft
LOOK_EVERY = 0.1
AT_ONCE = 2  # requests of a process that wait at the same time: the threads and connections of the others serve people
UNEXPECTED = "An unexpected error stopped the task. Ask again; if it happens again, tell an admin."
LONGEST_DEAL = 120
OPEN_BATCHES = 10  # of a tenant
slots = BoundedSemaphore(AT_ONCE)


def run(task: TAMTask, tenant: Tenant, token: ApiToken | None, *, wait: float | None = None) -> TaskRun:
    """Takes the task in. One about an account has begun when this returns, and is done unless its draft takes longer than `wait` seconds.

    A batch is left to the workers. Without `wait` it is as long as a request may. Raises Unknown, Invalid and Busy.
    """
    found = accept(task, tenant, token)
    if found.account_id is None:
        return found
    perform(found)
    return wait_for(found, WAIT if wait is None else wait)


def accept(task: TAMTask, tenant: Tenant, token: ApiToken | None) -> TaskRun:
    """The task as a row. Raises Unknown, Invalid and Busy, and then nothing was written."""
    if task.tenant_id != tenant.slug:
        raise Unknown("There is no such tenant for this token: tenant_id names another.")
    account = account_of(tenant, task.account_id) if task.account_id is not None else None
    given = task.model_dump(mode="json")
    if issues := [*payload.issues_of(given), *misfits(task)]:
        raise Invalid(issues)
    release_data.read(task.release_info)
    with transaction.atomic():
        if account is None:
            check_room(tenant)
        made = TaskRun(tenant=tenant, token=token, task_type=task.task_type, account=account, task=given)
        if account:
            # Whoever asks does it at once; the sweep takes it up where they died on the way.
            made.status, made.attempts, made.claimed_until = life.Status.RUNNING, 1, timezone.now() + life.LEASE
        made.save(force_insert=True)
        if account:
            TaskItem.objects.create(run=made, account=account)
        else:
            transaction.on_commit(partial(tell, life.WORK, str(made.pk), can_wait=True))
    return made


def account_of(tenant: Tenant, account_id: str) -> Account:
    """The tenant's active account of that id. Raises Unknown, whether it is another's, archived or nobody's."""
    rows = Account.objects.active().filter(tenant=tenant)
    known: Account | None = rows.filter(external_id=account_id).first() if payload.is_text(account_id) else None
    if known is None:
        raise Unknown("There is no active account of that account_id.")
    return known


def check_room(tenant: Tenant) -> None:
    """To be called in the transaction that adds a batch: two at once come one after the other. Raises Busy."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if TaskRun.objects.filter(tenant=tenant, account=None, status__in=life.UNDER_WAY).count() >= OPEN_BATCHES:
        raise Busy(f"{OPEN_BATCHES} batch tasks of this tenant are open, which is as many as may be.")


def misfits(task: TAMTask) -> list[str]:
    """What goes together with no task of its type."""
    issues = []
    if task.task_type == PROFILE and task.account_id is None:
        issues.append("account_id: an update of a profile needs one.")
    if task.task_type == PROFILE and not task.profile_updates:
        issues.append("profile_updates: there is nothing to update.")
    if task.deal_id is not None and len(task.deal_id) > LONGEST_DEAL:
        issues.append(f"deal_id: it has more than {LONGEST_DEAL} characters.")
    return issues


def work_off(run_id: str, now: datetime) -> None:
    """For workers: does what is to be done of the run, unless somebody is at it."""
    found = life.claim(run_id, now)
    if found:
        with suppress(Invalid):  # it stands on the run
            perform(found)


def perform(found: TaskRun) -> None:
    """Does all of a claimed run that can be done now. Whatever stops it stands on the run, in words. Raises Invalid for the caller to tell."""
    try:
        if found.account_id:
            for item in TaskItem.objects.filter(run=found, status=TaskItem.Status.WAITING, draft=None):
                single.perform(found, item)
        else:
            batch.perform(found)
    except Invalid as refused:
        life.fail(found, str(refused))
        raise
    except CannotBeDone as reason:
        life.fail(found, str(reason))
    except (life.LostClaim, scan.ScanBusy):
        logger.info("Task %s was left to another worker", found.pk)
    except Exception:  # the task ends as failed in words for people; the fault itself goes to the log
        logger.exception("Task %s could not be done at attempt %s", found.pk, found.attempts)
        if found.account_id or found.attempts >= life.MAX_ATTEMPTS:
            life.fail(found, UNEXPECTED)
    else:
        life.release(found)
        life.settle(found)


def wait_for(found: TaskRun, seconds: float) -> TaskRun:
    """The run once its draft is written, or as it is when the time is up or nobody else may wait."""
    until = monotonic() + seconds
    with slot() as may_wait:
        while may_wait and not found.finished_at and monotonic() < until:
            if not connection.in_atomic_block:
                connection.close()  # the pool's few connections are for those who have something to do
            sleep(LOOK_EVERY)
            found.refresh_from_db()
            life.settle(found)
    return found


@contextmanager
def slot() -> Iterator[bool]:
    has_one = slots.acquire(blocking=False)
    try:
        yield has_one
    finally:
        if has_one:
            slots.release()
