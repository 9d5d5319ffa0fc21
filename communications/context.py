"""What a writer is given: a snapshot of what is known about an account, in contracts, stored with the draft it led to."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Account, HealthSnapshot, Ticket, User
from communications import chosen_path
from communications.models import Communication, Release, RoadmapItem

MAX_TICKETS = 40
MAX_RESOLVED = 10
MAX_PAST = 10
MAX_ROADMAP_ITEMS = 40
RESOLVED_WITHIN = timedelta(days=90)

Context = dict[str, Any]


class NothingToWriteAbout(Exception):
    """What this type of draft is about does not exist. The message says what to do."""


def build(draft: Communication, at: datetime) -> Context:
    """In at most nineteen queries, whatever the account holds. Raises NothingToWriteAbout."""
    account = Account.objects.with_profile().select_related("tenant", "owner", "heartbeat").get(pk=draft.account_id)
    profile = account.relationship_profile().model_dump(mode="json")
    profile["communication_history"] = profile["communication_history"][:MAX_PAST]
    return {
        "as_of": at.astimezone(account.tenant.zone).isoformat(),
        "rep": signatory(account.owner or draft.requested_by),
        "relationship_profile": profile,
        "recent_communications": profile["communication_history"],
        **health(account),
        "last_heartbeat": beat.last_at.isoformat() if (beat := getattr(account, "heartbeat", None)) else None,
        **tickets(account, at),
        **subject_matter(draft, account),
        **({"chosen_path": chosen_path.due(draft, account)} if draft.chosen_path else {}),
    }


def signatory(user: User | None) -> dict[str, str]:
    """Who signs. A manager who writes for an account without an owner claims no title."""
    if user is None:
        return {"name": "", "title": ""}
    return {"name": str(user), "title": "Technical Account Manager" if user.role == User.Role.REP else ""}


def health(account: Account) -> Context:
    """The latest scan's result, with the points behind it and the policy's limits; null where no scan has seen the account."""
    latest = account.tenant.scan_runs.covering(account).first()
    snapshot = HealthSnapshot.objects.filter(account=account, scan=latest).select_related("scan__policy").first() if latest else None
    if snapshot is None:
        return {"health_score": None, "deductions": {}, "limits": {}}
    policy = snapshot.scan.policy
    return {
        "health_score": snapshot.contract(account.external_id).model_dump(mode="json"),
        "deductions": {"late": snapshot.late_points, "volume": snapshot.volume_points, "silence": snapshot.silence_points},
        "limits": {"red_below": policy.red_below, "amber_below": policy.amber_below},
    }


def tickets(account: Account, at: datetime) -> Context:
    """Open and pending tickets, the gravest and oldest first, and those resolved lately."""
    live = account.tickets.live().select_related("account")
    shown = [ticket.contract(at).model_dump(mode="json") for ticket in live[:MAX_TICKETS]]
    total = live.count() if len(shown) == MAX_TICKETS else len(shown)
    closed = Ticket.objects.filter(account=account, closed_at__gte=at - RESOLVED_WITHIN, deleted_at=None).select_related("account")
    resolved = [ticket.contract(at).model_dump(mode="json") for ticket in closed.order_by("-closed_at")[:MAX_RESOLVED]]
    return {
        "tickets": shown,
        "tickets_left_out": total - len(shown),
        "left_out": {"tickets": total - len(shown)} if total > len(shown) else {},
        "resolved_tickets": resolved,
        "resolved_ticket_count": closed.count() if len(resolved) == MAX_RESOLVED else len(resolved),
    }


def subject_matter(draft: Communication, account: Account) -> Context:
    if draft.communication_type == "release_notes":
        return {"release_info": release_info(draft)}
    if draft.communication_type == "roadmap_preview":
        return {"roadmap_items": roadmap_items(account)}
    return {}


def release_info(draft: Communication) -> Context:
    """Of the release that the draft tells of; of the latest one where none was named."""
    release = draft.release or Release.objects.filter(tenant=draft.tenant_id, is_published=True).first()
    if release is None:
        raise NothingToWriteAbout("No release is published yet. Publish one, then generate its notes.")
    return {
        "version": release.version,
        "released_on": release.released_on.isoformat(),
        "features": release.features,
        "fixes": release.fixes,
        "breaking_changes": release.breaking_changes,
        "affected_integrations": release.affected_integrations,
        "affected_features": release.affected_features,
        "affected_environments": release.affected_environments,
    }


def roadmap_items(account: Account) -> list[dict[str, str]]:
    """What is still to come; what has shipped is for release notes."""
    rows = RoadmapItem.objects.filter(tenant=account.tenant_id).exclude(status=RoadmapItem.Status.SHIPPED)
    items = list(rows.values("title", "description", "status", "horizon")[:MAX_ROADMAP_ITEMS])
    if not items:
        raise NothingToWriteAbout("The roadmap is empty. Add what is planned, then generate the preview.")
    return items
