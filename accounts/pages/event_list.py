"""What `/events/` shows: the webhooks' events by what came of them, and why those that were not understood were not."""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, Max

from accounts.models import InboundEvent, User
from accounts.models.inbound import InboundEventQuerySet, TicketSystem

SHOWN = 50  # events a page
REASONS = 30
LONGEST = 64 * 1024  # bytes of a body that are shown
STATES = {"failed": "Not understood", "waiting": "Waiting", "ignored": "Ignored", "done": "Read"}
Status = InboundEvent.Status
ENDED_BADLY = (Status.FAILED, Status.IGNORED)  # what such an event says of why still holds; one that waits had another try before


@dataclass(frozen=True)
class Chosen:
    """Which events, as the address has it."""

    status: str = "failed"
    source: str = ""
    reason: str = ""
    before: int = 0  # an event's number: those received earlier follow

    @classmethod
    def read(cls, asked: dict[str, str]) -> "Chosen":
        status, source, before = asked.get("status", ""), asked.get("source", ""), asked.get("before", "")
        return cls(
            status if status in STATES else "failed",
            source if source in TicketSystem.values else "",
            asked.get("reason", "").replace("\0", "")[:500],
            int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0,
        )

    def rows(self, user: User) -> InboundEventQuerySet:
        rows: InboundEventQuerySet = InboundEvent.objects.visible_to(user).filter(status=self.status)
        if self.source:
            rows = rows.filter(source=self.source)
        return rows.filter(error=self.reason) if self.reason else rows

    def link(self, **changed: str | int) -> str:
        values = {"status": self.status, "source": self.source, "reason": self.reason, "before": 0} | changed
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True)
class Reason:
    """Why events of a source were not understood, and how many."""

    source: str
    words: str
    count: int
    last_at: datetime
    link: str

    @property
    def system(self) -> str:
        return TicketSystem(self.source).label


@dataclass(frozen=True)
class EventPage:
    chosen: Chosen
    tabs: list[tuple[str, str, str]]
    reasons: list[Reason]
    events: list[InboundEvent]
    earlier: str


def page(user: User, chosen: Chosen) -> EventPage:
    rows = chosen.rows(user).defer("body")
    if chosen.before:
        rows = rows.filter(pk__lt=chosen.before)
    events = list(rows.order_by("-id")[: SHOWN + 1])
    earlier = chosen.link(before=events[SHOWN - 1].pk) if len(events) > SHOWN else ""
    tabs = [(name, label, Chosen(name).link()) for name, label in STATES.items()]
    return EventPage(chosen, tabs, reasons(user, chosen), events[:SHOWN], earlier)


def reasons(user: User, chosen: Chosen) -> list[Reason]:
    """The commonest first."""
    if chosen.status != "failed":
        return []
    rows = chosen.rows(user).order_by().values_list("source", "error").annotate(count=Count("pk"), last_at=Max("received_at"))
    found = rows.order_by("-count", "-last_at")[:REASONS]
    return [Reason(source, error, count, last_at, chosen.link(source=source, reason=error)) for source, error, count, last_at in found]


def shown(body: bytes) -> str:
    """A body as text: JSON line by line, anything else as far as it is text."""
    try:
        told = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        told = body[:LONGEST].decode(errors="replace")
    if len(told) > LONGEST:
        told = f"{told[:LONGEST]}\n…"
    return told.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
