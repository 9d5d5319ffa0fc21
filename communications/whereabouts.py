"""Where a draft is on its way to a mailbox, as its page says it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from communications.models import Communication, Mailbox, Placement
from communications.placement import GIVEN_OUT, LEFT, Found, Lying, Status

FILE = "A file that your mail program opens as a draft"


@dataclass(frozen=True)
class Whereabouts:
    """`mailbox`: the reader's own. `lying`: what lies in a mailbox, which may be an older text and another's mailbox."""

    draft: Communication
    reader: User
    mailbox: Mailbox
    placement: Placement | None
    lying: Lying | None
    number: int  # of the draft's present version
    now: datetime

    @property
    def goes_to(self) -> str:
        """“Drafts of rita@example.com”: where it is, or where the reader's approval puts it."""
        if self.lying:
            return self.lying.where
        if self.placement and not self.is_given_to_reader:
            return f"Drafts of {self.placement.user}"
        return FILE if self.mailbox.is_file else f"{self.mailbox.folder or 'Drafts'} of {self.mailbox.sender}"

    @property
    def is_given_to_reader(self) -> bool:
        return self.placement is not None and self.placement.user_id == self.reader.pk

    @property
    def on_approval(self) -> str:
        """Who reviews for another is told whose mailbox it goes to, and whose name stands under it."""
        place = f"{self.mailbox.folder or 'Drafts'} of {self.mailbox.sender}"
        if self.draft.account.owner_id == self.reader.pk or self.draft.status != Communication.Status.READY:
            return "Download it." if self.mailbox.is_file else f"Placed in {place}."
        goes = "you download it" if self.mailbox.is_file else f"it goes to your own mailbox, {place}"
        signed = f" It is signed {self.signed}." if self.signed else ""
        return f"Approved by you, {goes}.{signed}"

    @property
    def signed(self) -> str:
        """The rep whose letter it was written as, if the text still bears the name."""
        name = str(self.draft.context.get("rep", {}).get("name") or "")
        return name if name and escape(name) in self.draft.body_html else ""

    @property
    def state(self) -> str:
        """What is under way or went wrong with an approved draft; empty for one that is not given out."""
        return self.placement.status if self.placement and self.draft.status in GIVEN_OUT else ""

    @property
    def is_waiting(self) -> bool:
        return self.state == Status.PENDING

    @property
    def is_being_placed(self) -> bool:
        return self.state == Status.PLACING

    @property
    def is_held(self) -> bool:
        return self.state == Status.HELD

    @property
    def has_failed(self) -> bool:
        return self.state == Status.FAILED

    @property
    def is_looked_for(self) -> bool:
        """A worker was asked to look, and has not yet."""
        row = self.placement
        asked = row is not None and row.status == Status.PLACED and row.next_try_at is not None and row.next_try_at <= self.now
        return asked and self.draft.status == Communication.Status.DELIVERED

    @property
    def is_moving(self) -> bool:
        return self.is_waiting or self.is_being_placed or self.is_looked_for

    @property
    def found(self) -> str:
        """What was noticed in the mailbox, in words."""
        return self.placement.error if self.placement and self.placement.found else ""

    @property
    def has_left(self) -> bool:
        """It is not among the drafts any more, and nobody has said yet that it was sent."""
        row = self.placement
        return row is not None and row.found in LEFT and row.status in (Status.PLACED, Status.HELD) and self.draft.status in GIVEN_OUT

    @property
    def was_edited(self) -> bool:
        return self.placement is not None and self.placement.found == Found.EDITED

    @property
    def may_decide(self) -> bool:
        """What somebody wrote in a mailbox of their own is theirs to give up; one that was sent is not placed again."""
        row = self.placement
        return row is not None and row.found != Found.SENT and (not row.found or self.is_given_to_reader)

    @property
    def waits_for_owner(self) -> bool:
        return self.is_held and self.was_edited and not self.may_decide

    @property
    def button(self) -> str:
        """What the reader may have done about it; empty for nothing."""
        if self.may_place:
            return "Place in my mailbox"
        if not self.may_decide or not (self.has_failed or self.is_held or self.has_left):
            return ""
        if self.was_edited:
            return "Replace it"
        return "Place it again" if self.has_left else "Try again"

    @property
    def may_look(self) -> bool:
        row = self.placement
        return row is not None and row.status == Status.PLACED and self.draft.status == Communication.Status.DELIVERED and not self.has_left

    @property
    def may_place(self) -> bool:
        """It was approved before the reader's mailbox was connected, or by somebody who has none."""
        return self.placement is None and self.draft.status == Communication.Status.APPROVED and not self.mailbox.is_file

    @property
    def is_older(self) -> bool:
        """What lies in the mailbox is not the present text."""
        return self.lying is not None and self.lying.number != self.number and not self.has_left

    @property
    def token(self) -> str:
        """Changes whenever the page would say something else."""
        row = None if self.draft.is_under_way else self.placement
        return f"{row.status}{row.attempts}{row.found}{int(self.is_looked_for)}" if row else ""

    @property
    def step(self) -> str:
        """For the bar of steps."""
        if self.has_failed:
            return "not placed"
        if self.is_held:
            return "held back"
        if self.is_waiting or self.is_being_placed:
            return "being placed"
        if self.draft.status == Communication.Status.APPROVED or self.mailbox.is_file:
            return "download it to place it there"
        return self.goes_to


def of(draft: Communication, reader: User, number: int = 0) -> Whereabouts:
    """In one query: the draft comes with its placement."""
    row = getattr(draft, "placement", None)
    lying = Lying.of(row) if row else None
    return Whereabouts(draft, reader, Mailbox.of(reader), row, lying, number, timezone.now())
