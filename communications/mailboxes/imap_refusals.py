"""What an IMAP server's refusal means, by its response code (RFC 5530) or, of servers that give none, by its words."""

import re

from accounts.notifications.content import outside
from communications.mailboxes import MailboxError

CODE = re.compile(r"\[([A-Z-]+)[^\]]*\]", re.IGNORECASE)
BUSY = re.compile(
    r"too many|maximum number|simultaneous|rate ?limit|throttl|try (again )?later|temporar|unavailable|overloaded", re.IGNORECASE
)
LONGEST_ANSWER = 120  # characters of what the server said

PASSING = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED", "OVERQUOTA", "ALREADYEXISTS", "EXPUNGEISSUED"}
LASTING = {"NOPERM", "NONEXISTENT", "TRYCREATE", "CANNOT", "READ-ONLY"}
SIGN_IN = {
    "AUTHORIZATIONFAILED": "{host} knows the password, but does not open the mailbox with it.",
    "EXPIRED": "The password or access token of the mailbox has expired. Enter a new one.",
    "PRIVACYREQUIRED": "{host} takes the password only over TLS. Choose TLS or STARTTLS.",
    "CONTACTADMIN": "{host} does not let you in: ask whoever runs it.",
}
WRONG = "{host} refuses the user name or password. Where you sign in with a second step, as at Gmail, Outlook or iCloud, it takes an app password."


def refused_sign_in(answer: str, host: str) -> MailboxError:
    """Never in the server's words: who answers a password may repeat it."""
    code = code_of(answer)
    if code in PASSING or (not code and BUSY.search(answer)):
        return MailboxError(f"{host} is busy, or has too many connections open for you. It lets nobody in now.", permanent=False)
    return MailboxError(SIGN_IN.get(code, WRONG).format(host=host), permanent=True)


def refused(answer: str, host: str) -> MailboxError:
    code = code_of(answer)
    if code == "OVERQUOTA":
        return MailboxError("The mailbox is full. Make room in it.", permanent=False)
    if code in PASSING or (code not in LASTING and BUSY.search(answer)):
        return MailboxError(f"{host} is busy, or something else has the folder open.", permanent=False)
    words = outside(CODE.sub("", answer.replace("b'", "").rstrip("'")), LONGEST_ANSWER)
    return MailboxError(f"{host} refused: {words}", permanent=code in LASTING)


def code_of(answer: str) -> str:
    found = CODE.search(answer)
    return found[1].upper() if found else ""
