"""Errors as RFC 9457 has them: every answer of the API that is no success is a problem document, and none shows a stack trace."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, Field, JsonValue

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_ISSUES = 100
RETRY_SECONDS = 5


@dataclass(frozen=True)
class Kind:
    """A sort of error; `then` says what whoever calls can do about it."""

    status: int
    title: str
    then: str


KINDS = {
    "unreadable": Kind(400, "The request cannot be read", "Send well-formed JSON in UTF-8 with the documented headers."),
    "unauthenticated": Kind(
        401, "No valid token", "Send Authorization: Bearer and a token that is neither expired nor revoked. An admin makes one."
    ),
    "insufficient-scope": Kind(403, "The token lacks a scope", "Use a token with the scope that the problem names."),
    "not-found": Kind(404, "Nothing is there", "Check the address and the ids in it. What another tenant owns does not exist for a token."),
    "method-not-allowed": Kind(405, "This method is not served here", "Use one of the methods in the Allow header."),
    "not-acceptable": Kind(406, "Only JSON is served", "Send Accept: application/json, or none."),
    "in-progress": Kind(409, "The same call is still being answered", "Try again after the seconds in Retry-After, with the same key."),
    "conflict": Kind(409, "It does not fit what is there", "Read the present state, then decide."),
    "length-required": Kind(411, "The length of the body is missing", "Send the whole body at once, with its Content-Length."),
    "too-large": Kind(413, "The body is too large", "Send less in one call."),
    "unsupported-media-type": Kind(415, "The body is not JSON", "Send Content-Type: application/json."),
    "invalid": Kind(422, "Something in the call is not valid", "Mend what errors names, then send it again."),
    "key-reused": Kind(422, "The idempotency key was used for another call", "Use a new key for a new call."),
    "too-many-requests": Kind(429, "Too many calls", "Wait for the seconds in Retry-After. A bulk call counts once."),
    "too-many-batches": Kind(429, "Too many batch tasks are open", "Wait until one of them has ended, then ask again."),
    "internal": Kind(500, "It failed on our side", "Try again later. Whoever runs tamdash finds the cause in its log."),
    "unavailable": Kind(503, "The database is away", "Try again after the seconds in Retry-After."),
}


class Issue(BaseModel):
    """One thing that is wrong, and where: a pointer into the body, or the name of a parameter or header."""

    detail: str
    pointer: str | None = Field(default=None, description="JSON Pointer into the body, as a URI fragment.", examples=["#/tickets"])
    parameter: str | None = Field(default=None, description="In the address.")
    header: str | None = None


class ProblemDocument(BaseModel):
    """RFC 9457."""

    model_config = {"extra": "allow", "title": "Problem"}

    type: str = Field(description="Which sort of error, as the address of its explanation.")
    title: str
    status: int
    detail: str
    errors: list[Issue] = Field(default=[], description="Each thing that is wrong with the call.")


class Problem(Exception):
    """An answer that is no success. `members` are further members of the document."""

    def __init__(
        self, kind: str, detail: str, *, issues: Sequence[Issue] = (), headers: Mapping[str, str] | None = None, **members: JsonValue
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.issues, self.headers, self.members = kind, detail, issues, headers or {}, members

    def document(self) -> dict[str, Any]:
        kind = KINDS[self.kind]
        found: dict[str, Any] = {"type": address(self.kind), "title": kind.title, "status": kind.status, "detail": self.detail}
        if self.issues:
            found["errors"] = [issue.model_dump(exclude_none=True) for issue in self.issues[:MOST_ISSUES]]
        return found | self.members

    def response(self) -> HttpResponse:
        body = json.dumps(self.document())
        return HttpResponse(body, status=KINDS[self.kind].status, content_type=MEDIA_TYPE, headers={**self.headers})


def address(kind: str) -> str:
    """Where the sort of error is explained."""
    return f"{settings.PUBLIC_URL}/api/#{kind}"


def missing() -> Problem:
    return Problem("not-found", "There is nothing at this address, or this token may not know of it.")


def unavailable() -> Problem:
    return Problem("unavailable", "The database did not answer. Nothing is lost.", headers={"Retry-After": str(RETRY_SECONDS)})


def of(error: Exception) -> Problem:
    """What whoever calls is told of an exception. One that nobody foresaw is logged, and told of in general words."""
    cause = error.__cause__
    match error:
        case Problem():
            return error
        case HttpError() if isinstance(cause, Problem | RequestDataTooBig):  # raised while the body was read
            return of(cause)
        case AuthenticationError():
            return unauthenticated()
        case ValidationError():
            return invalid(error)
        case Http404():
            return missing()
        case RequestDataTooBig():
            most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 1024 / 1024
            return Problem("too-large", f"A body may have up to {most:g} MB.")
        case HttpError() | UnreadablePostError() | SuspiciousOperation():
            return Problem("unreadable", "The body could not be read as JSON.")
        case OperationalError() | InterfaceError():
            logger.warning("The API answers 503: %s", type(error).__name__)
            return unavailable()
        case DataError():
            logger.warning("The API answers 422", exc_info=error)
            return Problem("invalid", "The call holds a value that cannot be kept, such as a NUL character or a number that is too large.")
        case _:
            logger.error("The API answers 500", exc_info=error)
            return Problem("internal", "Something went wrong that should not have. Nothing more is known to this answer.")


def unauthenticated() -> Problem:
    return Problem(
        "unauthenticated",
        "The call has no token, or one that is unknown, expired or revoked.",
        headers={"WWW-Authenticate": 'Bearer realm="tamdash"'},
    )


def invalid(error: ValidationError) -> Problem:
    found = [issue(each["loc"], each["msg"]) for each in error.errors]
    return Problem("invalid", f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} wrong with the call.", issues=found)


def issue(where: Sequence[int | str], message: str) -> Issue:
    """Where django-ninja found it: the part of the call, then the way to the value."""
    part, *way = where
    if part == "body":
        return Issue(detail=message, pointer=pointer(way[1:]))  # the first is our own name of the body
    name = str(way[:2][-1]) if way else str(part)  # of an entry of a list, our own name of all parameters comes first
    return Issue(detail=message, header=name) if part == "header" else Issue(detail=message, parameter=name)


def pointer(way: Sequence[int | str]) -> str:
    """JSON Pointer (RFC 6901) as a URI fragment."""
    return "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in way)


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    return of(error).response()
