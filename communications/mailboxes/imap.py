"""A draft in the Drafts folder of any IMAP server: one for each communication, whatever broke off half-way.

It is known by its Message-ID, and by the seal in it (`stored`) as one that nobody has touched. The new version is stored before the old
one is removed, so what breaks off in between leaves two, and the next call brings them to one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from communications.mailboxes import Found, MailboxError, Place, overtaken, stored
from communications.mailboxes.accounts import ImapAccount
from communications.mailboxes.imap_connection import Client, signed_in
from communications.mailboxes.imap_folders import SENT, TRASH, Folder, drafts_folder, folder_for, listed

FLAGS = (b"\\Draft", b"\\Seen")
DELETED = b"\\Deleted"
APPENDED = re.compile(rb"\[APPENDUID (\d+) (\d+)\]", re.IGNORECASE)  # RFC 4315
LONGEST = 2_000_000  # bytes: a longer one was not written here
MOST = 20  # messages with one Message-ID
LEFT_MARKED = "The server cannot remove a single message, so the former version is still in the folder, marked as deleted."


@dataclass(frozen=True)
class Copy:
    """A message of the Drafts folder that has the draft's Message-ID."""

    uid: int
    content: bytes  # empty: too long to be one of ours

    def untouched(self, before: Place | None) -> bool:
        return stored.is_sealed(self.content) or (before is not None and stored.digest(self.content) == before.digest)


def check(account: ImapAccount) -> str:
    """Signs in and looks for the folder. Answers what a person is to know of it."""
    with opened(account) as box:
        box.select()
        how = "A later approval replaces the draft there." if box.can_remove_one else LEFT_MARKED.replace("is still", "may stay")
        return f"Signed in. Drafts are placed in “{box.drafts}”. {how}"


def place(account: ImapAccount, message: bytes, before: Place | None = None, *, overwrite: bool = False) -> Place:
    """Puts the draft there, or in the place of what was placed before.

    Raises MailboxError; one with `found` if a person has edited, sent or deleted it, and then nothing was changed. With `before` left out, a
    deleted one is placed anew. An attempt that failed may have worked: the next one finds what it left. `overwrite`: the person wants it
    there in the place of an edited one, or again after a deleted one; one that was sent stays the only one.
    """
    message_id = stored.message_id(message)
    if before and before.mailbox != account.mailbox:
        before = None
    with opened(account, before) as box:
        copies = box.copies(message_id, before)
        found = box.found(copies, message_id, before)
        is_overtaken = found is Found.EDITED or (before and found is not Found.UNTOUCHED)
        if found is Found.SENT or (is_overtaken and not overwrite):
            raise overtaken(found)
        box.select()
        same = [copy.uid for copy in copies if stored.digest(copy.content) == stored.digest(message)]
        uid = max(same) if same else box.append(stored.sealed(message), message_id)
        note = box.remove([copy.uid for copy in copies if copy.uid != uid])
        kept = box.content([uid]).get(uid, b"")
        return Place(account.mailbox, message_id, stored.digest(kept), folder=box.drafts, uid_validity=box.uid_validity, uid=uid, note=note)


def look(account: ImapAccount, before: Place) -> Found:
    """What became of it. UNKNOWN if it was placed in another mailbox. Raises MailboxError."""
    if before.mailbox != account.mailbox:
        return Found.UNKNOWN
    with opened(account, before) as box:
        return box.found(box.copies(before.message_id, before), before.message_id, before)


def remove(account: ImapAccount, before: Place) -> Found:
    """Takes the draft out of the mailbox, and says how it found it: one that is gone is fine. UNKNOWN if it is not this mailbox's.

    Raises MailboxError, with `found` if a person has edited or sent it.
    """
    if before.mailbox != account.mailbox:
        return Found.UNKNOWN
    with opened(account, before) as box:
        copies = box.copies(before.message_id, before)
        found = box.found(copies, before.message_id, before)
        if found in (Found.EDITED, Found.SENT):
            raise overtaken(found)
        box.select()
        box.remove([copy.uid for copy in copies])
        return found


@contextmanager
def opened(account: ImapAccount, before: Place | None = None) -> Iterator["Box"]:
    """A draft stays in the folder it was placed in, even if others go into another by now."""
    with signed_in(account) as client:
        folders = listed(client)
        is_there = before is not None and before.folder in {folder.name for folder in folders}
        yield Box(client, folders, before.folder if before and is_there else account.folder)


class Box:
    """A mailbox that is signed in to, and its Drafts folder."""

    def __init__(self, client: Client, folders: list[Folder], wanted: str = "") -> None:
        self.client = client
        self.folders = folders
        self.drafts = drafts_folder(folders, wanted)
        self.uid_validity = 0
        self.can_remove_one: bool = client.has_capability("UIDPLUS")

    def select(self, *, readonly: bool = False) -> None:
        answer = self.client.select_folder(self.drafts, readonly=readonly)
        self.uid_validity = int(answer.get(b"UIDVALIDITY", 0))

    def copies(self, message_id: str, before: Place | None) -> list[Copy]:
        """The drafts with this Message-ID that are not marked as deleted; by where it was, too, should the server's search be behind."""
        self.select(readonly=True)
        uids = set(self.search("HEADER", "Message-ID", message_id, "UNDELETED")[-MOST:])
        if before and (before.folder, before.uid_validity) == (self.drafts, self.uid_validity):
            uids |= set(self.search("UID", str(before.uid), "UNDELETED"))
        contents = self.content(sorted(uids))
        # Servers find parts of a Message-ID too.
        return [Copy(uid, content) for uid, content in contents.items() if not content or stored.message_id(content) == message_id]

    def search(self, *criteria: str) -> list[int]:
        return [int(uid) for uid in self.client.search(list(criteria))]

    def content(self, uids: list[int]) -> dict[int, bytes]:
        """What the server keeps, by UID; what is gone by now is left out, what is too long is empty."""
        if not uids:
            return {}
        sizes = self.client.fetch(uids, ["RFC822.SIZE"])
        found = {uid: b"" for uid in uids if uid in sizes}
        short = [uid for uid in found if sizes[uid].get(b"RFC822.SIZE", 0) <= LONGEST]
        contents = self.client.fetch(short, ["BODY.PEEK[]"]) if short else {}
        return found | {uid: cast(bytes, contents[uid].get(b"BODY[]") or b"") for uid in short if uid in contents}

    def found(self, copies: list[Copy], message_id: str, before: Place | None) -> Found:
        sent = folder_for(SENT, self.folders)
        if sent is not None and sent != self.drafts:
            self.client.select_folder(sent, readonly=True)
            if self.search("HEADER", "Message-ID", message_id):
                return Found.SENT
        if not all(copy.untouched(before) for copy in copies):
            return Found.EDITED
        if copies:
            return Found.UNTOUCHED
        return Found.UNKNOWN if sent is None else Found.GONE

    def append(self, message: bytes, message_id: str) -> int:
        """The new message's UID: the server tells, or it is the latest with the Message-ID."""
        answer = self.client.append(self.drafts, message, FLAGS)
        told = APPENDED.search(answer or b"") if self.can_remove_one else None
        self.select()
        if told and int(told[1]) == self.uid_validity:
            return int(told[2])
        found = self.search("HEADER", "Message-ID", message_id, "UNDELETED")
        if not found:
            raise MailboxError("The server took the draft, but does not show it yet.", permanent=False)
        return max(found)

    def remove(self, uids: list[int]) -> str:
        """Removes these and no others. Answers what a person is to know, if they could not be."""
        if not uids:
            return ""
        trash = folder_for(TRASH, self.folders)
        if trash and self.client.has_capability("X-GM-EXT-1") and self.client.has_capability("MOVE"):
            self.client.move(uids, trash)  # Gmail would keep among all mail what is expunged from a folder
            return ""
        self.client.add_flags(uids, [DELETED], silent=True)
        if self.can_remove_one:
            self.client.uid_expunge(uids)
            return ""
        if set(self.search("DELETED")) != set(uids):  # a plain EXPUNGE would remove what a person has marked as well
            return LEFT_MARKED
        self.client.expunge()
        return ""
