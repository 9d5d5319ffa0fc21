"""What Google's page comes back with, exchanged for a lasting secret (OAuth 2.0)."""

from dataclasses import dataclass, field

import httpx
from django.conf import settings
from pydantic import BaseModel

from accounts.notifications import egress
from communications.mailboxes import MailboxError
from communications.mailboxes.gmail import Profile
from communications.mailboxes.gmail_calls import DEADLINE, TIMEOUT, Call, Calls, refused_token, unanswered
from communications.mailboxes.gmail_consent import SCOPE


class Tokens(BaseModel):
    access_token: str
    refresh_token: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Granted:
    address: str
    refresh_token: str = field(repr=False)


def exchange(code: str, redirect_uri: str) -> Granted:
    """What the code stands for, and whose mailbox it is. Raises MailboxError."""
    guard: egress.Guard | None = None
    try:
        with egress.guarded(DEADLINE) as guard, httpx.Client(follow_redirects=False, timeout=TIMEOUT) as http:
            tokens = redeemed(http, code, redirect_uri)
            profile = Calls(http, tokens.access_token).ask(Call.PROFILE, Profile)
            return Granted(profile.emailAddress, tokens.refresh_token)
    except MailboxError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise unanswered(error, guard) from None


def redeemed(http: httpx.Client, code: str, redirect_uri: str) -> Tokens:
    form = {
        "code": code,
        "client_id": settings.GOOGLE_CLIENT_ID,
        "client_secret": settings.GOOGLE_CLIENT_SECRET,
        "redirect_uri": redirect_uri,
        "grant_type": "authorization_code",
    }
    given = http.post(settings.GOOGLE_TOKEN_URL, data=form)
    if given.status_code >= 500 or given.status_code == 429:
        raise MailboxError("Google gives out no access now. Try again.", permanent=False)
    if not given.is_success:
        raise refused_token(given.text)
    tokens = Tokens.model_validate_json(given.content)
    if not tokens.refresh_token or SCOPE not in tokens.scope.split():
        raise MailboxError("Google did not give leave to manage drafts. Connect again, and tick it on Google's page.", permanent=True)
    return tokens
