"""Mail to one person of the tenant, through Django's mail backend."""

import smtplib
import socket
import ssl
from contextlib import suppress
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from accounts.models import User
from accounts.notifications.channels import ChannelError
from accounts.notifications.content import outside
from accounts.notifications.wording import Message

NO_SERVER = "No mail server is set up: whoever runs tamdash sets TAMDASH_EMAIL_URL."
LONGEST_ANSWER = 120  # characters of what the server said


def send(to: User, message: Message, key: UUID) -> str:
    """Raises ChannelError. A repeat has the same Message-ID, by which mail programs show it once. Answers the address."""
    if not settings.EMAIL_IS_SET_UP:
        raise ChannelError(NO_SERVER, permanent=True)
    connection = get_connection()
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    # No automatic answer is to come back (RFC 3834).
    headers = {"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(message.subject, message.text, to=[to.email], headers=headers, connection=connection)
    mail.attach_alternative(message.html, "text/html")
    try:
        try:
            connection.open()
            mail.send()
        finally:
            with suppress(OSError):  # it has the mail already: how it says goodbye changes nothing
                connection.close()
    except OSError as error:
        raise failure(error, to) from None
    return to.email


def failure(error: OSError, to: User) -> ChannelError:
    """What went wrong, in words without a secret. Permanent is only what the server says of this person or this mail.

    A refused password is not: whoever runs tamdash puts it right, and what waits then goes out.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()), (0, b""))
        return ChannelError(f"The mail server does not take mail for {to.email} ({code} {said(answer)}).", permanent=code >= 500)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ChannelError(f"The mail server refuses tamdash's user name or password ({error.smtp_code}).", permanent=False)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        words = f"The mail server refused the mail ({error.smtp_code} {said(error.smtp_error)})."
        return ChannelError(words, permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        return ChannelError(f"The mail server is not ready ({error.smtp_code}).", permanent=False)
    return ChannelError(f"The mail server {cause(error)}.", permanent=False)


def cause(error: OSError) -> str:
    match error:
        case smtplib.SMTPNotSupportedError():
            return "does not offer the encryption or the sign-in that TAMDASH_EMAIL_URL asks for"
        case smtplib.SMTPServerDisconnected() if "timed out" not in str(error):
            return "hung up"
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return f"did not answer within {settings.EMAIL_TIMEOUT} seconds"
        case ConnectionRefusedError():
            return "refused the connection"
        case socket.gaierror():
            return "has a name that is not known"
        case ssl.SSLError():
            return "has no valid certificate, or speaks no TLS there"
    return "could not be used"


def said(answer: bytes | str) -> str:
    return outside(answer.decode(errors="replace") if isinstance(answer, bytes) else answer, LONGEST_ANSWER)
