"""Calls to a Jira, of the Cloud or a Server. Nothing else knows the atlassian-python-api package; the secret is in no message and no log.

The package signs in and composes addresses. Its searches read whatever comes, wait as they like and follow redirects, so its plain
`request` is asked instead: `/rest/api/3/search/jql` with `nextPageToken` in the Cloud, `/rest/api/2/search` with `startAt` elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from accounts.models import JiraConnection
from accounts.notifications import egress
from accounts.pull.places import Found, Place, query
from tamdash import retry_after

if TYPE_CHECKING:
    from atlassian import Jira

TIMEOUT = 20  # seconds, to connect and for each read
DEADLINE = 40.0  # seconds for a call, however it drips: well under `syncing.LEASE`
LARGEST = 64 << 20  # bytes of an answer
AT_ONCE = 100  # issues: the most that the Cloud gives with their fields
# All that a webhook tells too, so that either way ends in the same ticket; long texts are left where they are.
FIELDS = "*all,-comment,-worklog,-attachment,-description,-environment,-issuelinks,-subtasks"
EXPAND = "changelog"  # which tells the keys that an issue had before
LATE = "Jira did not answer in time."

Answer = TypeVar("Answer", bound=BaseModel)


class JiraError(Exception):
    """A call went wrong; the message says what to do. `permanent`: again is of no use. `retry_after`: seconds that Jira asked for."""

    def __init__(self, words: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.permanent = permanent
        self.retry_after = retry_after


class Me(BaseModel):
    displayName: str = ""
    timeZone: str = ""


class Issues(BaseModel):
    issues: list[dict[str, object]]
    nextPageToken: str | None = None
    isLast: bool | None = None
    startAt: int = 0
    total: int | None = None


class Counted(BaseModel):
    count: int


class TooLarge(OSError):
    pass


@dataclass(frozen=True)
class Greeting:
    """Who Jira takes us for, the time zone in which it reads dates, and what time it is there; None where it does not say."""

    name: str
    zone: str
    at: datetime | None


def greet(connection: JiraConnection) -> Greeting:
    me, headers = ask(connection, "GET", "myself", Me)
    try:
        at = parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        at = None
    return Greeting(me.displayName, me.timeZone, at)


def count(connection: JiraConnection, jql: str) -> int | None:
    """About how many issues match, in the Cloud; None elsewhere, where the first page tells."""
    if not connection.is_cloud:
        return None
    return max(ask(connection, "POST", "search/approximate-count", Counted, body={"jql": jql})[0].count, 0)


def search(connection: JiraConnection, place: Place, at_once: int = AT_ONCE) -> Found:
    """The page of issues at that place. Raises JiraError."""
    params: dict[str, object] = {"jql": query(connection.jql, place), "fields": FIELDS, "expand": EXPAND, "maxResults": at_once}
    if connection.is_cloud:
        if place.token:
            params["nextPageToken"] = place.token
        page, _ = ask(connection, "GET", "search/jql", Issues, params)
        return Found(page.issues, is_last=bool(page.isLast) or not page.nextPageToken, token=page.nextPageToken or "")
    page, _ = ask(connection, "GET", "search", Issues, params | {"startAt": place.offset})
    seen = page.startAt + len(page.issues)
    return Found(page.issues, is_last=not page.issues or (page.total is not None and seen >= page.total), total=page.total)


def ask(
    connection: JiraConnection,
    method: str,
    path: str,
    answer: type[Answer],
    params: Mapping[str, object] | None = None,
    body: Mapping[str, object] | None = None,
) -> tuple[Answer, Mapping[str, str]]:
    """One call, by a connection of its own: the guard covers those alone that are made under it. Raises JiraError."""
    guard = None
    try:
        with egress.guarded(DEADLINE) as guard, requests.Session() as session:
            session.trust_env = False  # no proxy and no .netrc of the machine
            session.hooks["response"].append(bounded)
            jira = client(connection, session)
            told: dict[str, Any] = {"params": dict(params or {}) or None, "data": dict(body) if body else None}
            response = jira.request(method, jira.resource_url(path), **told, advanced_mode=True, allow_redirects=False)
        if not response.ok or response.is_redirect:
            raise explained(response, connection)
        return answer.model_validate(response.json()), response.headers
    except ValidationError:
        raise JiraError("What answers under this address does not answer as Jira does.", permanent=False) from None
    except (requests.RequestException, OSError, ValueError, RecursionError) as error:
        raise unanswered(error, guard) from None


def client(connection: JiraConnection, session: requests.Session) -> "Jira":
    from atlassian import Jira  # here, as it takes a quarter of a second that few processes need

    secret = connection.secret.strip()
    if not (secret.isascii() and secret.isprintable()):
        raise JiraError("The API token is not one that Jira gave out. Enter it anew.", permanent=True)
    signed_in: dict[str, Any] = (
        {"username": connection.user, "password": secret} if connection.user else {"token": secret} if secret else {}
    )
    version = "3" if connection.is_cloud else "2"
    # The package would sleep as long as Jira likes, in the worker: the row waits instead.
    plain: dict[str, Any] = {"session": session, "timeout": TIMEOUT, "retry_with_header": False, "backoff_and_retry": False}
    return Jira(connection.base_url, cloud=connection.is_cloud, api_version=version, **plain, **signed_in)


def bounded(response: requests.Response, **_: object) -> None:
    """Reads the body here, where its size counts as it is unpacked; requests itself would take any."""
    content = bytearray()
    for chunk in response.iter_content(1 << 16):
        content += chunk
        if len(content) > LARGEST:
            raise TooLarge
    response._content = bytes(content)


def unanswered(error: Exception, guard: egress.Guard | None) -> JiraError:
    """Why there was no answer that can be read."""
    if guard and guard.refused:
        return JiraError(
            "The address leads into a private network. Whoever runs tamdash can allow that with TAMDASH_ALLOW_PRIVATE_URLS.", permanent=True
        )
    if isinstance(error, TooLarge):
        return JiraError("Jira's answer is too large. Narrow the JQL.", permanent=True)
    if (guard and guard.late) or isinstance(error, requests.Timeout | TimeoutError):
        return JiraError(LATE, permanent=False)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema | requests.exceptions.InvalidSchema):
        return JiraError("The address is not one. Enter it as in https://example.atlassian.net.", permanent=True)
    if isinstance(error, requests.exceptions.JSONDecodeError) or not isinstance(error, OSError):
        return JiraError("What answers under this address does not answer as Jira does. Check the address.", permanent=False)
    if isinstance(error, requests.exceptions.SSLError):
        return JiraError("Jira's certificate is not one to be trusted, so nothing was sent.", permanent=False)
    return JiraError("Jira could not be reached.", permanent=False)


def explained(response: requests.Response, connection: JiraConnection) -> JiraError:
    """What happened and what to do."""
    status, wait = response.status_code, retry_after.seconds(response.headers.get("Retry-After", ""))
    if status == 429:
        return JiraError("Jira asked to be left alone for a while.", permanent=False, retry_after=wait)
    if status >= 500 or status == 408:
        return JiraError(f"Jira failed (status {status}).", permanent=False, retry_after=wait)
    if status == 401:
        who = "address and API token" if connection.is_cloud else "personal access token"
        return JiraError(f"Jira refused the sign-in. Enter the {who} anew.", permanent=True)
    if status == 403:
        return JiraError(
            "Jira does not let this user read here. Give it the right to browse these projects, or solve its captcha.", permanent=True
        )
    if status == 404 or status == 410:
        kind = "Jira Cloud" if connection.is_cloud else "Jira Server"
        return JiraError(f"There is no {kind} under this address. Check it, and whether “Jira Cloud” is ticked rightly.", permanent=True)
    if 300 <= status < 400:
        return JiraError("The address leads elsewhere. Enter the one that Jira itself shows.", permanent=True)
    return JiraError(f"Jira did not accept the question: {words_of(response, connection.secret)}", permanent=True)


def words_of(response: requests.Response, secret: str) -> str:
    """Jira's own words of what is wrong, such as with the JQL; of anything else the status."""
    try:
        found = response.json()["errorMessages"]
        said = " ".join(str(one) for one in found)
    except (ValueError, KeyError, TypeError):
        said = ""
    printable = "".join(character if character.isprintable() else " " for character in said)
    return (printable.replace(secret, "…") if secret else printable)[:250].strip() or f"status {response.status_code}"


def tried(connection: JiraConnection) -> str:
    """Who Jira takes us for and what it shows of the issues asked for, in words. Raises JiraError."""
    greeting = greet(connection)
    found = search(connection, Place(began=datetime.now(UTC), zone=greeting.zone), at_once=1)
    total = count(connection, f"({connection.jql})") if connection.is_cloud else found.total
    many = f"About {total:,} issues match." if total is not None else "Issues can be read." if found.issues else "No issue matches."
    name = "".join(character for character in greeting.name if character.isprintable())[:80] or "nobody in particular"
    return f"Connected as {name}. {many}"
