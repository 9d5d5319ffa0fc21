"""Putting approved drafts into people's mailboxes: claim a row, place the message outside any transaction, note what came of it.

Only one worker is at work on a draft. An attempt that broke off half-way may have worked; the next one finds what it left, so that
there is one message in the end.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from communications import delivery, drafts
from communications.mailboxes import WORDS, MailboxError, doors, message
from communications.mailboxes import Found as InMailbox
from communications.mailboxes.addresses import BadAddress
from communications.models import Communication, CommunicationEvent, CommunicationRevision, Mailbox, Placement
from communications.placement import GIVEN_OUT, LEFT, LOOK, PLACE, Found, Lying, Status
from tamdash import broker
from tamdash.alone import alone

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
DELAYS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
LONGEST_DELAY = timedelta(hours=1)
LEASE = timedelta(minutes=4)  # longer than all calls of one attempt may take
LOOK_EVERY = timedelta(hours=1)
LOOKED_FOR = timedelta(days=14)
TAKEN_AWAY_TRIES = 3  # a mailbox that does not answer holds up no other for long
AT_ONCE = 500
FOUND = {InMailbox.EDITED: Found.EDITED, InMailbox.SENT: Found.SENT, InMailbox.GONE: Found.GONE, InMailbox.UNKNOWN: Found.GONE}
WENT_AWAY = "Its worker went away while placing it. It may be in the mailbox already; trying again leaves one there."
UNEXPECTED = "An unexpected error. An admin finds it in the log."


def place(draft_id: int) -> None:
    with alone(f"placing of draft {draft_id}") as is_alone:
        # Once more at once where the draft was approved anew meanwhile.
        while is_alone and (row := claim(draft_id, timezone.now())):
            attempt(row)


def claim(draft_id: int, now: datetime) -> Placement | None:
    """The row if it is due, now being placed by the caller alone."""
    due = Placement.objects.filter(pk=draft_id, status=Status.PENDING, next_try_at__lte=now)
    if not due.update(status=Status.PLACING, claimed_at=now, attempts=F("attempts") + 1):
        return None
    row = read(draft_id)
    if row is None or row.claimed_at != now:
        return None
    if row.communication.status not in GIVEN_OUT:
        settle(row)
        return None
    return row


def read(draft_id: int) -> Placement | None:
    """With the number of its present version, from the same instant as its text."""
    versions = CommunicationRevision.objects.filter(communication=OuterRef("pk")).order_by("-number")
    rows = Placement.objects.select_related("user", "communication__account", "communication__tenant")
    return rows.annotate(number=Subquery(versions.values("number")[:1])).filter(pk=draft_id).first()


def settle(row: Placement) -> None:
    """The draft is in review again, or ended: nothing is to be placed, and what lies there stays until the next approval."""
    if row.place:
        end(row, Status.PLACED, next_try_at=None)
    else:
        Placement.objects.filter(pk=row.pk, status=Status.PLACING, claimed_at=row.claimed_at).delete()


def attempt(row: Placement) -> None:
    """Places a claimed row, and notes how it went."""
    try:
        put(row)
    except MailboxError as error:
        logger.warning("Draft %s was not placed at attempt %s: %s", row.pk, row.attempts, error)
        fail(row, error)
    except BadAddress as error:
        fail(row, MailboxError(str(error), permanent=True))
    except Exception:  # one draft's fault must not stop the worker: it is tried again, and stands in the log
        logger.exception("Draft %s was not placed", row.pk)
        fail(row, MailboxError(UNEXPECTED, permanent=False))


def put(row: Placement) -> None:
    """Raises MailboxError, BadAddress."""
    mailbox = Mailbox.of(row.user)
    before, said = Lying.of(row), ""
    account = None if mailbox.is_file and before else doors.account_of(mailbox)
    if before and (account is None or account.mailbox != before.at.mailbox):
        said = take_away(before, row)
        row.place, before = {}, None
        Placement.objects.filter(pk=row.pk).update(place={})
    if account is None:
        forget(row, said)
        return
    content = message.build(delivery.letter(row.communication, row.user))
    at = doors.place(account, content, before.at if before else None, overwrite=row.overwrite)
    lying = Lying(user=row.user_id, kind=mailbox.kind, address=mailbox.sender, number=getattr(row, "number", None) or 0, at=at)
    finish(row, lying, " ".join(filter(None, (f"Placed in {lying.where}.", said, at.note))))


def take_away(before: Lying, row: Placement) -> str:
    """Removes the draft from the mailbox it lies in, which is not the one it goes to now. Answers what people are to know of it."""
    owner = Mailbox.objects.filter(user=before.user).select_related("user").first()
    account = None
    with suppress(MailboxError):
        account = doors.account_of(owner) if owner else None
    if account is None or account.mailbox != before.at.mailbox:
        return f"The one placed before may still lie in {before.where}: that mailbox is not connected any more."
    try:
        found = doors.remove(account, before.at)
    except MailboxError as error:
        if error.found is InMailbox.EDITED:
            return f"The one placed before was changed in {before.where}, so it stays there."
        if error.found or (not error.permanent and row.attempts < TAKEN_AWAY_TRIES):
            raise
        return f"The one placed before may still lie in {before.where}: {error}"
    if found is InMailbox.UNTOUCHED:
        return f"The one placed before was taken out of {before.where}."
    return f"The one placed before was no longer in {before.where}: removed already, deleted or sent."


def forget(row: Placement, said: str) -> None:
    """Nothing lies in a mailbox any more, and nothing is to: whoever approved it downloads it."""
    with transaction.atomic():
        Placement.objects.filter(pk=row.pk, status=Status.PLACING, claimed_at=row.claimed_at).delete()
        CommunicationEvent.objects.create(communication=row.communication, status=row.communication.status, note=said[:500])


def finish(row: Placement, lying: Lying, said: str) -> None:
    """It lies there. The draft is delivered, unless somebody has changed it meanwhile: then what lies there is an older text."""
    now = timezone.now()
    with transaction.atomic():
        draft: Communication = Communication.objects.select_for_update(of=("self",)).get(pk=row.pk)
        # Whoever asks for another by now has to know of this one.
        Placement.objects.filter(pk=row.pk).update(place=lying.model_dump(mode="json"), overwrite=False)
        if not end(row, Status.PLACED, placed_at=now, found="", next_try_at=now + LOOK_EVERY, kind=lying.kind):
            return
        if draft.version != row.communication.version:
            said += f" It is version {lying.number}; the draft was changed meanwhile."
        elif draft.status == Communication.Status.APPROVED:
            drafts.move(draft, draft.status, Communication.Status.DELIVERED, note=said)
            return
        CommunicationEvent.objects.create(communication=draft, status=draft.status, note=said[:500])


def fail(row: Placement, error: MailboxError) -> None:
    words = str(error)
    if error.found:
        end(row, Status.HELD, found=FOUND[error.found], error=words, overwrite=False)
    elif error.permanent or row.attempts >= MAX_ATTEMPTS:
        end(row, Status.FAILED, error=words)
    else:
        end(row, Status.PENDING, error=words, next_try_at=timezone.now() + delay(row.attempts, error.retry_after))


def delay(attempts: int, retry_after: float | None) -> timedelta:
    """30 s, 2 min, 10 min, then an hour; at least what was asked for."""
    asked = timedelta(seconds=min(retry_after or 0, LONGEST_DELAY.total_seconds()))
    return max(DELAYS[min(attempts, len(DELAYS)) - 1], asked)


def end(row: Placement, status: str, error: str = "", **values: object) -> bool:
    """Ends the attempt, unless the claim was lost meanwhile. Says whether it did."""
    claimed = Placement.objects.filter(pk=row.pk, status=Status.PLACING, claimed_at=row.claimed_at)
    if claimed.update(status=status, error=error[:300], **values):
        return True
    logger.warning("Draft %s: somebody asked anew while it was being placed", row.pk)
    return False


def look(draft_id: int) -> None:
    """Notes what the person has done with a placed draft in the mailbox."""
    with alone(f"placing of draft {draft_id}") as is_alone:
        row = read(draft_id) if is_alone else None
        now = timezone.now()
        if row is None or row.status != Status.PLACED or row.next_try_at is None or row.next_try_at > now:
            return
        lying = Lying.of(row)
        goes_on = row.placed_at is not None and row.placed_at > now - LOOKED_FOR
        values: dict[str, object] = {"next_try_at": now + LOOK_EVERY if goes_on else None, "error": ""}
        if lying is None or row.communication.status != Communication.Status.DELIVERED:
            values["next_try_at"] = None
        else:
            values |= seen(lying)
        Placement.objects.filter(pk=row.pk, status=Status.PLACED, place=row.place).update(**values)


def seen(lying: Lying) -> dict[str, object]:
    """What is noted. What is not among the drafts any more is not looked for again."""
    # Whoever it lies with: another may have approved it since.
    owner = Mailbox.objects.filter(user=lying.user).select_related("user").first()
    try:
        account = doors.account_of(owner) if owner else None
        if account is None or account.mailbox != lying.at.mailbox:
            return {"next_try_at": None, "error": "The mailbox it lies in is not connected any more."}
        there = doors.look(account, lying.at)
    except MailboxError as error:
        return {"error": f"The mailbox could not be looked into: {error}"[:300]}
    found = FOUND.get(there, "")
    return {"found": found, "error": WORDS[there] if found else ""} | ({"next_try_at": None} if found in LEFT else {})


def sweep(now: datetime) -> None:
    """Takes back what a dead worker held, and wakes workers for all that is due: a message may have been lost."""
    for row in Placement.objects.filter(status=Status.PLACING, claimed_at__lt=now - LEASE)[:AT_ONCE]:
        if row.attempts >= MAX_ATTEMPTS:
            end(row, Status.FAILED, error=WENT_AWAY)
        else:
            end(row, Status.PENDING, error=WENT_AWAY, next_try_at=now)
    # The words of the index's condition: most placed rows are not looked for any more.
    waiting = Placement.objects.filter(status__in=(Status.PENDING, Status.PLACED), next_try_at__isnull=False)
    for status, task in ((Status.PENDING, PLACE), (Status.PLACED, LOOK)):
        due = waiting.filter(status=status, next_try_at__lte=now).order_by("next_try_at")
        for draft_id in due.values_list("pk", flat=True)[:AT_ONCE]:
            broker.tell(task, draft_id, expires=25, can_wait=status == Status.PLACED)  # the next sweep sends another
