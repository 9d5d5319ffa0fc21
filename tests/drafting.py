"""Drafts in any state, made through the stages themselves, and the contexts that composer tests start from."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Account, User
from communications import drafts
from communications.models import Communication, Generation
from tests import make

NOW = datetime(2026, 11, 24, 9, 40, tzinfo=UTC)
Status = Communication.Status


def draft(of: Account, status: str = "ready", *, by: User | None = None, **values: Any) -> Communication:
    """A draft that went through its life up to `status`, with one generated version from ready on."""
    row = Communication.objects.create(
        tenant=of.tenant, account=of, communication_type=values.pop("communication_type", "health_checkin"), requested_by=by
    )
    path = {
        "queued": [],
        "failed": ["generating", "failed"],
        "rejected": ["generating", "ready", "rejected"],
    }.get(status, ["generating", "ready", "approved", "delivered", "sent"])
    for step in path[: path.index(status) + 1] if status in path else []:
        text = {"subject": "How are things?", "body_html": "<p>Hello there.</p>"} | values if step == "ready" else {}
        assert drafts.move(row, row.status, step, by=by, **text)
        if step == "ready":
            drafts.add_revision(row, "generated")
    return row


def ticket(name: str, priority: str, days: float, subject: str, status: str = "open") -> dict[str, Any]:
    return {
        "ticket_id": name,
        "account_id": "halden",
        "priority": priority,
        "status": status,
        "created_at": (NOW - timedelta(days=days)).isoformat(),
        "age_days": days,
        "subject": subject,
    }


def person(name: str, maturity: str, role: str = "Buyer", notes: str = "") -> dict[str, str]:
    return {"name": name, "role": role, "technical_maturity": maturity, "notes": notes}


def context(**values: Any) -> dict[str, Any]:
    """A context in which all is well; `profile` and `health` change single fields of those contracts."""
    health = {"account_id": "halden", "score": 100, "rag_status": "Green", "previous_score": 100, "previous_rag": "Green"}
    profile = {
        "account_id": "halden",
        "account_name": "Halden Freight",
        "stakeholders": [person("Petra Hoffmann", "medium")],
        "integrations": [
            {"integration_name": "Order sync", "is_active": True, "since": "2024-03-01"},
            {"integration_name": "Warehouse export", "is_active": False, "since": "unknown"},
        ],
        "feature_adoption": [{"feature_name": "Batch API", "adopted": True}, {"feature_name": "Audit log", "adopted": False}],
        "customer_environment": ["Kubernetes 1.31"],
    }
    return {
        "as_of": NOW.isoformat(),
        "rep": {"name": "Mara Lindqvist", "title": "Technical Account Manager"},
        "health_score": health | {"hours_since_heartbeat": 2.0, "scan_timestamp": NOW.isoformat()} | values.pop("health", {}),
        "deductions": {"late": 0, "volume": 0, "silence": 0},
        "limits": {"red_below": 40, "amber_below": 70},
        "relationship_profile": profile | values.pop("profile", {}),
        "tickets": [],
        "tickets_left_out": 0,
        "resolved_tickets": [],
        "resolved_ticket_count": 0,
        "recent_communications": [],
    } | values


def claiming(of: Account, body_html: str = "", **values: Any) -> Communication:
    """A draft in review, written from a snapshot with one ticket, T-77. By default its body also names T-99, which no record holds."""
    body = body_html or "<p>Hello,</p><p>we work on T-77 with you. The next change closes T-99.</p><p>Thank you for your patience.</p>"
    row = draft(of, **{"subject": "T-77 and what comes next", "body_html": body, "recipients": "Petra <petra@halden.test>"} | values)
    given = context(tickets=[ticket("T-77", "P1", 5, "Payouts fail")])
    row.generation = Generation.objects.create(communication=row, context=given, writer="offline")
    row.save(update_fields=["generation"])
    row.revisions.update(generation=row.generation)
    drafts.count_flags(row)
    return row


def reviewed(draft: Communication) -> Communication:
    """The row as the database has it now."""
    return Communication.objects.get(pk=draft.pk)


def someone(of: Account) -> User:
    return of.owner or make.user(of.tenant, "manager")
