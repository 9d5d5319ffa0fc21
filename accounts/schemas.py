"""The contracts about an account: what other software sends about it and what tamdash says about it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

__all__ = [
    "CoDevOpportunity",
    "CommunicationRecord",
    "FeatureAdoption",
    "HealthScoreResult",
    "IntegrationStatus",
    "RelationshipProfile",
    "StakeholderProfile",
    "TicketSummary",
]

RagStatus = Literal["Green", "Amber", "Red"]
CommunicationType = Literal["escalation_outreach", "release_notes", "roadmap_preview", "health_checkin", "customer_success_review"]
OpportunityStatus = Literal["surfaced", "discussed", "in_progress", "closed"]

DEFAULT_RED_BELOW = 40


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a naive datetime is taken as UTC already."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the years 1 to 9999 in UTC") from error


UtcDatetime = Annotated[datetime, AfterValidator(as_utc)]


class Contract(BaseModel):
    # Infinity and NaN have no JSON form: they would come back as null.
    model_config = ConfigDict(allow_inf_nan=False)


class TicketSummary(Contract):
    ticket_id: str
    account_id: str
    priority: Literal["P1", "P2", "P3", "P4"]
    status: Literal["open", "pending", "resolved", "closed"]
    created_at: UtcDatetime
    age_days: float = Field(ge=0)
    subject: str


class HealthScoreResult(Contract):
    """The outcome of one scan; higher scores are healthier.

    Validate with `context={"red_below": n}` where the tenant's policy puts Red elsewhere than below 40.
    """

    account_id: str
    score: int = Field(ge=0, le=100)
    rag_status: RagStatus
    previous_score: int | None = None
    previous_rag: str | None = None
    p1_p2_ticket_count: int = 0
    oldest_p1_p2_age_days: float = 0.0
    total_open_tickets: int = 0
    hours_since_heartbeat: float | None = None
    should_escalate: bool = False
    scan_timestamp: UtcDatetime = Field(default_factory=lambda: datetime.now(UTC))

    @model_validator(mode="after")
    def decide_escalation(self, info: ValidationInfo) -> Self:
        context = info.context if isinstance(info.context, Mapping) else {}
        too_low = self.score < context.get("red_below", DEFAULT_RED_BELOW)
        worsened_to_red = bool(self.previous_rag) and self.previous_rag != "Red" and self.rag_status == "Red"
        early_warning = self.previous_rag == "Green" and self.rag_status == "Amber"
        self.should_escalate = too_low or worsened_to_red or early_warning
        return self


class StakeholderProfile(Contract):
    name: str
    role: str
    technical_maturity: Literal["low", "medium", "high"]
    notes: str = ""


class IntegrationStatus(Contract):
    integration_name: str
    is_active: bool = True
    since: str = Field(default="", description='A date or "unknown".')


class FeatureAdoption(Contract):
    feature_name: str
    adopted: bool = False
    source: Literal["heartbeat", "ticket", "manual"] = "manual"


class CommunicationRecord(Contract):
    date: str
    communication_type: CommunicationType
    subject: str
    outcome: str = ""


class CoDevOpportunity(Contract):
    opportunity_name: str
    description: str
    status: OpportunityStatus = "surfaced"
    dispatched_to_sales: bool = False


class RelationshipProfile(Contract):
    account_id: str
    account_name: str = ""
    stakeholders: list[StakeholderProfile] = []
    integrations: list[IntegrationStatus] = []
    feature_adoption: list[FeatureAdoption] = []
    customer_environment: list[str] = []
    communication_history: list[CommunicationRecord] = []
    co_dev_opportunities: list[CoDevOpportunity] = []
    health_score: int | None = None
    health_rag: str | None = None
    last_health_scan: UtcDatetime | None = None
    profile_page_id: str | None = Field(default=None, description="The profile's page in Notion.")
