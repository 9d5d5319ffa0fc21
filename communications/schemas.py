"""The contracts of tasks and handoffs: what other software asks of tamdash and what it gets back."""

from typing import Literal

from pydantic import Field, JsonValue

from accounts.schemas import CommunicationType, Contract, HealthScoreResult, RelationshipProfile

__all__ = [
    "EscalationNotificationResult",
    "TAMHandoffRequest",
    "TAMHandoffResponse",
    "TAMResult",
    "TAMTask",
]

RequestType = Literal["health_scan", CommunicationType]
TaskType = Literal[RequestType, "update_relationship_profile"]
HandoffType = Literal["health_report", "escalation_alert"]


class EscalationNotificationResult(Contract):
    account_id: str
    channels: dict[str, bool] = Field(default={}, description="Whether each of notion, event_bus, email and chat was reached.")
    draft_id: str | None = None
    alerts_sent: int = 0


class TAMTask(Contract):
    task_type: TaskType
    account_id: str | None = Field(default=None, description="None: a batch over the whole tenant.")
    tenant_id: str
    deal_id: str | None = None
    release_info: dict[str, JsonValue] = Field(default={})
    profile_updates: dict[str, JsonValue] = Field(default={})
    metadata: dict[str, JsonValue] = Field(default={})


class TAMResult(Contract):
    task_type: str
    health_scores: list[HealthScoreResult] = Field(default=[])
    health_score: HealthScoreResult | None = None
    escalation_result: EscalationNotificationResult | None = None
    communication_content: str | None = None
    communication_type: str | None = None
    draft_id: str | None = None
    relationship_profile: RelationshipProfile | None = None
    error: str | None = None
    confidence: Literal["high", "medium", "low"] = "medium"
    partial: bool = False


class TAMHandoffRequest(Contract):
    handoff_type: HandoffType = "health_report"
    account_id: str
    tenant_id: str
    deal_id: str | None = None
    request_type: RequestType = "health_scan"


class TAMHandoffResponse(Contract):
    handoff_type: HandoffType = "health_report"
    health_score: HealthScoreResult | None = None
    escalation_result: EscalationNotificationResult | None = None
    communication_content: str | None = None
    recommended_next_action: str = ""
    confidence: float = Field(default=0.7, ge=0, le=1)
