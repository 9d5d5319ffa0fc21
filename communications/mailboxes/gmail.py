"""A draft in Gmail: one for each communication. Gmail's id of a draft stays, its id of the draft's message changes with every change."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from pydantic import BaseModel

from communications.mailboxes import Found, Place, overtaken, stored
from communications.mailboxes.accounts import GmailAccount
from communications.mailboxes.gmail_calls import Call, Calls, Forbidden, Missing, connected

MOST = 20  # drafts with one Message-ID


class Profile(BaseModel):
    emailAddress: str


class Message(BaseModel):
    id: str
    raw: str = ""

    @property
    def content(self) -> bytes:
        return urlsafe_b64decode(self.raw + "=" * (-len(self.raw) % 4))


class Draft(BaseModel):
    id: str
    message: Message


class Named(BaseModel):
    id: str


class Drafts(BaseModel):
    drafts: list[Named] = []


class Messages(BaseModel):
    messages: list[Named] = []


class Nothing(BaseModel):
    pass


def check(account: GmailAccount) -> str:
    """Signs in. Answers what a person is to know of it."""
    with connected(account) as calls:
        address = calls.ask(Call.PROFILE, Profile).emailAddress
        return f"Signed in as {address}. Drafts are placed in Gmail's Drafts, and a later approval replaces them there."


def place(account: GmailAccount, message: bytes, before: Place | None = None, *, overwrite: bool = False) -> Place:
    """Puts the draft there, or in the place of what was placed before.

    Raises MailboxError; one with `found` if a person has edited, sent or deleted it, and then nothing was changed. With `before` left out, a
    deleted one is placed anew. An attempt that failed may have worked: the next one finds what it left. `overwrite`: the person wants it
    there in the place of an edited one, or again after a deleted one; one that was sent stays the only one.
    """
    message_id = stored.message_id(message)
    if before and before.mailbox != account.mailbox:
        before = None
    with connected(account) as calls:
        drafts = [before.draft_id] if before else []
        drafts += named(calls, message_id) if before is None or overwrite else []
        states = {draft_id: state(calls, draft_id, before) for draft_id in dict.fromkeys(drafts)}
        here = [draft_id for draft_id, found in states.items() if found is not Found.GONE]
        if Found.EDITED in states.values() and not overwrite:
            raise overtaken(Found.EDITED)
        if not here and (found := whereabouts(calls, message_id)) and (found is Found.SENT or (before and not overwrite)):
            raise overtaken(found)
        kept = store(calls, message, here[0] if here else "")
        for draft_id in here[1:]:
            calls.ask(Call.DELETE_DRAFT, Nothing, draft_id)
        there = calls.ask(Call.GET_DRAFT, Draft, kept.id, query={"format": "raw"})
        digest = stored.digest(there.message.content)
        return Place(account.mailbox, message_id, digest, draft_id=kept.id, version=there.message.id)


def look(account: GmailAccount, before: Place) -> Found:
    """What became of it. UNKNOWN if it was placed in another mailbox. Raises MailboxError."""
    if before.mailbox != account.mailbox:
        return Found.UNKNOWN
    with connected(account) as calls:
        found = state(calls, before.draft_id, before)
        return whereabouts(calls, before.message_id) if found is Found.GONE else found


def remove(account: GmailAccount, before: Place) -> Found:
    """Takes the draft out of the mailbox, and says how it found it: one that is gone is fine. UNKNOWN if it is not this mailbox's.

    Raises MailboxError, with `found` if a person has edited or sent it.
    """
    if before.mailbox != account.mailbox:
        return Found.UNKNOWN
    with connected(account) as calls:
        found = state(calls, before.draft_id, before)
        if found is Found.GONE:
            found = whereabouts(calls, before.message_id)
        if found in (Found.EDITED, Found.SENT):
            raise overtaken(found)
        if found is Found.UNTOUCHED:
            calls.ask(Call.DELETE_DRAFT, Nothing, before.draft_id)
        return found


def named(calls: Calls, message_id: str) -> list[str]:
    """Drafts with this Message-ID: an attempt that was cut off may have left them."""
    query = {"q": f"rfc822msgid:{message_id.strip('<>')}", "maxResults": str(MOST)}
    return [one.id for one in calls.ask(Call.LIST_DRAFTS, Drafts, query=query).drafts]


def state(calls: Calls, draft_id: str, before: Place | None) -> Found:
    """UNTOUCHED, EDITED or GONE."""
    try:
        if before and calls.ask(Call.GET_DRAFT, Draft, draft_id, query={"format": "minimal"}).message.id == before.version:
            return Found.UNTOUCHED
        content = calls.ask(Call.GET_DRAFT, Draft, draft_id, query={"format": "raw"}).message.content
    except Missing:
        return Found.GONE
    # Gmail has another message there: ours, if an attempt was cut off before its answer came, or a person's.
    ours = stored.is_sealed(content) or (before is not None and stored.digest(content) == before.digest)
    return Found.UNTOUCHED if ours else Found.EDITED


def whereabouts(calls: Calls, message_id: str) -> Found:
    """Of a draft that is gone: SENT, GONE, or UNKNOWN, as the leave to manage drafts does not extend to looking at what was sent."""
    try:
        found = calls.ask(Call.LIST_MESSAGES, Messages, query={"q": f"rfc822msgid:{message_id.strip('<>')} in:sent", "maxResults": "1"})
    except Forbidden:
        return Found.UNKNOWN
    return Found.SENT if found.messages else Found.GONE


def store(calls: Calls, message: bytes, draft_id: str) -> Draft:
    body = {"message": {"raw": urlsafe_b64encode(stored.sealed(message)).decode()}}
    if draft_id:
        return calls.ask(Call.UPDATE_DRAFT, Draft, draft_id, body=body)
    return calls.ask(Call.CREATE_DRAFT, Draft, body=body)
