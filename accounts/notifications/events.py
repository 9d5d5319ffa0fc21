"""What goes out on the event bus. `docs/event-bus.md` describes it to whoever reads it; a change of meaning is a new SCHEMA_VERSION."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field

from accounts.models import Account, Escalation, EscalationEvent, HealthSnapshot, Notification
from accounts.schemas import HealthScoreResult, OpportunityStatus, RagStatus, UtcDatetime

SCHEMA_VERSION: Literal[1] = 1
Reason = Literal["score_below_threshold", "worsened_to_red", "early_warning", "raised_by_hand"]


class Event(BaseModel):
    """One entry of the stream. `event_id` stays the same however often the entry is published."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    event_id: UUID
    event_type: Literal["escalation.opened", "escalation.worsened", "co_dev_opportunity", "test"]
    schema_version: Literal[1] = SCHEMA_VERSION
    tenant_id: str = Field(description="The tenant's slug.")
    occurred_at: UtcDatetime


class Trial(Event):
    """An admin tries the channel. There is nothing to act on."""

    event_type: Literal["test"] = "test"


class EscalationTold(Event):
    """An escalation opened, or an early warning turned Red."""

    event_type: Literal["escalation.opened", "escalation.worsened"]
    account_id: str = Field(description="The account's external id, unique in its tenant.")
    account_name: str
    escalation_number: int = Field(description="41 for ESC-41.")
    reason: Reason = Field(description="Why it opened.")
    score: int = Field(ge=0, le=100, description="When it opened, or turned Red.")
    rag_status: RagStatus = Field(description="Of that score.")
    previous_score: int | None = Field(ge=0, le=100, description="At the scan before that; null if there was none.")
    severity: RagStatus = Field(description="Red once it was Red since it opened, else the state at opening.")
    opened_at: UtcDatetime
    due_at: UtcDatetime = Field(description="To be acknowledged by then.")
    url: str = Field(description="The escalation's page, for people of the tenant.")
    health_score: HealthScoreResult | None = Field(description="As the last scan up to then found it; null if there was none.")


class OpportunityTold(Event):
    """Something that a customer and we could build together, found in a roadmap preview and approved by a person."""

    event_type: Literal["co_dev_opportunity"] = "co_dev_opportunity"
    account_id: str = Field(description="The account's external id, unique in its tenant.")
    account_name: str
    opportunity_name: str
    description: str
    status: OpportunityStatus = Field(description="When it was told.")
    draft_id: str | None = Field(description="The roadmap preview that it was found in.")
    url: str = Field(description="The account's page, for people of the tenant.")


def event(row: Notification) -> Event:
    """What the row tells, in at most five queries."""
    if row.kind == Notification.Kind.TEST:
        return Trial(event_id=row.key, tenant_id=row.tenant.slug, occurred_at=row.created_at)
    escalation: Escalation = Escalation.objects.select_related("account__tenant").get(pk=row.escalation_id)
    # It turns Red once in its life, by a scan, while it is open.
    turned = escalation.events.filter(kind=EscalationEvent.Kind.WORSENED).last() if row.kind == Notification.Kind.WORSENED else None
    occurred_at = turned.at if turned else escalation.opened_at
    health = health_at(escalation.account, occurred_at)
    values = {
        "event_id": row.key,
        "event_type": f"escalation.{row.kind}",
        "tenant_id": row.tenant.slug,
        "occurred_at": occurred_at,
        "account_id": escalation.account.external_id,
        "account_name": escalation.account.name,
        "escalation_number": escalation.pk,
        "reason": escalation.reason,
        "score": turned.score if turned else escalation.score,
        "rag_status": turned.rag if turned else escalation.rag,
        "previous_score": (health.previous_score if health else None) if turned else escalation.previous_score,
        "severity": escalation.severity,
        "opened_at": escalation.opened_at,
        "due_at": escalation.due_at,
        "url": f"{settings.PUBLIC_URL}{escalation.get_absolute_url()}",
        "health_score": health,
    }
    return EscalationTold.model_validate(values)


def health_at(account: Account, moment: datetime) -> HealthScoreResult | None:
    """Contract 2 of the last scan of the account up to that moment: the one that found it, where one did."""
    run = account.tenant.scan_runs.covering(account).filter(at__lte=moment).first()
    snapshot = HealthSnapshot.objects.select_related("scan__policy").filter(scan=run, account=account).first() if run else None
    return snapshot.contract(account.external_id) if snapshot else None
