"""A rep's mailbox on a real server, the rep's own mail program, and three versions of one draft."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.headerregistry import Address

from imapclient import IMAPClient

from communications.mailboxes import Place
from communications.mailboxes.accounts import ImapAccount
from communications.mailboxes.message import Letter, build
from tests.imap_server import ImapServer

LETTER = Letter(
    sender=Address("Rita Rep", addr_spec="rita@tamdash.example"),
    to=(Address("Petra Müller", addr_spec="petra@halden.example"),),
    subject="Where we stand",
    html="<p>Hello Petra,</p><p>all is well.</p>",
    message_id="<1b2c@tamdash.invalid>",
    date=datetime(2026, 11, 23, 10, tzinfo=UTC),
)
FIRST = build(LETTER)
SECOND = build(replace(LETTER, html="<p>Hello Petra,</p><p>it is better still.</p>"))
THIRD = build(replace(LETTER, subject="Where we stand now"))
OTHER = b"Message-ID: <other@mail.example>\r\nSubject: Another draft\r\n\r\nHello\r\n"


@dataclass
class Mailbox:
    """A rep's mailbox, and the rep's own mail program."""

    account: ImapAccount
    program: IMAPClient
    drafts: str = "Drafts"

    def messages(self, folder: str = "") -> list[tuple[bytes, tuple[bytes, ...]]]:
        self.program.select_folder(folder or self.drafts, readonly=True)
        rows = self.program.fetch(self.program.search(), ["BODY.PEEK[]", "FLAGS"])
        return [(row[b"BODY[]"], row[b"FLAGS"]) for row in rows.values()]

    def texts(self, folder: str = "") -> list[bytes]:
        """As they were built, in the order in which they came."""
        return [content.partition(b"\r\n")[2] if content.startswith(b"X-Tamdash") else content for content, _ in self.messages(folder)]

    def delete(self, place: Place) -> None:
        self.program.select_folder(self.drafts)
        self.program.delete_messages([place.uid])
        self.program.uid_expunge([place.uid])

    def edit(self, place: Place, *, folder: str = "") -> bytes:
        """As mail programs do: the new one is stored, the old one goes."""
        [(content, _)] = self.messages()
        edited = content.replace(b"all is well", b"all is quite well")
        self.program.append(folder or self.drafts, edited)
        self.delete(place)
        return edited


def rooms(server: ImapServer, kind: str, *folders: str) -> Iterator[Mailbox]:
    account = server.account(kind)
    with server.mail_program(account) as program:
        for folder in folders:
            program.create_folder(folder)
        yield Mailbox(account, program, folders[0] if folders else "")
