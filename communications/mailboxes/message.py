"""A draft as the mail that a mail program finds among its drafts: text and HTML, ASCII alone, addressed to nobody who is not named.

The head is written here rather than by `email.policy`: Python releases before 3.12.5 lose quotes and let line breaks through where they
fold long names, and a head is where that must not happen.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from communications import sanitise
from communications.mailboxes.addresses import header_text

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # mail servers refuse some of them
MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
PLAIN_WORD = 60  # characters: what is longer might not fit a line, so it is encoded, and an encoded word can be cut
MOST_REFERENCES = 20
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Letter:
    """What a message says, in plain values. The date is that of the approval: the same letter gives the same bytes, however often it is tried."""

    sender: Address
    to: tuple[Address, ...]
    subject: str
    html: str  # sanitised
    message_id: str  # with its angle brackets; the same for all that a draft becomes
    date: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()  # the oldest first


def build(letter: Letter, *, as_file: bool = False) -> bytes:
    """`as_file`: for a mail program that opens it as a draft of its own. Raises ValueError for a Message-ID that is none."""
    return b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in head(letter, as_file)) + body(letter)


def head(letter: Letter, as_file: bool) -> list[tuple[str, str]]:
    if not MESSAGE_ID.fullmatch(letter.message_id):
        raise ValueError("A message needs a Message-ID.")
    lines = [("From", written(letter.sender))]
    if letter.to:
        lines.append(("To", ",\r\n ".join(written(one) for one in letter.to)))
    lines += [("Subject", encoded(header_text(letter.subject), "Subject")), ("Date", format_datetime(letter.date))]
    lines.append(("Message-ID", letter.message_id))
    lines += threading(letter)
    if as_file:
        lines.append(("X-Unsent", "1"))  # Outlook and others open it in the editor instead of the reader
    return lines


def threading(letter: Letter) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 5322, 3.6.4): the first of a thread and the latest, where they are too many."""
    answered = MESSAGE_ID.findall(letter.in_reply_to)[:1]
    before = list(dict.fromkeys([*MESSAGE_ID.findall(" ".join(letter.references)), *answered]))
    if len(before) > MOST_REFERENCES:
        before = before[:1] + before[1 - MOST_REFERENCES :]
    lines = [("In-Reply-To", answered[0])] if answered else []
    return [*lines, ("References", "\r\n ".join(before))] if before else lines


def written(address: Address) -> str:
    name = header_text(address.display_name)
    if not name:
        return address.addr_spec
    if name.isascii() and len(name) <= PLAIN_WORD:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address.addr_spec}>'
    return f"{encoded(name, 'From', always=True)}\r\n <{address.addr_spec}>"


def encoded(text: str, name: str, *, always: bool = False) -> str:
    """As it stands in a head, folded: itself, or in encoded words (RFC 2047)."""
    text = CONTROL.sub("", text)
    plain = not always and text.isascii() and all(len(word) <= PLAIN_WORD for word in text.split(" "))
    return Header(text, "us-ascii" if plain else "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n", splitchars=" ")


def body(letter: Letter) -> bytes:
    html = lines_of(letter.html)
    message = EmailMessage(policy=POLICY)
    message.set_content(lines_of(sanitise.to_text(html)))
    page = f'<!doctype html><html><head><meta charset="utf-8"></head><body>{html}</body></html>'
    message.add_alternative(page, subtype="html")
    # No transfer encoding writes "=_", and the rest is no text's own: the boundary is found nowhere else. It depends on nothing but the letter.
    message.set_boundary(f"=_{sha256((letter.message_id + page).encode()).hexdigest()[:40]}")
    return message.as_bytes()


def lines_of(text: str) -> str:
    return CONTROL.sub("", re.sub("\r\n?", "\n", text))
