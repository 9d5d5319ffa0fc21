"""The alert of one escalation: that it opened, turned Red, or is somebody's to deal with."""

from datetime import datetime

from django.utils import timezone

from accounts.models import Escalation, EscalationEvent, Notification
from accounts.notifications.content import LONGEST_NAME, Content, Line, Section, address, outside, paragraph
from accounts.pages.deduction_lines import Line as Deduction
from accounts.pages.overview import Overview
from tamdash.templatetags.tamdash import minus, moment, span

Reason = Escalation.Reason
LONGEST_REASON = 500
INNER = str.maketrans('“”"', "‘’'")


def alert(row: Notification) -> Content:
    found = Escalation.objects.select_related("account__owner", "account__health", "account__tenant", "assignee", "raised_by")
    escalation: Escalation = found.get(pk=row.escalation_id)
    page = Overview(escalation.account, timezone.now())
    subject, lead = {"assigned": assigned, "worsened": worsened}.get(row.kind, opened)(escalation)
    is_again = row.kind == Notification.Kind.WORSENED and last(escalation, "acknowledged") is not None
    sections = (paragraph(*lead), paragraph(due(escalation, page.now, is_again), whose(escalation)), why(page))
    return Content(subject, sections, Line(f"Open {escalation}", address(escalation.get_absolute_url())))


def opened(escalation: Escalation) -> tuple[str, list[str]]:
    """Subject and first sentences."""
    name, was = outside(escalation.account.name), before(escalation)
    if escalation.reason == Reason.BY_HAND:
        who, why_so = outside(str(escalation.raised_by)), last(escalation, "opened")
        words = f"{who} raised it by hand, at {escalation.score}" + (f": {quoted(why_so.note, LONGEST_REASON)}" if why_so else ".")
        return f"{name} was raised by {who}: {escalation.rag}, {escalation.score}", [words]
    subject = f"{name} is {escalation.rag}: {escalation.score}{was}"
    return subject, [f"{escalation.get_reason_display()}: {name} is at {escalation.score}{was}."]


def worsened(escalation: Escalation) -> tuple[str, list[str]]:
    name, event = outside(escalation.account.name), last(escalation, "worsened")
    score = event.score if event and event.score is not None else escalation.score
    lead = f"{name} is at {score}. It was {escalation.rag} at {escalation.score} when {escalation} opened."
    return f"{name} turned Red: {score}, was {escalation.score}", [lead]


def assigned(escalation: Escalation) -> tuple[str, list[str]]:
    name, event = outside(escalation.account.name), last(escalation, "assigned")
    health = getattr(escalation.account, "health", None)
    rag, score = (health.rag, health.score) if health else (escalation.rag, escalation.score)
    lead = f"{outside(str(event.actor))} gave you {escalation}." if event and event.actor else f"{escalation} is yours to deal with."
    return f"Yours to deal with: {name}, {rag} {score}", [
        lead,
        f"{name}: {escalation.get_reason_display().lower()} on {moment(escalation.opened_at)}.",
    ]


def quoted(text: str, longest: int = LONGEST_NAME) -> str:
    """What somebody else wrote, with single quotes inside the double ones."""
    return f"“{outside(text, longest).translate(INNER)}”"


def before(escalation: Escalation) -> str:
    return "" if escalation.previous_score is None else f", was {escalation.previous_score}"


def last(escalation: Escalation, kind: str) -> EscalationEvent | None:
    found: EscalationEvent | None = escalation.events.filter(kind=kind).select_related("actor").last()
    return found


def due(escalation: Escalation, now: datetime, is_again: bool = False) -> str:
    """How its clock stands, which may have moved on before the message went out. `is_again`: it was acknowledged before it turned Red."""
    if escalation.status == Escalation.Status.RESOLVED:
        return "It is resolved meanwhile."
    if escalation.status == Escalation.Status.ACKNOWLEDGED:
        return "It is acknowledged meanwhile."
    if escalation.is_muted(now):
        assert escalation.muted_until is not None
        return f"It is muted until {moment(escalation.muted_until)}."
    if escalation.due_at < now:
        return f"It was to be acknowledged{' again' if is_again else ''} by {moment(escalation.due_at)}, and is overdue."
    if is_again:
        return f"It has to be acknowledged again, by {moment(escalation.due_at)} ({escalation.account.tenant.time_zone})."
    return f"To be acknowledged by {moment(escalation.due_at)} ({escalation.account.tenant.time_zone})."


def whose(escalation: Escalation) -> str:
    owner = outside(str(escalation.account.owner)) if escalation.account.owner else "Nobody"
    deals = f" {outside(str(escalation.assignee))} deals with it." if escalation.assignee else ""
    return f"{owner} looks after the account.{deals}"


def why(page: Overview) -> Section:
    """The score that the account has now, with what it is made of."""
    if page.health is None:
        return paragraph("The account has not been scanned yet.")
    if not page.lines:
        return paragraph(f"Nothing is deducted from its score now: {page.health.score}.")
    return Section(tuple(Line(f"{minus(line.points)}  {deduction(line)}") for line in page.lines), f"Why {page.health.score}")


def deduction(line: Deduction) -> str:
    if line.ticket:
        ticket = f"P{line.ticket.priority} {outside(line.ticket.external_id)}, {quoted(line.ticket.subject)}"
        return ticket if line.age is None else f"{ticket}, {span(line.age)} old"
    return line.text if line.age is None else f"{line.text} for {span(line.age)}"
