"""A person's mailbox, whichever kind it is: the same verbs for all. Each asks the network, and raises MailboxError."""

from types import ModuleType

from communications.mailboxes import Found, MailboxError, Place
from communications.mailboxes.accounts import GmailAccount, ImapAccount, Security, SignIn
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
    says: str = behind(account).check(account)
    return says


def place(account: Account, content: bytes, before: Place | None, *, overwrite: bool) -> Place:
    placed: Place = behind(account).place(account, content, before, overwrite=overwrite)
    return placed


def look(account: Account, before: Place) -> Found:
    found: Found = behind(account).look(account, before)
    return found


def remove(account: Account, before: Place) -> Found:
    found: Found = behind(account).remove(account, before)
    return found


def behind(account: Account) -> ModuleType:
    """What speaks to the mailbox, loaded by whoever asks first: the pages never do."""
    if isinstance(account, GmailAccount):
        from communications.mailboxes import gmail

        return gmail
    from communications.mailboxes import imap

    return imap
