"""Calls to Gmail's REST API. The only calls there are stand in `Call`: none of them sends, and no address is built but from them."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TypeVar

import httpx
from django.conf import settings
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport import Request, Response
from google.oauth2.credentials import Credentials
from pydantic import BaseModel

from accounts.notifications import egress
from communications.mailboxes import MailboxError
from communications.mailboxes.accounts import GmailAccount
from tamdash import retry_after

TIMEOUT = 10.0  # seconds, to connect and for each read
DEADLINE = 60.0  # seconds for all of one errand
LATE = "Gmail did not answer in time."
ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
PASSING_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "backendError"}
RECONNECT = "Google no longer lets tamdash into this mailbox. Connect Gmail again."

Answer = TypeVar("Answer", bound=BaseModel)


class Call(Enum):
    """Everything that is ever asked of Gmail: the method, and the path below the person's mailbox."""

    PROFILE = ("GET", "profile")
    CREATE_DRAFT = ("POST", "drafts")
    LIST_DRAFTS = ("GET", "drafts")
    GET_DRAFT = ("GET", "drafts/{id}")
    UPDATE_DRAFT = ("PUT", "drafts/{id}")
    DELETE_DRAFT = ("DELETE", "drafts/{id}")
    LIST_MESSAGES = ("GET", "messages")


class Missing(MailboxError):
    """Gmail knows no such draft."""


class Forbidden(MailboxError):
    """The person has not allowed this."""


def address(call: Call, draft_id: str = "") -> str:
    """Where the call goes. Raises ValueError for an id that is none: it could lead elsewhere."""
    path = call.value[1]
    if ("{id}" in path) != bool(draft_id) or (draft_id and (not ID.fullmatch(draft_id) or draft_id == "send")):
        raise ValueError("This is not the id of a draft.")
    return f"{settings.GMAIL_URL.rstrip('/')}/gmail/v1/users/me/{path.replace('{id}', draft_id)}"


@contextmanager
def connected(account: GmailAccount) -> Iterator["Calls"]:
    """Gmail at hand, until the deadline. Whatever goes wrong within becomes a MailboxError."""
    guard: egress.Guard | None = None
    try:
        with egress.guarded(DEADLINE) as guard, httpx.Client(follow_redirects=False, timeout=TIMEOUT) as http:
            yield Calls(http, access_token(http, account))
    except MailboxError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, GoogleAuthError) as error:
        raise unanswered(error, guard) from None


class Calls:
    def __init__(self, http: httpx.Client, token: str) -> None:
        self.http = http
        self.token = token

    def ask(
        self, call: Call, answer: type[Answer], draft_id: str = "", *, body: object = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        """One call. Raises MailboxError: Missing and Forbidden where the caller may make something of it."""
        given = self.http.request(
            call.value[0],
            address(call, draft_id),
            headers={"Authorization": f"Bearer {self.token}"},
            json=body,
            params=dict(query or {}),
        )
        if not given.is_success:
            raise refused(given)
        return answer.model_validate_json(given.content or b"{}")


class Transport(Request):
    """What google-auth asks for a token with: the connections of this errand."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # google-auth's would be two minutes: that of the connections holds
        **kwargs: object,
    ) -> "Given":
        return Given(self.http.request(method, url, content=body, headers=dict(headers or {})))


class Given(Response):
    def __init__(self, given: httpx.Response) -> None:
        self.given = given

    @property
    def status(self) -> int:
        return self.given.status_code

    @property
    def headers(self) -> httpx.Headers:
        return self.given.headers

    @property
    def data(self) -> bytes:
        return self.given.content


def access_token(http: httpx.Client, account: GmailAccount) -> str:
    if not (settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET):
        raise MailboxError("Gmail is not set up: whoever runs tamdash sets TAMDASH_GOOGLE_CLIENT_ID and its secret.", permanent=True)
    if not account.refresh_token:
        raise MailboxError("Gmail is not connected. Connect it first.", permanent=True)
    credentials = Credentials(  # type: ignore[no-untyped-call] # the package has types in part
        token=None,
        refresh_token=account.refresh_token,
        token_uri=settings.GOOGLE_TOKEN_URL,
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
    )
    try:
        credentials.refresh(Transport(http))  # type: ignore[no-untyped-call] # the same
    except RefreshError as error:
        if error.retryable:
            raise MailboxError("Google gives out no access now. It will be tried again.", permanent=False) from None
        raise refused_token(str(error)) from None
    return str(credentials.token)


def refused_token(answer: str) -> MailboxError:
    """The answer is looked at and never shown: Google may quote what it was given."""
    if "invalid_client" in answer or "unauthorized_client" in answer:
        return MailboxError("Google does not know tamdash: whoever runs it checks TAMDASH_GOOGLE_CLIENT_ID and its secret.", permanent=True)
    return MailboxError(RECONNECT, permanent=True)


def unanswered(error: Exception, guard: egress.Guard | None) -> MailboxError:
    """Why there was no answer that can be read."""
    if guard and guard.refused:
        return MailboxError("Gmail's address leads into a private network. Whoever runs tamdash can look into it.", permanent=True)
    if (guard and guard.late) or isinstance(error, TimeoutError | httpx.TimeoutException):
        return MailboxError(LATE, permanent=False)
    if isinstance(error, ValueError):
        return MailboxError("What answers under Gmail's address does not answer as Gmail does.", permanent=False)
    return MailboxError("Gmail could not be reached.", permanent=False)


def refused(given: httpx.Response) -> MailboxError:
    """What happened, in words of ours: https://developers.google.com/workspace/gmail/api/guides/handle-errors."""
    status = given.status_code
    if status == 404:
        return Missing("Gmail knows no such draft.", permanent=True)
    if status == 401:
        return MailboxError(RECONNECT, permanent=True)
    if status == 429 or (status == 403 and reasons(given) & PASSING_REASONS):
        return MailboxError(
            "Gmail asked to be left alone for a while.",
            permanent=False,
            retry_after=retry_after.seconds(given.headers.get("retry-after", "")),
        )
    if status == 403:
        return Forbidden("Google does not let tamdash do this. Connect Gmail again and allow it to manage drafts.", permanent=True)
    if status >= 500 or status == 408:
        return MailboxError(
            f"Gmail failed (status {status}).", permanent=False, retry_after=retry_after.seconds(given.headers.get("retry-after", ""))
        )
    return MailboxError(f"Gmail did not accept the request (status {status}).", permanent=True)


def reasons(given: httpx.Response) -> set[str]:
    try:
        return {str(one["reason"]) for one in json.loads(given.content)["error"]["errors"]}
    except (ValueError, LookupError, TypeError):
        return set()
