"""The doors to reps' mailboxes. A draft is placed, looked at, replaced and taken away; nothing in here can send one.

`imap` and `gmail` have the same four verbs: `check`, `place`, `look` and `remove`. Each raises MailboxError and nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from accounts.notifications.channels import ChannelError


class Found(StrEnum):
    """What became of a draft since it was placed."""

    UNTOUCHED = "untouched"
    EDITED = "edited"  # it says something else than what was placed
    SENT = "sent"
    GONE = "gone"  # neither among the drafts nor among what was sent
    UNKNOWN = "unknown"  # not among the drafts, and what was sent cannot be looked at


WORDS = {
    Found.UNTOUCHED: "The draft is in the mailbox as it was placed.",
    Found.EDITED: "The draft was changed in the mailbox. It is left as it is there; delete it there to have this text placed instead.",
    Found.SENT: "The draft was sent from the mailbox. No second one is placed.",
    Found.GONE: "The draft is no longer among the drafts of the mailbox: it was deleted, or sent or saved as another message.",
    Found.UNKNOWN: "The draft is no longer among the drafts of the mailbox: it was sent or deleted.",
}


class MailboxError(ChannelError):
    """Not done. The message is for people, one printable line, and holds no secret.

    `permanent`: trying again cannot help. `retry_after`: seconds that the mailbox asked to be left alone for.
    `found`: where nothing is broken, and the draft was left alone because of what became of it.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None, found: Found | None = None) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.found = found


def overtaken(found: Found) -> MailboxError:
    """The person has done something with the draft, and that counts."""
    return MailboxError(WORDS[found], permanent=True, found=found)


@dataclass(frozen=True)
class Place:
    """Where a draft lies. `asdict` makes JSON of it, `Place(**row)` reads it back."""

    mailbox: str  # whose: a place in another mailbox says nothing about this one
    message_id: str
    digest: str  # of what the mailbox holds, which need not be what it was given
    folder: str = ""
    uid_validity: int = 0
    uid: int = 0
    draft_id: str = ""  # Gmail's, which stays when the draft changes
    version: str = ""  # Gmail's, which does not
    note: str = ""  # for people: what the server could not do
