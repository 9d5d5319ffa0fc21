"""A person's mailbox, whichever kind it is: the same verbs for all. Each asks the network, and raises MailboxError."""

from communications.mailboxes import Found, MailboxError, Place, gmail, imap
from communications.mailboxes.gmail_calls import GmailAccount
from communications.mailboxes.imap_connection import ImapAccount, Security, SignIn
from communications.models import Mailbox

CODE = "code:"  # before what Google came back with, until it is exchanged for a lasting secret

Account = ImapAccount | GmailAccount


def account_of(mailbox: Mailbox) -> Account:
    """Asks nobody. Raises MailboxError where there is none."""
    if not mailbox.user.is_active or mailbox.is_file:
        raise MailboxError(f"{mailbox.user} has no mailbox connected any more. Download the draft instead.", permanent=True)
    if mailbox.secret.startswith(CODE):
        raise MailboxError("Gmail is being connected. Wait for it.", permanent=False)
    if mailbox.kind == Mailbox.Kind.GMAIL:
        return GmailAccount(mailbox.username, mailbox.secret)
    security, sign_in = Security(mailbox.security), SignIn(mailbox.sign_in)
    return ImapAccount(mailbox.host, mailbox.port, mailbox.username, mailbox.secret, security, sign_in, mailbox.folder)


def check(account: Account) -> str:
    return gmail.check(account) if isinstance(account, GmailAccount) else imap.check(account)


def place(account: Account, content: bytes, before: Place | None, *, overwrite: bool) -> Place:
    if isinstance(account, GmailAccount):
        return gmail.place(account, content, before, overwrite=overwrite)
    return imap.place(account, content, before, overwrite=overwrite)


def look(account: Account, before: Place) -> Found:
    return gmail.look(account, before) if isinstance(account, GmailAccount) else imap.look(account, before)


def remove(account: Account, before: Place) -> Found:
    return gmail.remove(account, before) if isinstance(account, GmailAccount) else imap.remove(account, before)
