"""Drafts on their way to a real mailbox: the rep's, and what the rep's own mail program finds there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes

import pytest
from imapclient import IMAPClient

from accounts.models import Account, User
from communications import drafts, placing
from communications.mailboxes.accounts import ImapAccount
from communications.models import Communication, Mailbox, Placement
from tests import make
from tests.conftest import Cast
from tests.drafting import reviewed
from tests.imap_server import ImapServer


@contextmanager
def mailbox_of(user: User, server: ImapServer) -> Iterator["Inbox"]:
    """The person's mailbox on the real server, connected as on their page."""
    account = server.account()
    Mailbox.objects.create(
        user=user,
        kind="imap",
        address=account.user,
        host=account.host,
        port=account.port,
        security="none",
        username=account.user,
        secret=account.secret,
    )
    with server.mail_program(account) as program:
        for folder in ("Drafts", "Sent"):
            with suppress(IMAPClient.Error):
                program.create_folder(folder)
        yield Inbox(account, program)


class Inbox:
    def __init__(self, account: ImapAccount, program: IMAPClient) -> None:
        self.account, self.program = account, program

    def raw(self, folder: str = "Drafts") -> dict[int, bytes]:
        self.program.select_folder(folder)
        return {uid: row[b"BODY[]"] for uid, row in self.program.fetch(self.program.search("UNDELETED"), ["BODY.PEEK[]"]).items()}

    def subjects(self, folder: str = "Drafts") -> list[str]:
        return [str(message_from_bytes(content)["Subject"]) for content in self.raw(folder).values()]

    def delete(self) -> None:
        uids = list(self.raw())
        self.program.delete_messages(uids)
        self.program.expunge(uids)

    def edit(self, old: bytes = b"Hello", new: bytes = b"Good morning") -> None:
        """As mail programs do: the new one is stored, the old one goes."""
        found = self.raw()
        self.delete()
        for content in found.values():
            self.program.append("Drafts", content.replace(old, new))

    def send(self) -> None:
        found = self.raw()
        self.delete()
        for content in found.values():
            self.program.append("Sent", content)


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


@pytest.fixture
def inbox(cast: Cast, imap_server: ImapServer) -> Iterator[Inbox]:
    with mailbox_of(cast.rep, imap_server) as found:
        yield found


@pytest.fixture
def row(account: Account) -> Communication:
    return make.draft(account, subject="First")


def approve(draft: Communication, by: User) -> Communication:
    drafts.approve(reviewed(draft), by, reviewed(draft).version)
    return reviewed(draft)


def approve_and_place(draft: Communication, by: User) -> Communication:
    approve(draft, by)
    placing.place(draft.pk)
    return reviewed(draft)


def change(draft: Communication, by: User, subject: str) -> Communication:
    """An edit, which takes the draft back to review."""
    row = reviewed(draft)
    drafts.save_text(row, by, row.version, recipients=row.recipients, subject=subject, body_html=row.body_html)
    return reviewed(draft)


def placement(draft: Communication) -> Placement:
    return Placement.objects.get(pk=draft.pk)
