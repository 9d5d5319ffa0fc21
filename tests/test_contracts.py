from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import accounts.schemas
import communications.schemas
from accounts.schemas import (
    CoDevOpportunity,
    CommunicationRecord,
    CommunicationType,
    FeatureAdoption,
    HealthScoreResult,
    IntegrationStatus,
    RelationshipProfile,
    StakeholderProfile,
    TicketSummary,
)
from communications.handoffs import StrictnessConfig, ValidationStrictness
from communications.schemas import (
    EscalationNotificationResult,
    TAMHandoffRequest,
    TAMHandoffResponse,
    TAMResult,
    TAMTask,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET: dict[str, Any] = {
    "ticket_id": "T-1",
    "account_id": "acme",
    "priority": "P1",
    "status": "open",
    "created_at": NOON,
    "age_days": 4.5,
    "subject": "Überweisung schlägt fehl",
}
RED = HealthScoreResult(account_id="acme", score=35, rag_status="Red", previous_score=72, previous_rag="Green", hours_since_heartbeat=80.5)
PROFILE = RelationshipProfile(
    account_id="acme",
    account_name="Acme",
    stakeholders=[StakeholderProfile(name="Ada", role="CTO", technical_maturity="high", notes="likes detail")],
    integrations=[IntegrationStatus(integration_name="SFTP", is_active=False, since="unknown")],
    feature_adoption=[FeatureAdoption(feature_name="Exports", adopted=True, source="heartbeat")],
    customer_environment=["Kubernetes 1.31"],
    communication_history=[CommunicationRecord(date="2026-02-01", communication_type="health_checkin", subject="Hi", outcome="call")],
    co_dev_opportunities=[CoDevOpportunity(opportunity_name="Batch API", description="Together", status="discussed")],
    health_score=35,
    health_rag="Red",
    last_health_scan=NOON,
    profile_page_id="page-1",
)
NOTIFIED = EscalationNotificationResult(account_id="acme", channels={"notion": True, "email": False}, draft_id="7", alerts_sent=1)
FILLED: list[BaseModel] = [
    TicketSummary(**TICKET),
    RED,
    *PROFILE.stakeholders,
    *PROFILE.integrations,
    *PROFILE.feature_adoption,
    *PROFILE.communication_history,
    *PROFILE.co_dev_opportunities,
    PROFILE,
    NOTIFIED,
    TAMTask(
        task_type="release_notes",
        tenant_id="emea",
        release_info={"version": "4.2", "changes": [{"name": "SFTP keys", "breaking": True, "weight": 0.5}]},
        metadata={"asked_by": None},
    ),
    TAMResult(
        task_type="health_scan",
        health_scores=[RED],
        health_score=RED,
        escalation_result=NOTIFIED,
        relationship_profile=PROFILE,
        partial=True,
    ),
    TAMHandoffRequest(account_id="acme", tenant_id="emea", request_type="roadmap_preview"),
    TAMHandoffResponse(health_score=RED, escalation_result=NOTIFIED, recommended_next_action="Call Ada"),
]


@pytest.mark.parametrize("contract", FILLED, ids=lambda contract: type(contract).__name__)
def test_a_contract_survives_the_way_through_json(contract: BaseModel) -> None:
    assert type(contract).model_validate_json(contract.model_dump_json()) == contract


def test_the_thirteen_contracts_are_exported_where_the_specification_says() -> None:
    exported = [*accounts.schemas.__all__, *communications.schemas.__all__]
    assert (len(accounts.schemas.__all__), len(communications.schemas.__all__)) == (8, 5)
    assert set(exported) == {type(contract).__name__ for contract in FILLED}


@pytest.mark.parametrize(
    ("contract", "required", "defaults"),
    [
        (StakeholderProfile, {"name": "Ada", "role": "CTO", "technical_maturity": "low"}, {"notes": ""}),
        (IntegrationStatus, {"integration_name": "SFTP"}, {"is_active": True, "since": ""}),
        (FeatureAdoption, {"feature_name": "Exports"}, {"adopted": False, "source": "manual"}),
        (
            CommunicationRecord,
            {"date": "2026-02-01", "communication_type": "release_notes", "subject": "4.2"},
            {"outcome": ""},
        ),
        (
            CoDevOpportunity,
            {"opportunity_name": "Batch API", "description": "Together"},
            {"status": "surfaced", "dispatched_to_sales": False},
        ),
        (
            RelationshipProfile,
            {"account_id": "acme"},
            {
                "account_name": "",
                "stakeholders": [],
                "integrations": [],
                "feature_adoption": [],
                "customer_environment": [],
                "communication_history": [],
                "co_dev_opportunities": [],
                "health_score": None,
                "health_rag": None,
                "last_health_scan": None,
                "profile_page_id": None,
            },
        ),
        (EscalationNotificationResult, {"account_id": "acme"}, {"channels": {}, "draft_id": None, "alerts_sent": 0}),
        (
            TAMTask,
            {"task_type": "update_relationship_profile", "tenant_id": "emea"},
            {"account_id": None, "deal_id": None, "release_info": {}, "profile_updates": {}, "metadata": {}},
        ),
        (
            TAMResult,
            {"task_type": "health_scan"},
            {
                "health_scores": [],
                "health_score": None,
                "escalation_result": None,
                "communication_content": None,
                "communication_type": None,
                "draft_id": None,
                "relationship_profile": None,
                "error": None,
                "confidence": "medium",
                "partial": False,
            },
        ),
        (
            TAMHandoffRequest,
            {"account_id": "acme", "tenant_id": "emea"},
            {"handoff_type": "health_report", "deal_id": None, "request_type": "health_scan"},
        ),
        (
            TAMHandoffResponse,
            {},
            {
                "handoff_type": "health_report",
                "health_score": None,
                "escalation_result": None,
                "communication_content": None,
                "recommended_next_action": "",
                "confidence": 0.7,
            },
        ),
    ],
)
def test_a_contract_fills_in_its_defaults_and_has_no_other_fields(
    contract: type[BaseModel], required: dict[str, Any], defaults: dict[str, Any]
) -> None:
    assert contract(**required).model_dump() == required | defaults
    for field in required:
        with pytest.raises(ValidationError, match=field):
            contract(**{name: value for name, value in required.items() if name != field})


def test_every_field_of_a_ticket_is_required() -> None:
    assert TicketSummary(**TICKET).model_dump() == TICKET
    for field in TICKET:
        with pytest.raises(ValidationError, match=field):
            TicketSummary(**{name: value for name, value in TICKET.items() if name != field})


def test_a_health_score_is_stamped_with_the_present_instant_in_utc() -> None:
    before = datetime.now(UTC)
    result = HealthScoreResult(account_id="acme", score=100, rag_status="Green")
    assert before <= result.scan_timestamp <= datetime.now(UTC)
    assert result.model_dump(exclude={"scan_timestamp"}) == {
        "account_id": "acme",
        "score": 100,
        "rag_status": "Green",
        "previous_score": None,
        "previous_rag": None,
        "p1_p2_ticket_count": 0,
        "oldest_p1_p2_age_days": 0.0,
        "total_open_tickets": 0,
        "hours_since_heartbeat": None,
        "should_escalate": False,
    }


def test_two_contracts_never_share_a_default_list() -> None:
    first = RelationshipProfile(account_id="acme")
    first.customer_environment.append("Kubernetes")
    assert RelationshipProfile(account_id="zeta").customer_environment == []


@pytest.mark.parametrize(
    ("contract", "payload"),
    [
        (TicketSummary, TICKET | {"age_days": -0.001}),
        (TicketSummary, TICKET | {"age_days": float("inf")}),
        (TicketSummary, TICKET | {"priority": "P5"}),
        (TicketSummary, TICKET | {"status": "reopened"}),
        (HealthScoreResult, {"account_id": "acme", "score": 101, "rag_status": "Green"}),
        (HealthScoreResult, {"account_id": "acme", "score": -1, "rag_status": "Red"}),
        (HealthScoreResult, {"account_id": "acme", "score": 50, "rag_status": "Yellow"}),
        (StakeholderProfile, {"name": "Ada", "role": "CTO", "technical_maturity": "expert"}),
        (CommunicationRecord, {"date": "2026-02-01", "communication_type": "newsletter", "subject": "4.2"}),
        (TAMTask, {"task_type": "send_mail", "tenant_id": "emea"}),
        (TAMHandoffRequest, {"account_id": "acme", "tenant_id": "emea", "request_type": "update_relationship_profile"}),
        (TAMHandoffResponse, {"confidence": 1.01}),
        (TAMHandoffResponse, {"handoff_type": "gossip"}),
    ],
)
def test_a_value_outside_its_range_is_refused(contract: type[BaseModel], payload: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contract.model_validate(payload)


def test_a_handoff_may_ask_for_a_scan_and_for_every_type_of_communication() -> None:
    for request_type in ("health_scan", *get_args(CommunicationType)):
        request = {"account_id": "acme", "tenant_id": "emea", "request_type": request_type}
        assert TAMHandoffRequest.model_validate(request).request_type == request_type


def test_a_naive_datetime_is_taken_as_utc() -> None:
    assert TicketSummary(**TICKET | {"created_at": NOON.replace(tzinfo=None)}).created_at == NOON
    assert TicketSummary(**TICKET | {"created_at": "2026-03-02T12:00:00"}).created_at == NOON


ZONES = [timezone(timedelta(hours=hours)) for hours in (-12, -5, 0, 2, 14)]


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.sampled_from(ZONES)))
def test_an_aware_datetime_leaves_as_the_same_instant_in_utc(moment: datetime) -> None:
    scanned = RelationshipProfile(account_id="acme", last_health_scan=moment).last_health_scan
    assert scanned == moment
    assert scanned.tzinfo is UTC


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=ZONES[-1]), datetime.max.replace(tzinfo=ZONES[0])])
def test_an_instant_that_has_no_utc_form_is_refused(moment: datetime) -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        RelationshipProfile(account_id="acme", last_health_scan=moment)


@given(
    score=st.integers(0, 100),
    rag=st.sampled_from(["Green", "Amber", "Red"]),
    previous=st.sampled_from([None, "Green", "Amber", "Red"]),
    claimed=st.booleans(),
    red_below=st.none() | st.integers(0, 100),
)
def test_whether_to_escalate_is_decided_by_the_rule_and_not_by_the_payload(
    score: int, rag: str, previous: str | None, claimed: bool, red_below: int | None
) -> None:
    payload = {
        "account_id": "acme",
        "score": score,
        "rag_status": rag,
        "previous_rag": previous,
        "should_escalate": claimed,
    }
    result = HealthScoreResult.model_validate(payload, context=None if red_below is None else {"red_below": red_below})
    worse = {("Green", "Red"), ("Amber", "Red"), ("Green", "Amber")}
    assert result.should_escalate is (score < (40 if red_below is None else red_below) or (previous, rag) in worse)


def test_the_red_threshold_of_the_policy_reaches_a_nested_health_score() -> None:
    score = {"account_id": "acme", "score": 45, "rag_status": "Red", "previous_rag": "Red"}
    result = TAMResult.model_validate({"task_type": "health_scan", "health_scores": [score]}, context={"red_below": 50})
    assert result.health_scores[0].should_escalate


def test_handoffs_are_strict_and_so_is_a_type_nobody_knows() -> None:
    types = ("health_report", "escalation_alert", "never_heard_of")
    assert [StrictnessConfig().get_strictness(type_) for type_ in types] == [ValidationStrictness.STRICT] * 3
    assert (ValidationStrictness.STRICT.value, ValidationStrictness.LENIENT.value) == ("strict", "lenient")


def test_leniency_has_to_be_asked_for_by_type() -> None:
    config = StrictnessConfig({"digest": ValidationStrictness.LENIENT})
    assert config.get_strictness("digest") is ValidationStrictness.LENIENT
    assert config.get_strictness("health_report") is ValidationStrictness.STRICT
