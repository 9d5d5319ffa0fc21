"""What a message to a person says."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification
from accounts.notifications import alerts, digests, morning
from accounts.notifications.content import Content, Line, address, as_html, as_text, paragraph


@dataclass(frozen=True)
class Message:
    """Subject, plain text, and the same as HTML."""

    subject: str
    text: str
    html: str


def message(row: Notification) -> Message:
    """Times are those of the tenant. Raises NotSent where there is nothing to say."""
    with timezone.override(row.tenant.zone):
        content = content_of(row)
        return Message(content.subject, as_text(content), as_html(content))


def content_of(row: Notification) -> Content:
    match Notification.Kind(row.kind):
        case Notification.Kind.DIGEST:
            return digests.digest(row)
        case Notification.Kind.MORNING:
            return morning.morning(row)
        case Notification.Kind.TEST:
            return trial(row)
        case _:
            return alerts.alert(row)


def trial(row: Notification) -> Content:
    where = "mail" if row.channel == "email" else "chat"
    arrives = f"Escalations of {row.tenant} can reach people by {where}: this message did."
    return Content(
        "A test from tamdash", (paragraph(arrives, "There is nothing to do."),), Line("Open tamdash", address(reverse("portfolio")))
    )
