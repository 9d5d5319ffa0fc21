"""Signing in to an IMAP server, and what went wrong in our own words. Only the modules beside it know the IMAPClient package."""

import imaplib
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.conf import settings
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError, ProtocolError

from accounts.notifications import egress
from accounts.notifications.content import outside
from communications.mailboxes import MailboxError
from communications.mailboxes.accounts import ImapAccount, Security, SignIn
from communications.mailboxes.imap_refusals import refused, refused_sign_in

TIMEOUT = 10.0  # seconds, to connect and for each read
DEADLINE = 60.0  # seconds for all of one call
LONGEST_ANSWERS = 20_000_000  # bytes of all answers of one connection
# What a server that speaks no proper IMAP makes the library stumble over.
STUMBLES = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RecursionError)

logger = logging.getLogger(__name__)

# The package logs every line of the dialogue, which are a customer's mails and, if ill-formed, a password.
unheard = logging.getLogger("imapclient")
unheard.propagate = False
unheard.setLevel(logging.CRITICAL)
unheard.addHandler(logging.NullHandler())


class Wire(imaplib.IMAP4):
    """A connection whose answers end at some length."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self.left = LONGEST_ANSWERS
        super().__init__(host, port, TIMEOUT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout)
        return self.tls.wrap_socket(plain, server_hostname=self.host) if self.tls else plain

    def read(self, size: int) -> bytes:
        self.count(size)  # before it is read: memory is taken for all of it
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self.count(len(line))
        return line

    def count(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise self.abort("The answers are too long.")


class Client(IMAPClient):  # type: ignore[misc] # the package has no types
    def _create_IMAP4(self) -> Wire:
        return Wire(self.host, self.port, self.ssl_context if self.ssl else None)

    def folders_with_uses(self) -> list[tuple[tuple[bytes, ...], bytes | None, str]]:
        """As `list_folders`, with the special uses that some servers tell only when asked (RFC 6154)."""
        if not (self.has_capability("SPECIAL-USE") and self.has_capability("LIST-EXTENDED")):
            return cast(list[tuple[tuple[bytes, ...], bytes | None, str]], self.list_folders())
        kind, rows = self._imap.list('""', '"*" RETURN (SPECIAL-USE)')
        self._checkok("list", kind, rows)
        return cast(list[tuple[tuple[bytes, ...], bytes | None, str]], self._proc_folder_list(rows))


@contextmanager
def signed_in(account: ImapAccount) -> Iterator[Client]:
    """The server at hand, until the deadline. Whatever goes wrong within becomes a MailboxError."""
    check_account(account)
    guard: egress.Guard | None = None
    try:
        with egress.guarded(DEADLINE) as guard, connected(account) as client:
            sign_in(client, account)
            yield client
    except MailboxError:
        raise
    except (imaplib.IMAP4.error, OSError, *STUMBLES) as error:
        raise explained(error, account, guard) from None


def check_account(account: ImapAccount) -> None:
    """Nothing that could become a command of its own, or that no server could be reached by."""
    if not account.host or not account.host.isprintable() or " " in account.host or not 0 < account.port < 65536:
        raise MailboxError("Enter the name of the mail server and its port, 993 as a rule.", permanent=True)
    if not account.user or not account.secret or not (account.user + account.secret).isprintable():
        raise MailboxError("Enter the user name and the password of the mailbox.", permanent=True)
    if account.security is Security.NONE and not settings.ALLOW_PRIVATE_URLS:
        raise MailboxError("Without TLS everybody on the way could read the password. Choose TLS or STARTTLS.", permanent=True)


@contextmanager
def connected(account: ImapAccount) -> Iterator[Client]:
    context = ssl.create_default_context()
    direct = account.security is Security.TLS
    with Client(account.host, account.port, ssl=direct, ssl_context=context, timeout=SocketTimeout(TIMEOUT, TIMEOUT)) as client:
        if account.security is Security.STARTTLS:
            client.starttls(context)
        if account.security is Security.NONE and egress.is_public(str(client.socket().getpeername()[0])):
            raise MailboxError("Without TLS a password may only go to a server in your own network. Choose TLS.", permanent=True)
        yield client


def sign_in(client: Client, account: ImapAccount) -> None:
    if account.sign_in is SignIn.XOAUTH2:
        if not client.has_capability("AUTH=XOAUTH2"):
            raise MailboxError(f"{account.host} takes no access tokens (XOAUTH2). Use an app password.", permanent=True)
        client.oauth2_login(account.user, account.secret)
    elif client.has_capability("AUTH=PLAIN"):
        client.plain_login(account.user, account.secret)
    elif not (account.user + account.secret).isascii():
        raise MailboxError(f"{account.host} takes only letters from A to Z, digits and signs in a user name and password.", permanent=True)
    else:
        client.login(account.user, account.secret)


def explained(error: Exception, account: ImapAccount, guard: egress.Guard | None) -> MailboxError:
    """What went wrong. Only what a person has to change is permanent."""
    host = account.host
    match error:
        case _ if guard and guard.refused:
            return MailboxError(f"{host} is an address in a private network. Whoever runs tamdash can allow those.", permanent=True)
        case TimeoutError():
            return MailboxError(f"{host} did not answer in time.", permanent=False)
        case _ if guard and guard.late:
            return MailboxError(f"{host} did not answer in time.", permanent=False)
        case LoginError():
            return refused_sign_in(str(error), account.host)
        case CapabilityError():
            return MailboxError(f"{host} offers no STARTTLS at port {account.port}. Choose TLS, as a rule at port 993.", permanent=True)
        case imaplib.IMAP4.abort():
            return MailboxError(f"{host} ended the connection.", permanent=False)
        case imaplib.IMAP4.error() if not isinstance(error, ProtocolError):
            return refused(str(error).replace(account.secret, "…"), host)
        case OSError():
            return unreached(error, account)
    logger.warning("What a mail server answered could not be read: %s", type(error).__name__)
    return MailboxError(f"{host} does not answer as mail servers do. Is it the IMAP server, and its port?", permanent=False)


def unreached(error: OSError, account: ImapAccount) -> MailboxError:
    where = f"{account.host} at port {account.port}"
    match error:
        case ssl.SSLCertVerificationError():
            why = outside(error.verify_message, 120)
            return MailboxError(f"The certificate of {account.host} is not valid ({why}). Nothing was sent to it.", permanent=True)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return MailboxError(f"{where} ended the connection.", permanent=False)
        case ssl.SSLError():
            return MailboxError(f"{where} speaks no TLS. TLS is at port 993 as a rule, STARTTLS at 143.", permanent=True)
        case ConnectionRefusedError():
            return MailboxError(f"{where} refused the connection.", permanent=False)
        case socket.gaierror():
            return MailboxError(f"The name {account.host} is not known.", permanent=False)
    return MailboxError(f"{where} could not be reached.", permanent=False)
