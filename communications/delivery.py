"""A draft as a mail that the rep sends. Nothing here can send one."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from accounts.models import User
from communications import sanitise
from communications.models import Communication

NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,."]')


class BadAddress(ValueError):
    """Part of a recipients line is no mail address; the message names it."""


def header_text(text: str) -> str:
    """One line, without encoded words: Python decodes those, and a line break hidden in one would start a header of its own."""
    return " ".join(text.split()).replace("=?", "= ?")


def written_address(name: str, email: str) -> str:
    """“Petra Hoffmann <petra@example.com>”, as people type it and `recipients` reads it."""
    name = " ".join(name.split())
    if NEEDS_QUOTES.search(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{email}>" if name else email


def recipients(line: str) -> list[Address]:
    """The addresses of a To line; none for an empty one. Raises BadAddress."""
    line = " ".join(line.split())
    if not line:
        return []
    pairs = getaddresses([line.replace(";", ",").strip(" ,")])
    return [address(name, email, line) for name, email in pairs]


def address(name: str, email: str, line: str) -> Address:
    try:
        validate_email(email)
        local, _, domain = email.rpartition("@")
        ascii_domain = domain.encode("idna").decode()
        return Address(header_text(name), addr_spec=f"{local.encode('ascii').decode()}@{ascii_domain}")
    except (ValidationError, ValueError, IndexError) as error:
        raise BadAddress(f"“{(email or name or line)[:80]}” is not a mail address. Write name@company.com, separated by commas.") from error


def eml(draft: Communication, sender: User) -> bytes:
    """The message as mail programs open it for sending: a draft from the sender, in text and HTML. Raises BadAddress."""
    message = EmailMessage(policy=SMTP)
    message["From"] = address(sender.name, sender.email, sender.email)
    if to := recipients(draft.recipients):
        message["To"] = to
    message["Subject"] = header_text(draft.subject)
    message["Date"] = timezone.localtime()
    message["Message-ID"] = f"<{draft.message_id}@tamdash.invalid>"
    message["X-Unsent"] = "1"  # Outlook and others open it in the editor instead of the reader
    message.set_content(sanitise.to_text(draft.body_html))
    message.add_alternative(
        f'<!doctype html><html><head><meta charset="utf-8"></head><body>{draft.body_html}</body></html>', subtype="html"
    )
    return message.as_bytes()


def file_name(draft: Communication) -> str:
    """“halden-freight-escalation-outreach-12.eml”: says which draft it is, in letters every system takes."""
    words = f"{draft.account.name} {draft.get_communication_type_display()} {draft.pk}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:120] + ".eml"
