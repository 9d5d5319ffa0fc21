"""Celery's door to the writing of drafts. Each task may run twice."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.models import Tenant
from communications import drafts, generation, llm, outreach
from communications.models import Communication
from tamdash.broker import tell

logger = logging.getLogger(__name__)

Status = Communication.Status
LOST_AFTER = timedelta(seconds=30)  # a message on a healthy broker is taken long before
SLACK = timedelta(seconds=60)  # on top of the model's own limit: reading the data and writing the draft
MAX_ATTEMPTS = 3
AT_ONCE = 100  # the oldest first; a backlog longer than this is moving anyway


@shared_task
def generate_draft(draft_id: int) -> None:
    generation.generate(draft_id)


@shared_task
def sweep_waiting_drafts() -> None:
    """Finds what a lost message or a killed worker left behind."""
    now = timezone.now()
    under_way = Communication.objects.order_by("updated_at")
    abandoned = now - timedelta(seconds=llm.longest_seconds()) - SLACK
    for draft in under_way.filter(status=Status.GENERATING, updated_at__lt=abandoned)[:AT_ONCE]:
        take_back(draft)
    for draft_id in under_way.filter(status=Status.QUEUED, updated_at__lt=now - LOST_AFTER).values_list("pk", flat=True)[:AT_ONCE]:
        tell(drafts.GENERATE, draft_id, takes_long=True)


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
