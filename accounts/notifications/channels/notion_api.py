"""Calls to Notion. Nothing else knows the notion-client package; the token appears in no message and no log."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, TypeVar

import httpx
from django.conf import settings
from notion_client import Client
from notion_client.errors import HTTPResponseError, InvalidPathParameterError, RequestTimeoutError
from pydantic import BaseModel

from accounts.notifications import egress
from accounts.notifications.channels import ChannelError
from tamdash import retry_after

VERSION = "2025-09-03"  # what the bodies are written for
TIMEOUT = 10.0  # seconds, to connect and for each read
DEADLINE = 120.0  # seconds for all of one delivery: well under `delivery.LEASE`
LATE = "Notion did not answer in time."
PACE = 0.34  # seconds from one call to the next: on average Notion takes three a second

Answer = TypeVar("Answer", bound=BaseModel)
Json = Mapping[str, object]

# The package logs what Notion answers, which may quote the request.
unheard = logging.getLogger(f"{__name__}.unheard")
unheard.propagate = False
unheard.addHandler(logging.NullHandler())


class Missing(ChannelError):
    """Notion knows no such thing, or does not show it to the integration."""


class Refused(ChannelError):
    """Notion found fault with the request; the message ends with Notion's own words."""


@contextmanager
def connected(token: str) -> Iterator["Calls"]:
    """Notion at hand, until the deadline. Raises ChannelError."""
    token = token.strip()
    if not (token.isascii() and token.isprintable() and token):
        raise ChannelError("The Notion token is not one that Notion gave out. An admin can enter it anew.", permanent=True)
    try:
        with egress.guarded(DEADLINE) as guard, httpx.Client(follow_redirects=False) as connections:
            yield Calls(connections, token, guard)
    except TimeoutError:  # time ran out after the last answer, which may be half of one
        raise ChannelError(LATE, permanent=False) from None


class Calls:
    """Notion, one call after the other, not faster than it likes."""

    def __init__(self, connections: httpx.Client, token: str, guard: egress.Guard) -> None:
        self.client = Client(
            client=connections,
            auth=token,
            base_url=settings.NOTION_URL,
            timeout_ms=int(TIMEOUT * 1000),
            notion_version=VERSION,
            retry=False,  # the row is tried again, when Notion wants it
            logger=unheard,
            log_level=logging.CRITICAL,
        )
        self.token = token
        self.guard = guard
        self.next_at = 0.0

    def ask(self, method: Literal["GET", "POST", "PATCH"], path: str, answer: type[Answer], body: Json | None = None) -> Answer:
        """One call. Raises ChannelError: Missing and Refused where the caller may know more about why."""
        time.sleep(max(self.next_at - time.monotonic(), 0))
        self.next_at = time.monotonic() + PACE
        try:
            return answer.model_validate(self.client.request(path, method, body=dict(body) if body is not None else None))
        except HTTPResponseError as error:
            raise explained(error, self.token) from None
        except (RequestTimeoutError, InvalidPathParameterError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self.unanswered(error) from None

    def unanswered(self, error: Exception) -> ChannelError:
        """Why there was no answer that can be read."""
        if self.guard.refused:
            return ChannelError("Notion's address is a private one. Whoever runs tamdash can check TAMDASH_NOTION_URL.", permanent=True)
        if self.guard.late or isinstance(error, RequestTimeoutError):
            return ChannelError(LATE, permanent=False)
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | InvalidPathParameterError):
            return ChannelError("Notion's address is not one. Whoever runs tamdash can check TAMDASH_NOTION_URL.", permanent=True)
        if isinstance(error, httpx.HTTPError | OSError):
            return ChannelError("Notion could not be reached.", permanent=False)
        return ChannelError("What answers under Notion's address does not answer as Notion does.", permanent=False)


def explained(error: HTTPResponseError, token: str) -> ChannelError:
    """What happened, in words of ours wherever Notion's add nothing."""
    status = error.status
    if status in (429, 529):
        return ChannelError(
            "Notion asked to be left alone for a while.",
            permanent=False,
            retry_after=retry_after.seconds(error.headers.get("retry-after", "")),
        )
    if status >= 500:
        return ChannelError(
            f"Notion failed (status {status}).", permanent=False, retry_after=retry_after.seconds(error.headers.get("retry-after", ""))
        )
    if status == 409:
        return ChannelError("Somebody else was changing the page in Notion.", permanent=False)
    if status == 401:
        return ChannelError("Notion refused the token. An admin can enter a new one.", permanent=True)
    if status == 403:
        return ChannelError("The integration may not do this: in Notion, let it read, update and insert content.", permanent=True)
    if status == 404:
        return Missing("Notion does not know the page, or does not show it to the integration.", permanent=True)
    if 300 <= status < 400:
        return ChannelError("Notion's address leads elsewhere. Whoever runs tamdash can check TAMDASH_NOTION_URL.", permanent=True)
    # The words of a proxy are no help; Notion's own have a code.
    words = str(error).replace(token, "…")[:200] if status == 400 else f"status {status}"
    return Refused(f"Notion did not accept the request: {words}", permanent=True)
