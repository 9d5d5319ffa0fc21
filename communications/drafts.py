"""The life of a draft: queued, generating, ready, approved, delivered, sent; or failed, or rejected.

Each step is one compare-and-set with its event in the same transaction. `version` is the one the person saw.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, CommunicationHistory, Escalation, User
from accounts.models.profile import CommunicationType
from communications import opportunities, placement, review, sanitise
from communications.models import Communication, CommunicationEvent, CommunicationRevision, Confirmation
from tamdash.broker import tell

GENERATE = "communications.tasks.generate_draft"
Status = Communication.Status
Origin = CommunicationRevision.Origin
EDITABLE = (Status.READY, Status.APPROVED, Status.DELIVERED)


class DraftError(Exception):
    """A step that is not possible, or no longer. The message is for the person who tried it."""


class StaleText(DraftError):
    """A text was not saved because the draft had moved on. `current` is the draft as it is now; the caller holds the other text."""

    def __init__(self, message: str, current: Communication) -> None:
        super().__init__(message)
        self.current = current


def move(draft: Communication, old: str, new: str, *, by: User | None = None, note: str = "", **changes: Any) -> bool:
    """The only way a status changes: once, from `old`, if nobody changed the draft since `draft.version`. Says whether it did."""
    now = timezone.now()
    with transaction.atomic():
        row = Communication.objects.filter(pk=draft.pk, status=old, version=draft.version)
        if not row.update(status=new, version=F("version") + 1, updated_at=now, **changes):
            return False
        CommunicationEvent.objects.create(communication=draft, actor=by, status=new, note=note[:500])
    draft.refresh_from_db()
    return True


def step(draft: Communication, old: tuple[str, ...], new: str, version: int, by: User | None, note: str = "", **changes: Any) -> None:
    """`move` for a person: raises DraftError, saying what happened instead, where it is not possible or somebody was faster."""
    seen = draft.status
    draft.version = version
    if seen not in old or not move(draft, seen, new, by=by, note=note, **changes):
        raise DraftError(f"Nothing was done: {news_of(draft, by)} Look at it as it stands, then decide.")


def news_of(draft: Communication, by: User | None) -> str:
    """What became of the draft, for somebody whose step came too late. A status that stayed is not told."""
    events = CommunicationEvent.objects.filter(communication=draft).select_related("actor")
    last, before = [*events.order_by("-at", "-id")[:2], None, None][:2]
    if last is None:
        return "the draft changed meanwhile."
    who = "you" if by and last.actor == by else str(last.actor or "tamdash")
    now = "" if before and before.status == last.status else f", it is now “{last.get_status_display()}”"
    return f"{who} changed this draft at {timezone.localtime(last.at):%H:%M}{now}."


# Asking for a text


def request_draft(
    account: Account, communication_type: str, by: User | None, *, instruction: str = "", chosen_path: Sequence[dict[str, Any]] = ()
) -> Communication:
    """A new draft, queued. Where one of this account and type is under way already, that one."""
    outreach = communication_type == CommunicationType.ESCALATION_OUTREACH
    escalation = Escalation.objects.unresolved().filter(account=account).first() if outreach else None
    values = {"instruction": instruction, "chosen_path": list(chosen_path), "escalation": escalation}
    return queue_or_join(account, communication_type, by, instruction, values)


def request_for(escalation: Escalation) -> Communication:
    """An outreach that nobody asked for, about this escalation. Where one of its account is under way already, that one."""
    kind = CommunicationType.ESCALATION_OUTREACH
    return queue_or_join(escalation.account, kind, None, f"Drafted for {escalation}", {"escalation": escalation})


def queue_or_join(account: Account, communication_type: str, by: User | None, note: str, values: dict[str, Any]) -> Communication:
    for _ in range(3):
        try:
            with transaction.atomic():
                return queue_new(account, communication_type, by, note, values)
        except IntegrityError:
            under_way = Communication.objects.filter(account=account, communication_type=communication_type)
            draft: Communication | None = under_way.filter(status__in=(Status.QUEUED, Status.GENERATING)).first()
            # It may have been finished between the two statements; then the next try goes through.
            if draft:
                return draft
    raise DraftError("The draft could not be started. Try again.")


def queue_new(account: Account, communication_type: str, by: User | None, note: str, values: dict[str, Any]) -> Communication:
    draft = Communication.objects.create(
        tenant_id=account.tenant_id, account=account, communication_type=communication_type, requested_by=by, **values
    )
    CommunicationEvent.objects.create(communication=draft, actor=by, status=Status.QUEUED, note=note)
    enqueue(draft)
    return draft


def enqueue(draft: Communication) -> None:
    """Tells a worker on commit. A message that gets lost costs time only: the sweep finds the row."""
    transaction.on_commit(partial(tell, GENERATE, draft.pk, takes_long=True))


def regenerate(draft: Communication, by: User, version: int, instruction: str = "", number: int | None = None) -> None:
    """A new text beside the old ones, from the data of now. With a `number` the writer starts from that version."""
    base = draft.revisions.filter(number=number).first() if number else None
    if number and base is None:
        raise DraftError(f"This draft has no version {number}.")
    note = f"Again{f' from version {number}' if number else ''}" + (f": {instruction}" if instruction else "")
    queue_again(draft, (*EDITABLE, Status.FAILED), version, by, note, instruction=instruction, base=base)


def retry(draft: Communication, by: User, version: int) -> None:
    """One more try at a failed text, with the same instruction."""
    queue_again(draft, (Status.FAILED,), version, by, "Tried again")


def queue_again(draft: Communication, old: tuple[str, ...], version: int, by: User | None, note: str, **asked: Any) -> None:
    try:
        with transaction.atomic():
            step(draft, old, Status.QUEUED, version, by, note, attempts=0, failure="", requested_by=by, **asked)
            enqueue(draft)
    except IntegrityError as error:
        kind = draft.get_communication_type_display().lower()
        raise DraftError(f"Another {kind} for {draft.account} is being written right now. Wait for it, then try again.") from error


def stop(draft: Communication, by: User) -> None:
    """Ends the writing, whatever it has come to: back to the present text, or failed where there is none. Raises DraftError."""
    for _ in range(3):  # the writer may take a step between reading and moving
        draft.refresh_from_db()
        if not draft.is_under_way:
            break
        new = Status.READY if draft.body_html else Status.FAILED
        failure = "" if draft.body_html else f"{by} stopped the writing. Try again writes it from the data of now."
        if move(draft, draft.status, new, by=by, note="Writing stopped", failure=failure):
            return
    raise DraftError(f"Nothing was stopped: the draft is “{draft.get_status_display()}”.")


# Working on it


def save_text(draft: Communication, by: User, version: int, *, recipients: str, subject: str, body_html: str) -> None:
    """A new revision, in review. The same text again is no change. Raises StaleText, and then nothing was written."""
    text = {"recipients": recipients, "subject": subject, "body_html": sanitise.clean(body_html)}
    if draft.version == version and draft.is_editable and all(getattr(draft, name) == value for name, value in text.items()):
        return
    try:
        write_revision(draft, by, version, EDITABLE, Origin.EDITED, text)
    except DraftError as error:
        current = Communication.objects.select_related("account").get(pk=draft.pk)
        raise StaleText(f"Your text was not saved: {news_of(draft, by)}", current) from error


def restore(draft: Communication, by: User, version: int, number: int) -> None:
    """Makes an older text the current one, as a new revision. A failed draft comes back to review this way."""
    old = draft.revisions.filter(number=number).first()
    if old is None:
        raise DraftError(f"This draft has no version {number}.")
    text = {"recipients": old.recipients, "subject": old.subject, "body_html": old.body_html, "generation": old.generation}
    write_revision(draft, by, version, (*EDITABLE, Status.FAILED), Origin.RESTORED, text, note=f"From version {number}")


def write_revision(
    draft: Communication, by: User, version: int, old: tuple[str, ...], origin: str, text: dict[str, Any], note: str = ""
) -> None:
    with transaction.atomic():
        step(draft, old, Status.READY, version, by, note or "Text saved", failure="", **text)
        add_revision(draft, origin, by=by, note=note)
        count_flags(draft)


def count_flags(draft: Communication) -> None:
    """Brings the number in the lists up to date with the draft's present text."""
    draft.open_flags = len(review.of(draft).open)
    Communication.objects.filter(pk=draft.pk).update(open_flags=draft.open_flags)


def add_revision(draft: Communication, origin: str, *, by: User | None = None, note: str = "") -> None:
    """Records the draft's present text. The caller has just moved the draft, so that nobody else counts at the same time."""
    CommunicationRevision.objects.create(
        communication=draft,
        number=draft.revisions.count() + 1,
        origin=origin,
        author=by,
        generation=draft.generation,
        recipients=draft.recipients,
        subject=draft.subject,
        body_html=draft.body_html,
        note=note,
    )


def in_review(draft: Communication, by: User, version: int) -> None:
    """Reads the draft anew and holds it: what is decided now is about the text that the person saw. Raises DraftError."""
    draft.refresh_from_db(from_queryset=Communication.objects.select_for_update(of=("self",)))
    if draft.version != version or draft.status != Status.READY:
        raise DraftError(f"Nothing was done: {news_of(draft, by)} Look at it as it stands, then decide.")


def confirm(draft: Communication, by: User, version: int, *, key: str, name: str, source: str = "") -> None:
    """`by` vouches for a flagged claim by their own name. Raises DraftError."""
    if name.casefold().split() != str(by).casefold().split():
        raise DraftError(f"Not confirmed: type your own name, {by}, to vouch for the claim.")
    closed = DraftError("Nothing was confirmed: that claim is no longer open in this text.")
    with transaction.atomic():
        if Confirmation.objects.filter(communication=draft, key=key).exists():
            raise closed  # the second of two clicks, whose first one has changed the version
        in_review(draft, by, version)
        found = review.of(draft).find(key)
        if found is None or not found.is_open:
            raise closed
        claim = found.claim
        step(draft, (Status.READY,), Status.READY, version, by, f"Vouched for “{claim.quote[:300]}” {claim.target[:150]}".strip())
        quote = f"{claim.sentence[:350]} {claim.target[:149]}".strip()
        Confirmation.objects.create(communication=draft, key=key, quote=quote, name=name, source=source, by=by)
        count_flags(draft)


# Letting it go


def approve(draft: Communication, by: User, version: int, without_recipient: bool = False) -> None:
    """Only a text whose every claim has a source or somebody's name. An empty To line has to be meant: `without_recipient`."""
    with transaction.atomic():
        in_review(draft, by, version)
        if not draft.recipients.strip() and not without_recipient:
            raise DraftError("Not approved: To is empty. Add a recipient under Write, or choose “Approve without a recipient”.")
        if flags := review.of(draft).open:
            which = f"claim{'' if len(flags) == 1 else 's'} {review.numbered([one.number for one in flags])} {'has' if len(flags) == 1 else 'have'}"
            raise DraftError(f"Not approved: {which} no source. Edit them away or confirm them by your name.")
        step(draft, (Status.READY,), Status.APPROVED, version, by)
        review.record_approval(draft, by)
        opportunities.save_finds(draft)
        placement.request(draft, by)


def reject(draft: Communication, by: User, version: int, reason: str) -> None:
    step(draft, (*EDITABLE, Status.FAILED), Status.REJECTED, version, by, reason, reject_reason=reason)


def mark_delivered(draft: Communication, by: User, version: int) -> None:
    with transaction.atomic():
        step(draft, (Status.APPROVED,), Status.DELIVERED, version, by, "Downloaded as a mail draft")
        placement.withdraw(draft)


def mark_sent(draft: Communication, by: User, version: int, outcome: str = "") -> None:
    """The rep says that it went out: it becomes communication history, once."""
    with transaction.atomic():
        if draft.status == Status.APPROVED and placement.has_left(draft):
            step(draft, (Status.APPROVED,), Status.DELIVERED, version, by, "It is no longer among the drafts of the mailbox")
            version = draft.version
        step(draft, (Status.DELIVERED,), Status.SENT, version, by, outcome, outcome=outcome)
        CommunicationHistory.objects.create(
            account=draft.account,
            date=timezone.now().astimezone(draft.tenant.zone).date(),
            communication_type=draft.communication_type,
            subject=draft.subject,
            outcome=outcome,
            draft_id=draft.pk,
        )


def note_outcome(draft: Communication, by: User, version: int, outcome: str) -> None:
    """What came of a message that was sent, often known only days later."""
    with transaction.atomic():
        step(draft, (Status.SENT,), Status.SENT, version, by, outcome, outcome=outcome)
        CommunicationHistory.objects.filter(draft_id=draft.pk).update(outcome=outcome)
