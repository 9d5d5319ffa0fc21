"""Co-development that a roadmap preview found: kept in the profile once somebody approved the text, and told to sales software, once."""

import logging
import time
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, CoDevOpportunity
from accounts.models.profile import CommunicationType
from accounts.notifications.channels import ChannelError, event_bus
from accounts.notifications.events import OpportunityTold
from communications import sanitise
from communications.models import Approval, Communication, Handoff
from tamdash import broker

logger = logging.getLogger(__name__)

TELL_SALES = "communications.tasks.tell_sales"
EVENTS = UUID("3d5f4b52-95a5-4a2c-9a0e-2f6b1a7c8e10")  # with a row's number it makes the id of its event
LEASE = timedelta(minutes=1)  # longer than Redis may take
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
AT_A_STRETCH = 20.0  # seconds: less than from one sweep to the next


def save_finds(draft: Communication) -> None:
    """Keeps what the approved preview found, an account's each under one name, and has sales told. In the approval's transaction.

    What the writer named in its text and a person took out again is no find.
    """
    found = draft.answer.get("co_dev_opportunities") if draft.communication_type == CommunicationType.ROADMAP_PREVIEW else None
    if not found:
        return
    Account.objects.select_for_update(no_key=True).get(pk=draft.account_id)  # two approvals at once find each other's rows
    known = {name.casefold() for name in CoDevOpportunity.objects.filter(account=draft.account_id).values_list("name", flat=True)}
    written = draft.revisions.filter(generation=draft.generation, origin="generated").order_by("number").first()
    before, now = (plain(text.subject, text.body_html) if text else "" for text in (written, draft))
    for find in found:
        name = " ".join(str(find["opportunity_name"]).split())[:160]
        was_taken_out = name.casefold() in before and name.casefold() not in now
        if not name or name.casefold() in known or was_taken_out:
            continue
        known.add(name.casefold())
        CoDevOpportunity.objects.create(
            account_id=draft.account_id,
            name=name,
            description=str(find["description"]).strip()[:2000],
            draft_id=draft.pk,
            dispatch_at=timezone.now(),
        )
    transaction.on_commit(lambda: broker.tell(TELL_SALES))


def plain(subject: str, body_html: str) -> str:
    return " ".join(f"{subject}\n{sanitise.to_text(body_html)}".casefold().split())


def dispatch() -> None:
    """Tells sales software of what waits, until nothing is due. While Redis is away, the rest is not tried."""
    began = time.monotonic()
    while time.monotonic() - began < AT_A_STRETCH:
        row = claim(timezone.now())
        if row is None or not publish(row):
            return


def claim(now: datetime) -> CoDevOpportunity | None:
    """The next that is due, the caller's alone for the time of a lease. What a tenant's switched-off event bus holds up waits."""
    due = CoDevOpportunity.objects.filter(dispatch_at__lte=now).exclude(account__tenant__channels__event_bus_enabled=False)
    with transaction.atomic():
        row: CoDevOpportunity | None = due.order_by("dispatch_at", "id").select_for_update(skip_locked=True, of=("self",)).first()
        if row is not None:
            CoDevOpportunity.objects.filter(pk=row.pk).update(dispatch_at=now + LEASE)
    return row


def publish(row: CoDevOpportunity) -> bool:
    """Puts it into the tenant's stream. Says whether the next one is worth a try."""
    told = CoDevOpportunity.objects.filter(pk=row.pk, dispatch_at__isnull=False)
    event = event_of(row)
    try:
        event_bus.publish(event.tenant_id, event, "opportunities")
    except ChannelError as error:
        logger.warning("Opportunity %s was not told to sales: %s", row.pk, error)
        # As long again as it has waited so far: the pauses double.
        waited = timezone.now() - event.occurred_at
        told.update(dispatch_at=timezone.now() + min(max(waited, FIRST_DELAY), LONGEST_DELAY))
        return error.permanent
    with transaction.atomic():
        if told.update(dispatched_to_sales=True, dispatch_at=None):
            keep(row, event)
    return True


def keep(row: CoDevOpportunity, event: OpportunityTold) -> None:
    """On record among what was handed out, once."""
    account = Account.objects.get(pk=row.account_id)
    Handoff.objects.create(
        tenant_id=account.tenant_id,
        direction=Handoff.Direction.OUT,
        handoff_type=event.event_type,
        account=account,
        payload=event.model_dump(mode="json"),
        is_accepted=True,
    )


def event_of(row: CoDevOpportunity) -> OpportunityTold:
    """The same id and instant however often it is told."""
    account = Account.objects.select_related("tenant").get(pk=row.account_id)
    approval = Approval.objects.filter(communication=row.draft_id).first()
    values = {
        "event_id": uuid5(EVENTS, str(row.pk)),
        "tenant_id": account.tenant.slug,
        "occurred_at": approval.at if approval else timezone.now(),
        "account_id": account.external_id,
        "account_name": account.name,
        "opportunity_name": row.name,
        "description": row.description,
        "status": row.status,
        "draft_id": str(row.draft_id) if row.draft_id else None,
        "url": f"{settings.PUBLIC_URL}{reverse('account', args=[account.pk])}",
    }
    return OpportunityTold.model_validate(values)
