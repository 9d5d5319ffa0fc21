"""What it takes to get into a person's mailbox. Known without what speaks to it, which takes long to load."""

from dataclasses import dataclass, field
from enum import StrEnum


class Security(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # only where TAMDASH_ALLOW_PRIVATE_URLS is set, and then only to an address in a network of one's own


class SignIn(StrEnum):
    PASSWORD = "password"  # noqa: S105 the name of a way to sign in
    XOAUTH2 = "xoauth2"


@dataclass(frozen=True)
class ImapAccount:
    """`secret`: the app password, or the access token for XOAUTH2. `folder`: of the drafts, where the person chose one."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    security: Security = Security.TLS
    sign_in: SignIn = SignIn.PASSWORD
    folder: str = ""

    @property
    def mailbox(self) -> str:
        return f"imap:{self.user}@{self.host}".lower()


@dataclass(frozen=True)
class GmailAccount:
    address: str
    refresh_token: str = field(repr=False)

    @property
    def mailbox(self) -> str:
        return f"gmail:{self.address}".lower()
