"""Whether a message in a mailbox is still what was placed there, told from the message alone.

Servers keep what they are given, or write it anew with other line ends, encodings and boundaries. So it is compared by what it says. What is
placed carries the digest of what it said in a header of its own: a placed draft is known as such although no row was left of it.
"""

import json
import re
from contextlib import suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from hashlib import sha256

HEADER = "X-Tamdash-Draft"
# Everything that a person can set in the window of a draft. Servers write the others.
SAID = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject", "In-Reply-To", "References")


def sealed(message: bytes) -> bytes:
    """The message with the header that tells whether it was changed since."""
    return f"{HEADER}: {digest(message)}\r\n".encode() + message


def is_sealed(stored: bytes) -> bool:
    """Whether the message says what it said when it was placed, whatever that was."""
    seal = message_from_bytes(stored).get(HEADER, "")
    return str(seal).strip() == digest(stored)


def message_id(message: bytes) -> str:
    """With its angle brackets; empty without one."""
    return " ".join(str(message_from_bytes(message).get("Message-ID", "")).split())


def digest(message: bytes) -> str:
    """Of the addresses, the subject, the thread and every part. The same, however the message is encoded and folded."""
    parsed = message_from_bytes(message)
    said: list[object] = [[read(str(one)) for one in parsed.get_all(name, [])] for name in SAID]
    said += [part_digest(part) for part in parsed.walk() if not part.is_multipart()]
    return sha256(json.dumps(said).encode()).hexdigest()


def read(header: str) -> str:
    unfolded = re.sub(r"\r?\n", "", header)
    with suppress(ValueError, LookupError):  # not encoded as mails are: as it stands, then
        unfolded = str(make_header(decode_header(unfolded)))
    return " ".join(unfolded.replace('"', "").split())


def part_digest(part: "Message[str, str]") -> list[str]:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    if part.get_content_maintype() == "text":
        raw = b"\n".join(line.rstrip() for line in raw.splitlines()).strip()
    return [part.get_content_type(), str(part.get_filename() or ""), sha256(raw).hexdigest()]
