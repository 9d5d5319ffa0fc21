"""Where an approved draft is to be put in somebody's mailbox: what people decide. `placing` does it.

Whoever changes a placement together with its draft locks the draft's row first.
"""

from datetime import datetime
from functools import partial
from typing import Self

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel

from accounts.models import User
from communications.mailboxes import Place
from communications.models import Communication, Mailbox, Placement
from tamdash.broker import tell

PLACE = "communications.tasks.place_draft"
LOOK = "communications.tasks.look_for_draft"
Status = Placement.Status
Found = Placement.Found
LEFT = (Found.SENT, Found.GONE)  # it is not among the drafts any more
GIVEN_OUT = (Communication.Status.APPROVED, Communication.Status.DELIVERED)


class CannotPlace(Exception):
    """The message is for the person who tried it."""


class Lying(BaseModel):
    """A text that lies in a mailbox, as `Placement.place` keeps it."""

    user: int
    kind: str
    address: str
    number: int  # of the version that it is
    at: Place

    @classmethod
    def of(cls, row: Placement) -> Self | None:
        return cls.model_validate(row.place) if row.place else None

    @property
    def where(self) -> str:
        """“Entwürfe of rita@example.com”."""
        return f"{self.at.folder or 'Drafts'} of {self.address}"


def request(draft: Communication, by: User) -> None:
    """`by` approved the draft: it goes into their mailbox. Where they have none, what lies in another's is taken away all the same."""
    kind = Mailbox.of(by).kind
    row = Placement.objects.filter(pk=draft.pk).first()
    if kind == Mailbox.Kind.EML and not (row and row.place):
        Placement.objects.filter(pk=draft.pk).delete()
        return
    values = {"user": by, "kind": kind, "found": "", "overwrite": False, "placed_at": None}
    Placement.objects.update_or_create(communication=draft, defaults=values | waiting(timezone.now()))
    enqueue(PLACE, draft.pk)


def again(draft: Communication, by: User) -> None:
    """Once more, as somebody decided: after a failure, or whatever was found in the mailbox. Raises CannotPlace."""
    with transaction.atomic():
        locked: Communication = Communication.objects.select_for_update(of=("self",)).get(pk=draft.pk)
        row = Placement.objects.filter(pk=draft.pk).select_related("user").first()
        if locked.version != draft.version or locked.status not in GIVEN_OUT:
            raise CannotPlace("Nothing was placed: the draft changed meanwhile. Look at it as it stands, then decide.")
        if row is None:
            request(draft, by)
            return
        if row.status not in (Status.HELD, Status.FAILED) and not (row.status == Status.PLACED and row.found == Found.GONE):
            raise CannotPlace("Nothing was done: it is being placed, or lies there already.")
        if row.found == Found.SENT:
            raise CannotPlace("It was sent from the mailbox already. Mark it as sent; for another message, generate a new draft.")
        # What somebody wrote in a mailbox of their own is theirs to give up.
        if row.found and row.user != by:
            raise CannotPlace(f"Nothing was done: it is {row.user}’s mailbox, so {row.user} decides.")
        Placement.objects.filter(pk=row.pk).update(overwrite=bool(row.found), **waiting(timezone.now()))
        enqueue(PLACE, draft.pk)


def waiting(now: datetime) -> dict[str, object]:
    return {"status": Status.PENDING, "attempts": 0, "next_try_at": now, "claimed_at": None, "error": ""}


def withdraw(draft: Communication) -> None:
    """The draft goes another way: what is not being placed yet is not placed. What lies in a mailbox stays there."""
    rows = Placement.objects.filter(pk=draft.pk, status__in=(Status.PENDING, Status.FAILED))
    rows.filter(place={}).delete()
    rows.update(status=Status.PLACED, next_try_at=None, error="")


def look(draft: Communication) -> bool:
    """Has a worker look what became of it in the mailbox. Says whether there is anything to look for."""
    with transaction.atomic():
        rows = Placement.objects.filter(pk=draft.pk, status=Status.PLACED)
        asked = bool(rows.update(next_try_at=timezone.now()))
        if asked:
            enqueue(LOOK, draft.pk)
    return asked


def has_left(draft: Communication) -> bool:
    """Whether it was held back because it is not among the drafts of the mailbox any more: it may have been sent."""
    return Placement.objects.filter(pk=draft.pk, status=Status.HELD, found__in=LEFT).exists()


def enqueue(task: str, draft_id: int) -> None:
    """Tells a worker on commit. A message that gets lost costs time only: the sweep finds the row."""
    transaction.on_commit(partial(tell, task, draft_id))
