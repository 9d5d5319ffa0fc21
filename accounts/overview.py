"""What the account page reads, in a number of queries that no history makes grow."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q

from accounts import charts, scoring, trail
from accounts.models import (
    Account,
    AccountHealth,
    CommunicationHistory,
    Escalation,
    EscalationEvent,
    Heartbeat,
    HeartbeatDay,
    ScanRun,
    Ticket,
)
from accounts.scan import DAILY_AT, policy_at
from accounts.scoring import Deduction, OpenTicket, Policy, Scored, Signals

MOST_TICKETS = 200
LOG_LENGTH = 12


@dataclass(frozen=True)
class LogEntry:
    at: datetime
    icon: str
    text: str
    link: str = ""
    rag: str = ""


@dataclass(frozen=True)
class Line:
    """A deduction as a row: where its step begins on the way down from 100, and how wide it is."""

    points: int
    left: int
    width: int
    icon: str
    text: str
    ticket: Ticket | None = None
    age: float | None = None  # days


def words(deduction: Deduction, policy: Policy, tickets: int) -> tuple[str, str]:
    """Icon and text of a deduction that is not one ticket's."""
    match deduction.cause:
        case "late_ticket":
            return "ticket", f"P1 and P2 tickets older than {policy.late_after_days} days"
        case "late_cap":
            return "info", f"Late tickets cost at most {policy.late_cap}"
        case "volume":
            return "ticket", f"{tickets} open tickets, {policy.free_tickets} are free"
        case "volume_cap":
            return "info", f"Open tickets cost at most {policy.volume_cap}"
        case "silence":
            return "pulse", "Heartbeat silent"
        case "floor":
            return "info", "The score ends at 0"


class Overview:
    """An account as its page shows it: the score of the last scan with its reasons, and what changed since."""

    def __init__(self, account: Account, now: datetime) -> None:
        self.account, self.now = account, now
        self.today = now.astimezone(account.tenant.zone).date()
        self.health: AccountHealth | None = getattr(account, "health", None)
        self.heartbeat: Heartbeat | None = getattr(account, "heartbeat", None)

    @cached_property
    def run(self) -> ScanRun | None:
        """The last scan that covered the account."""
        run: ScanRun | None = ScanRun.objects.covering(self.account).select_related("policy").first()
        return run

    @cached_property
    def policy(self) -> Policy:
        return (self.run.policy if self.run else policy_at(self.account.tenant, self.now)).rules()

    @cached_property
    def tickets_since_scan(self) -> list[Ticket]:
        """Open now, or at the last scan."""
        since = self.run.at if self.run else self.now
        return list(self.account.tickets.filter(Q(closed_at=None) | Q(closed_at__gt=since)))

    @cached_property
    def tickets(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets_since_scan if ticket.closed_at is None]

    def signals(self, at: datetime) -> Signals:
        tickets = (t for t in self.tickets_since_scan if t.created_at <= at and (t.closed_at is None or t.closed_at > at))
        return Signals(tuple(OpenTicket(t.external_id, t.priority, t.created_at) for t in tickets), self.heartbeat_at(at))

    def heartbeat_at(self, at: datetime) -> datetime | None:
        if self.heartbeat is None:
            return None
        if self.heartbeat.last_at <= at:
            return self.heartbeat.last_at
        day = HeartbeatDay.objects.filter(account=self.account, first_at__lte=at).order_by("-day").first()
        return day and (day.last_at if day.last_at <= at else day.first_at)

    @cached_property
    def live(self) -> Scored:
        """The score that a scan would find now."""
        return scoring.score(self.signals(self.now), self.policy, self.now)

    @cached_property
    def at_scan(self) -> Scored | None:
        return scoring.score(self.signals(self.run.at), self.policy, self.run.at) if self.run and self.health else None

    @property
    def deductions(self) -> list[Deduction]:
        """The points of the stored score. Ticket by ticket, unless the tickets of then are no longer known as they were."""
        if self.health is None or self.at_scan is None:
            return []
        stored = (self.health.late_points, self.health.volume_points, self.health.silence_points)
        if (self.at_scan.late_points, self.at_scan.volume_points, self.at_scan.silence_points) == stored:
            return list(self.at_scan.deductions)
        causes = zip(("late_ticket", "volume", "silence"), stored, strict=True)
        lines = [Deduction(cause, points) for cause, points in causes if points]  # type: ignore[arg-type]
        over = sum(stored) - (100 - self.health.score)
        return [*lines, Deduction("floor", -over)] if over else lines

    @property
    def points_taken(self) -> int:
        return sum(deduction.points for deduction in self.deductions)

    @property
    def lines(self) -> list[Line]:
        known = {ticket.external_id: ticket for ticket in self.tickets_since_scan}
        at = self.run.at if self.run else self.now
        found, taken = [], 0
        for deduction in self.deductions:
            ticket = known.get(deduction.tickets[0].ticket_id) if deduction.cause == "late_ticket" and deduction.tickets else None
            icon, text = words(deduction, self.policy, self.health.open_tickets if self.health else 0)
            start, end = sorted((taken, taken + deduction.points))
            age = ticket.age_days(at) if ticket else self.silence_days(at) if deduction.cause == "silence" else None
            found.append(Line(deduction.points, max(0, 100 - end), min(100, end) - min(100, start), icon, text, ticket, age))
            taken += deduction.points
        return found

    def silence_days(self, at: datetime) -> float | None:
        last = self.heartbeat_at(at)
        return (at - last).total_seconds() / 86400 if last else None

    @property
    def ticket_rows(self) -> list[tuple[Ticket, float, int]]:
        """Open tickets with their age in days and the points each alone costs now; urgent and oldest first."""
        late = {ticket.ticket_id: d.points for d in self.live.deductions if d.cause == "late_ticket" for ticket in d.tickets}
        return [(ticket, ticket.age_days(self.now), late.get(ticket.external_id, 0)) for ticket in self.tickets[:MOST_TICKETS]]

    @property
    def moved_since_scan(self) -> bool:
        return self.health is not None and self.live.score != self.health.score

    @cached_property
    def yesterday(self) -> int | None:
        return trail.score_on(self.health.trail, self.today - timedelta(days=1)) if self.health else None

    @cached_property
    def escalations(self) -> list[Escalation]:
        return list(self.account.escalations.order_by("-opened_at", "-id")[:20])

    @property
    def escalation(self) -> Escalation | None:
        return next((e for e in self.escalations if e.status != Escalation.Status.RESOLVED), None)

    @property
    def dial(self) -> charts.Dial | None:
        return charts.dial(self.health.score, self.policy) if self.health else None

    @property
    def chart(self) -> charts.Chart | None:
        if self.health is None:
            return None
        zone = self.account.tenant.zone
        marks = [(e.opened_at.astimezone(zone).date(), f"{e}") for e in self.escalations]
        return charts.chart(bytes(self.health.trail), self.policy, self.today, marks)

    @cached_property
    def log(self) -> list[LogEntry]:
        """What happened lately: scores that moved, escalations, urgent tickets, messages; latest first."""
        entries = [*self.score_entries(), *self.escalation_entries(), *self.ticket_entries(), *self.draft_entries()]
        return sorted(entries, key=lambda entry: entry.at, reverse=True)[:LOG_LENGTH]

    def score_entries(self) -> list[LogEntry]:
        if self.health is None:
            return []
        changes = charts.changes(bytes(self.health.trail))[:LOG_LENGTH]
        return [
            LogEntry(
                self.scanned_on(day),
                "scan",
                f"Score {before} → {score}" if before is not None else f"First score {score}",
                rag=self.policy.rag(score),
            )
            for day, before, score in changes
        ]

    def scanned_on(self, day: date) -> datetime:
        """When a day's score was found: known for the last change, for those before the hour of the daily scan."""
        zone = self.account.tenant.zone
        if self.health and self.health.changed_at.astimezone(zone).date() == day:
            return self.health.changed_at
        return datetime.combine(day, DAILY_AT, zone)

    def escalation_entries(self) -> list[LogEntry]:
        events = (
            EscalationEvent.objects.filter(escalation__account=self.account).select_related("actor", "escalation").order_by("-at", "-id")
        )
        return [
            LogEntry(
                event.at,
                "flag",
                f"{event.escalation} {event.get_kind_display().lower()}{f' by {event.actor}' if event.actor else ''}{f': {event.note}' if event.note else ''}",
                event.escalation.get_absolute_url(),
            )
            for event in events[:LOG_LENGTH]
        ]

    def ticket_entries(self) -> list[LogEntry]:
        urgent = [ticket for ticket in self.tickets if ticket.priority <= scoring.URGENT]
        return [LogEntry(t.created_at, "ticket", f"{t.external_id} opened as {t.get_priority_display()}: {t.subject}") for t in urgent]

    def draft_entries(self) -> list[LogEntry]:
        return [
            LogEntry(
                draft.updated_at,
                "draft",
                f"{draft.get_communication_type_display()}: {draft.get_status_display().lower()}",
                draft.get_absolute_url(),
            )
            for draft in self.drafts
        ]

    @cached_property
    def history(self) -> list[CommunicationHistory]:
        return list(self.account.communication_history.all()[:8])

    @cached_property
    def drafts(self) -> list[Any]:
        """The account's latest drafts, through the relation that the communications app adds."""
        return list(self.account.communications.defer("body_html", "context", "answer").order_by("-updated_at")[:LOG_LENGTH])
