"""A draft as a mail that the rep sends. Nothing here can send one."""

import re

from django.db.models import Min, Q
from django.utils import timezone

from accounts.models import User
from communications.mailboxes.addresses import address, recipients
from communications.mailboxes.message import Letter, build
from communications.models import Communication, Mailbox


def eml(draft: Communication, sender: User) -> bytes:
    """The message as mail programs open it for sending: a draft from the sender, in text and HTML. Raises BadAddress."""
    return build(letter(draft, sender), as_file=True)


def letter(draft: Communication, sender: User) -> Letter:
    """Raises BadAddress."""
    earlier = thread(draft)
    approval = draft.approvals.last()
    return Letter(
        sender=address(sender.name, Mailbox.of(sender).sender),
        to=tuple(recipients(draft.recipients)),
        subject=draft.subject,
        html=draft.body_html,
        message_id=message_id(draft),
        date=(approval.at if approval else timezone.now()).astimezone(draft.tenant.zone),
        in_reply_to=earlier[-1] if earlier else "",
        references=tuple(earlier),
    )


def message_id(draft: Communication) -> str:
    return f"<{draft.message_id}@tamdash.invalid>"


def thread(draft: Communication) -> list[str]:
    """What was sent before about the same escalation, the oldest first."""
    if draft.escalation_id is None:
        return []
    sent = Communication.objects.filter(escalation=draft.escalation_id, account=draft.account_id, status=Communication.Status.SENT)
    went_out = Min("events__at", filter=Q(events__status=Communication.Status.SENT))
    rows = sent.exclude(pk=draft.pk).only("message_id").annotate(went_out=went_out).order_by("went_out", "pk")
    return [message_id(row) for row in rows]


def file_name(draft: Communication) -> str:
    """“halden-freight-escalation-outreach-12.eml”: says which draft it is, in letters every system takes."""
    words = f"{draft.account.name} {draft.get_communication_type_display()} {draft.pk}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:120] + ".eml"
