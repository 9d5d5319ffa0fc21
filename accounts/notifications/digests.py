"""The digest of what is more than single alerts are for: a line each, the worst first."""

from django.urls import reverse

from accounts.models import Escalation, Notification
from accounts.notifications import NotSent
from accounts.notifications.content import Content, Line, Section, address, outside, paragraph
from tamdash.templatetags.tamdash import moment

MOST_LINES = 40


def digest(row: Notification) -> Content:
    carried = Escalation.objects.filter(pk__in=row.carried.values("escalation"))
    standing = carried.unresolved()
    total, left, red = carried.count(), standing.count(), standing.filter(severity="Red").count()
    queue = Line("Open the queue", address(reverse("escalations")))
    if not total:
        raise NotSent("All of it was told otherwise.")
    if not left:
        sentence = "All of them have been resolved meanwhile." if total > 1 else "It has been resolved meanwhile."
        return Content(f"{escalations(total)}, resolved meanwhile", (paragraph(sentence, "There is nothing to do."),), queue)
    given = not row.carried.exclude(kind=Notification.Kind.ASSIGNED).exists()
    subject = f"{escalations(left)} for you to deal with" if given else escalations(left, "more ")
    gone = f"{total - left} of {total} {'has' if total - left == 1 else 'have'} been resolved meanwhile." if left < total else ""
    lead = "They are yours to deal with." if given else "More came at once than are told one by one."
    more = [Line(f"and {left - MOST_LINES} more.")] if left > MOST_LINES else []
    lines = Section(
        (*(line(escalation) for escalation in standing.worst_first().select_related("account__health")[:MOST_LINES]), *more),
        "The worst first",
    )
    return Content(f"{subject}, {red} Red", (paragraph(lead, gone), lines), queue)


def escalations(count: int, more: str = "") -> str:
    return f"1 {more}escalation" if count == 1 else f"{count} {more}escalations"


def line(escalation: Escalation) -> Line:
    health = getattr(escalation.account, "health", None)
    score = health.score if health else escalation.score
    was = f", was {escalation.previous_score}" if escalation.previous_score is not None else ""
    due = "acknowledged" if escalation.status == Escalation.Status.ACKNOWLEDGED else f"due {moment(escalation.due_at)}"
    text = f"{escalation.severity} {score}{was}: {outside(escalation.account.name)}, {escalation.get_reason_display().lower()}, {due}"
    return Line(text, address(escalation.get_absolute_url()))
