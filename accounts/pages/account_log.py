"""What happened to an account lately: scores that moved, escalations, urgent tickets, messages, opinions, changes from outside."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts import policy_days, scoring
from accounts.models import EscalationEvent, ProfileChange
from accounts.models.profile import AccountQuerySet
from accounts.pages import charts
from accounts.scan import DAILY_AT

if TYPE_CHECKING:
    from accounts.pages.overview import Overview

LENGTH = 12
LONGEST_VALUE = 40  # characters


@dataclass(frozen=True)
class LogEntry:
    at: datetime
    icon: str
    text: str
    link: str = ""
    rag: str = ""


def log(page: "Overview") -> list[LogEntry]:
    """The latest first."""
    entries = [*scores(page), *escalations(page), *tickets(page), *drafts(page), *opinions(page), *profile_changes(page)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:LENGTH]


def scores(page: "Overview") -> list[LogEntry]:
    if page.health is None:
        return []
    return [
        LogEntry(
            scanned_on(page, day),
            "scan",
            f"Score {before} → {score}" if before is not None else f"First score {score}",
            rag=policy_days.on(page.policies, day).rag(score),
        )
        for day, before, score in charts.changes(bytes(page.health.trail))[:LENGTH]
    ]


def scanned_on(page: "Overview", day: date) -> datetime:
    """When a day's score was found: known for the last change, for those before the hour of the daily scan."""
    zone = page.account.tenant.zone
    if page.health and page.health.changed_at.astimezone(zone).date() == day:
        return page.health.changed_at
    return datetime.combine(day, DAILY_AT, zone)


def escalations(page: "Overview") -> list[LogEntry]:
    events = EscalationEvent.objects.filter(escalation__account=page.account).select_related("actor", "escalation")
    return [
        LogEntry(event.at, "flag", told(event), event.escalation.get_absolute_url()) for event in events.order_by("-at", "-id")[:LENGTH]
    ]


def told(event: EscalationEvent) -> str:
    by, note = f" by {event.actor}" if event.actor else "", f": {event.note}" if event.note else ""
    return f"{event.escalation} {event.get_kind_display().lower()}{by}{note}"


def tickets(page: "Overview") -> list[LogEntry]:
    urgent = [ticket for ticket in page.tickets if ticket.priority <= scoring.URGENT]
    return [LogEntry(t.created_at, "ticket", f"{t.external_id} opened as {t.get_priority_display()}: {t.subject}") for t in urgent]


def drafts(page: "Overview") -> list[LogEntry]:
    return [
        LogEntry(
            draft.updated_at,
            "draft",
            f"{draft.get_communication_type_display()}: {draft.get_status_display().lower()}",
            draft.get_absolute_url(),
        )
        for draft in page.drafts
    ]


def opinions(page: "Overview") -> list[LogEntry]:
    given = [LogEntry(o.created_at, "user", f"Opinion of {o.author}: {o.get_view_display().lower()}. {o.reason}") for o in page.opinions]
    ended = [
        LogEntry(o.ended_at, "user", f"Opinion of {o.author} ended{f'. {o.get_right_display()} was right' if o.right else ''}")
        for o in page.opinions
        if o.ended_at
    ]
    return [*given, *ended]


PARTS = {
    "account_name": "Name",
    "profile_page_id": "Notion page",
    "stakeholders": "Stakeholder",
    "integrations": "Integration",
    "feature_adoption": "Feature",
    "customer_environment": "Environment",
    "communication_history": "Message",
    "co_dev_opportunities": "Opportunity",
}


def with_changes(accounts: AccountQuerySet) -> AccountQuerySet:
    """The latest changes of the profile from outside, in the account's own query."""
    row = JSONObject(**{name: name for name in ("at", "asked_by", "part", "name", "before", "after")})
    rows = ProfileChange.objects.filter(account=OuterRef("pk")).values(row=row)[:LENGTH]
    annotated: AccountQuerySet = accounts.annotate(changes_json=ArraySubquery(rows))
    return annotated


def profile_changes(page: "Overview") -> list[LogEntry]:
    """Of an account loaded by `with_changes()`."""
    rows = [ProfileChange(**row | {"at": datetime.fromisoformat(row["at"])}) for row in getattr(page.account, "changes_json", ())]
    return [LogEntry(row.at, "sync", f"{changed(row)}, asked by {row.asked_by}") for row in rows]


def changed(row: ProfileChange) -> str:
    what = f"{PARTS.get(row.part, row.part)} {row.name}".strip()
    if row.after is None:
        return f"{what} removed"
    if not isinstance(row.after, dict):
        return f"{what}: {value(row.before)} → {value(row.after)}"
    if row.before is None:
        return f"{what} added"
    fields = (f"{name.replace('_', ' ')} {value(row.before.get(name))} → {value(after)}" for name, after in row.after.items())
    return f"{what}: {', '.join(fields)}"


def value(told: Any) -> str:
    """Of a JSON value, what fits into a line."""
    match told:
        case None | "":
            return "nothing"
        case bool():
            return "yes" if told else "no"
        case str() if len(told) > LONGEST_VALUE:
            return f"“{told[:LONGEST_VALUE].rstrip()}…”"
    return f"{told}".replace("_", " ")
