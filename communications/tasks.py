"""Celery's door to the writing of drafts, and to the mailboxes they go to. Each task may run twice."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.models import Tenant
from communications import batches, drafts, generation, lease, opportunities, outreach, placing, rhythm
from communications.mailboxes import connecting
from communications.models import Communication
from communications.work import door, keeping, life
from tamdash.broker import tell

logger = logging.getLogger(__name__)

Status = Communication.Status
LOST_AFTER = timedelta(seconds=30)  # a message on a healthy broker is taken before, or waits there still
MAX_ATTEMPTS = 3
AT_ONCE = 100  # abandoned ones, the oldest first


@shared_task
def generate_draft(draft_id: int) -> None:
    with lease.held(draft_id):
        generation.generate(draft_id)


@shared_task
def tell_of_waiting_drafts() -> None:
    """After many were queued at once."""
    now = timezone.now()
    batches.tell_of_waiting(now, before=now)


@shared_task
def sweep_waiting_drafts() -> None:
    """Finds what a lost message or a killed worker left behind, and goes on telling of a long queue."""
    now = timezone.now()
    abandoned = Communication.objects.filter(status=Status.GENERATING, updated_at__lt=now - lease.LEASE)
    for draft in abandoned.order_by("updated_at")[:AT_ONCE]:
        take_back(draft)
    batches.tell_of_waiting(now, before=now - LOST_AFTER)
    for draft in Communication.objects.filter(open_flags=None).order_by("pk")[:AT_ONCE]:
        drafts.count_flags(draft)


def take_back(draft: Communication) -> None:
    """Another attempt at a draft whose writer went away, up to the limit."""
    logger.warning("Draft %s was left half written at attempt %s", draft.pk, draft.attempts)
    if draft.attempts < MAX_ATTEMPTS:
        note = f"Writing was interrupted. Attempt {draft.attempts + 1} of {MAX_ATTEMPTS} follows"
        if drafts.move(draft, Status.GENERATING, Status.QUEUED, note=note):
            tell(drafts.GENERATE, draft.pk, takes_long=True)
        return
    failure = f"Writing was interrupted {MAX_ATTEMPTS} times. Try again; if it happens again, tell an admin."
    drafts.move(draft, Status.GENERATING, Status.FAILED, note=failure, failure=failure)


@shared_task
def request_outreach() -> None:
    """The minute's tick: a task for each tenant that has escalations without a draft and a budget for them.

    One each, so that a failing tenant holds up no other.
    """
    for tenant in Tenant.objects.filter(pk__in=outreach.due(timezone.now()).order_by().values("tenant")):
        if tenant.config.outreach_per_day:
            tell("communications.tasks.request_tenant_outreach", tenant.pk, expires=50)


@shared_task
def request_tenant_outreach(tenant_id: int) -> None:
    outreach.request(tenant_id, timezone.now())


@shared_task
def keep_rhythm() -> None:
    """The minute's tick: a task for each tenant whose check-ins or reviews are due, so that a failing tenant holds up no other."""
    for tenant, kind in rhythm.due(timezone.now()):
        tell("communications.tasks.draft_by_rhythm", tenant.pk, kind, expires=50)


@shared_task
def draft_by_rhythm(tenant_id: int, kind: str) -> None:
    rhythm.run(Tenant.objects.get(pk=tenant_id), kind, timezone.now())


@shared_task
def place_draft(draft_id: int) -> None:
    placing.place(draft_id)


@shared_task
def look_for_draft(draft_id: int) -> None:
    placing.look(draft_id)


@shared_task
def test_mailbox(user_id: int) -> None:
    connecting.test(user_id)


@shared_task
def sweep_mailboxes() -> None:
    now = timezone.now()
    placing.sweep(now)
    connecting.sweep(now)


@shared_task
def tell_sales() -> None:
    opportunities.dispatch()


@shared_task
def work_off_task(run_id: str) -> None:
    """What other software asked for."""
    door.work_off(run_id, timezone.now())


@shared_task
def sweep_tasks() -> None:
    life.sweep(timezone.now())


@shared_task
def forget_old_tasks() -> None:
    keeping.prune(timezone.now())
