"""What happened to an account lately: scores that moved, escalations, urgent tickets, messages, opinions."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from accounts import policy_days, scoring
from accounts.models import EscalationEvent
from accounts.pages import charts
from accounts.scan import DAILY_AT

if TYPE_CHECKING:
    from accounts.pages.overview import Overview

LENGTH = 12


@dataclass(frozen=True)
class LogEntry:
    at: datetime
    icon: str
    text: str
    link: str = ""
    rag: str = ""


def log(page: "Overview") -> list[LogEntry]:
    """The latest first."""
    entries = [*scores(page), *escalations(page), *tickets(page), *drafts(page), *opinions(page)]
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
