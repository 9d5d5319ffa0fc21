"""An example of each operation: the parameters of its address, its body and its answer. The page and the document show them.

Routers may have examples of their own instead, in `openapi_extra`.
"""

from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "norrelwick-packaging"


@dataclass(frozen=True)
class Example:
    answer: Any
    body: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)


HEALTH_SCORE = {
    "account_id": ACCOUNT,
    "score": 45,
    "rag_status": "Amber",
    "previous_score": 65,
    "previous_rag": "Amber",
    "p1_p2_ticket_count": 3,
    "oldest_p1_p2_age_days": 6.21,
    "total_open_tickets": 4,
    "hours_since_heartbeat": 75.5,
    "should_escalate": False,
    "scan_timestamp": "2026-11-23T06:00:00Z",
}
TICKET = {"ticket_id": "JIRA-1042", "source": "jira", "priority": "P1", "created_at": "2026-11-17T01:03:00Z"}
SUMMARY = {
    "account_id": ACCOUNT,
    "account_name": "Norrelwick Packaging",
    "owner": "rep@demo.test",
    "tier": "strategic",
    "region": "EMEA",
    "arr": 1_180_000,
    "renewal_date": "2027-03-31",
    "is_active": True,
    "score": 45,
    "rag_status": "Amber",
    "previous_score": 65,
    "previous_rag": "Amber",
    "total_open_tickets": 4,
    "p1_p2_ticket_count": 3,
    "changed_at": "2026-11-23T06:00:00Z",
    "next_rag": "Red",
    "next_rag_at": "2026-11-25T14:05:00.000001Z",
    "turns_red_at": "2026-11-25T14:05:00.000001Z",
}
STEP = {
    "at": "2026-11-25T14:05:00.000001Z",
    "score": 25,
    "rag_status": "Red",
    "change": -20,
    "causes": [{"kind": "late_ticket", "ticket": TICKET | {"created_at": "2026-11-22T14:05:00Z"}, "hours": None}],
}
DRAFT = {
    "draft_id": "812",
    "account_id": ACCOUNT,
    "communication_type": "escalation_outreach",
    "status": "ready",
    "version": 2,
    "subject": "Order sync is slow: what we do about it",
    "writer": "offline",
    "open_flags": 1,
    "created_at": "2026-11-23T06:00:04Z",
    "updated_at": "2026-11-23T06:00:09Z",
}
TASK_ID = "6f1f0c1e-5d5c-4f0e-9a55-1f2c0f6b7f11"
RESULT: dict[str, Any] = {
    "task_type": "health_scan",
    "health_scores": [],
    "health_score": HEALTH_SCORE,
    "escalation_result": None,
    "communication_content": None,
    "communication_type": None,
    "draft_id": None,
    "relationship_profile": None,
    "error": None,
    "confidence": "high",
    "partial": False,
}
ALERT = {
    "handoff_type": "escalation_alert",
    "health_score": HEALTH_SCORE,
    "escalation_result": {
        "account_id": ACCOUNT,
        "channels": {"notion": False, "event_bus": True, "email": True, "chat": False},
        "draft_id": "812",
        "alerts_sent": 2,
    },
    "communication_content": None,
    "recommended_next_action": "Acknowledge ESC-12, due by 2026-11-23 10:00 UTC, then review the escalation outreach (draft 812) and approve it.",
    "confidence": 0.95,
}
EXAMPLES = {
    "write_tickets": Example(
        body={
            "source": "generic",
            "tickets": [
                {
                    "ticket_id": "T-1042",
                    "account_id": ACCOUNT,
                    "priority": "P1",
                    "status": "open",
                    "created_at": "2026-11-21T14:05:00Z",
                    "updated_at": "2026-11-22T09:30:00Z",
                    "subject": "Order sync fails",
                },
                {
                    "ticket_id": "T-1043",
                    "priority": "P3",
                    "status": "pending",
                    "created_at": "2026-11-21T15:00:00+01:00",
                    "updated_at": "2026-11-22T10:30:00+01:00",
                    "account_values": {"organization": "Hawkmere"},
                },
                {"ticket_id": "T-0988", "deleted_at": "2026-11-22T16:00:00Z"},
            ],
        },
        answer={
            "written": 1,
            "unchanged": 0,
            "unmatched": 1,
            "refused": 1,
            "items": [
                {"index": 0, "ticket_id": "T-1042", "result": "written", "reason": ""},
                {"index": 1, "ticket_id": "T-1043", "result": "unmatched", "reason": "it names no account"},
                {
                    "index": 2,
                    "ticket_id": "T-0988",
                    "result": "refused",
                    "reason": "the ticket is not known, so there is nothing to delete",
                },
            ],
        },
    ),
    "write_heartbeats": Example(
        body={
            "heartbeats": [
                {
                    "account_id": ACCOUNT,
                    "features": ["Bulk export", "Webhooks"],
                    "environment": {"Kubernetes": "1.31"},
                    "calls": 1200,
                }
            ]
        },
        answer={
            "recorded": 1,
            "repeated": 0,
            "refused": 0,
            "items": [{"index": 0, "account_id": ACCOUNT, "result": "recorded", "reason": ""}],
        },
    ),
    "list_accounts": Example(parameters={"rag": "Amber", "limit": 50}, answer={"items": [SUMMARY], "next_cursor": None}),
    "get_account": Example(answer=SUMMARY),
    "get_health": Example(
        answer={
            "health_score": HEALTH_SCORE,
            "policy_version": 1,
            "deductions": [
                {"cause": "late_ticket", "points": 20, "tickets": [TICKET]},
                {"cause": "late_ticket", "points": 20, "tickets": [TICKET | {"ticket_id": "JIRA-1044"}]},
                {"cause": "silence", "points": 15, "tickets": []},
            ],
            "sources": [{"source": "jira", "as_of": "2026-11-23T05:58:00Z", "is_stale": False}],
            "could_be": None,
        }
    ),
    "list_history": Example(
        parameters={"limit": 30},
        answer={
            "items": [{"health_score": HEALTH_SCORE, "policy_version": 1, "points": {"late": 40, "volume": 0, "silence": 15}}],
            "next_cursor": None,
        },
    ),
    "get_projection": Example(
        parameters={"days": 30},
        answer={
            "account_id": ACCOUNT,
            "score": 45,
            "rag_status": "Amber",
            "steps": [STEP],
            "turns_red_at": STEP["at"],
            "if_silent": None,
        },
    ),
    "get_profile": Example(
        answer={
            "account_id": ACCOUNT,
            "account_name": "Norrelwick Packaging",
            "stakeholders": [{"name": "Petra Lindqvist", "role": "CIO", "technical_maturity": "high", "notes": ""}],
            "integrations": [{"integration_name": "SAP S/4HANA", "is_active": True, "since": "2025-04-01"}],
            "feature_adoption": [{"feature_name": "Bulk export", "adopted": True, "source": "heartbeat"}],
            "customer_environment": ["Kubernetes 1.31"],
            "communication_history": [],
            "co_dev_opportunities": [],
            "health_score": 45,
            "health_rag": "Amber",
            "last_health_scan": "2026-11-23T06:00:00Z",
            "profile_page_id": None,
        }
    ),
    "list_drafts": Example(parameters={"status": "ready"}, answer={"items": [DRAFT], "next_cursor": None}),
    "get_draft": Example(
        parameters={"draft_id": "812"},
        answer=DRAFT
        | {
            "recipients": "Petra Lindqvist <petra@norrelwick.example>",
            "html": "<p>Hello Petra,</p><p>JIRA-1042 has been open for six days.</p>",
            "writer_note": "No language model is set up.",
            "claims": {"total": 9, "grounded": 8, "confirmed": 0, "open": 1},
            "failure": "",
            "reject_reason": "",
            "outcome": "",
        },
    ),
    "run_task": Example(
        body={"task_type": "health_scan", "account_id": ACCOUNT, "tenant_id": "demo"},
        answer=RESULT,
    ),
    "get_task": Example(
        parameters={"task_id": TASK_ID, "limit": 50},
        answer={
            "id": TASK_ID,
            "task_type": "health_scan",
            "account_id": ACCOUNT,
            "deal_id": None,
            "status": "done",
            "total": 1,
            "done": 1,
            "failed": 0,
            "created_at": "2026-11-23T06:00:00Z",
            "finished_at": "2026-11-23T06:00:00.4Z",
            "result": RESULT,
            "results": [],
            "next_cursor": None,
        },
    ),
    "hand_off": Example(
        body={"handoff_type": "escalation_alert", "account_id": ACCOUNT, "tenant_id": "demo", "deal_id": "D-204"},
        answer=ALERT,
    ),
    "check_handoff": Example(
        body={"part": "response", "payload": ALERT},
        answer={
            "is_valid": False,
            "strictness": "strict",
            "structural_issues": [],
            "semantic_issues": ["health_score.score: it says 45, the latest scan found 65."],
        },
    ),
}
