"""How far a draft is: the bar of its five steps, and how long the writing has taken."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from communications import budget, llm
from communications.models import Communication, CommunicationEvent, CommunicationRevision

Status = Communication.Status
OFFLINE = 2  # seconds that the offline composer takes at most
# Where each status stands in the bar of five steps; what has been done lies before it.
PLACES: dict[str, int] = {"queued": 0, "generating": 0, "failed": 0, "ready": 1, "rejected": 1, "approved": 3, "delivered": 4, "sent": 5}
WAITS = {
    "queued": "waits for a writer",
    "generating": "being written",
    "failed": "failed",
    "ready": "waits for approval",
    "rejected": "rejected",
}


@dataclass(frozen=True)
class Step:
    """A place in the bar: `state` is done, now or empty for what is to come."""

    label: str
    note: str = ""
    at: datetime | None = None
    state: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Writing:
    """A writing under way, in seconds since somebody asked for it."""

    elapsed: int
    usual: int

    @property
    def percent(self) -> int:
        """As far as the bar goes: never to its end while there is no text."""
        return min(100 * self.elapsed // self.usual, 95)


def usual_seconds(shown: Communication) -> int:
    return max(math.ceil(budget.usual_seconds(shown.tenant)), 1) if llm.is_configured() else OFFLINE


def writing(shown: Communication, events: list[CommunicationEvent], usual: int) -> Writing | None:
    if not shown.is_under_way:
        return None
    asked = next((event.at for event in reversed(events) if event.status == Status.QUEUED), shown.created_at)
    return Writing(max(int((timezone.now() - asked).total_seconds()), 0), usual)


def steps(
    shown: Communication, events: list[CommunicationEvent], revisions: list[CommunicationRevision], flags: int, mailbox: str
) -> list[Step]:
    """The five steps of delivery, with when each was done and what the present one waits for. `flags`: claims still open."""
    last = {event.status: event.at for event in events}
    written = next((revision.created_at for revision in revisions if revision.origin == "generated"), None)
    now = PLACES[shown.status]
    bar = (
        ("Generated", WAITS.get(shown.status, ""), written),
        ("In review", waits(shown, flags), None),
        ("Approved", "", last.get(Status.APPROVED)),
        ("In your mailbox", mailbox, last.get(Status.DELIVERED)),
        ("Sent", "by you, from the mailbox", last.get(Status.SENT)),
    )
    return [
        Step(
            label,
            note=note if place == now or place > max(now, 2) else "",
            at=at if place < now else None,
            state="done" if place < now else "now" if place == now else "",
            failed=place == now and shown.status in (Status.FAILED, Status.REJECTED),
        )
        for place, (label, note, at) in enumerate(bar)
    ]


def waits(shown: Communication, flags: int) -> str:
    if shown.status == Status.READY and flags:
        return "1 claim needs a source" if flags == 1 else f"{flags} claims need a source"
    return WAITS.get(shown.status, "")
