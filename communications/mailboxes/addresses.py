"""Mail addresses as people write them in a line, and as a mail carries them."""

import re
from email.headerregistry import Address
from email.utils import getaddresses

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,."]')


class BadAddress(ValueError):
    """Part of a recipients line is no mail address; the message names it."""


def header_text(text: str) -> str:
    """One printable line, without encoded words: some readers decode those twice, and what is hidden in one would get out."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split()).replace("=?", "= ?")


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


def address(name: str, email: str, line: str = "") -> Address:
    """Raises BadAddress. A domain in another script becomes its ASCII form."""
    try:
        validate_email(email)
        local, _, domain = email.rpartition("@")
        ascii_domain = domain.encode("idna").decode()
        return Address(header_text(name), addr_spec=f"{local.encode('ascii').decode()}@{ascii_domain}")
    except (ValidationError, ValueError, IndexError) as error:
        raise BadAddress(f"“{(email or name or line)[:80]}” is not a mail address. Write name@company.com, separated by commas.") from error
