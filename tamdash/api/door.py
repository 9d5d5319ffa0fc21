"""What stands around every view of the API: no session, no CSRF; problems for whatever goes wrong; limits and ETags in the headers."""

import functools
import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from tamdash import chunks
from tamdash.api import once, problems
from tamdash.api.problems import Problem

logger = logging.getLogger(__name__)
JSON = "application/json"
View = Callable[..., Any]


def door(view: View) -> View:
    """The view as it stands in the URLs."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = headed(request, answered(view, request, *args, **kwargs))
        response.headers["Content-Length"] = str(len(response.content))
        if is_head:
            response.content = b""
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # how Django lets a view say so
    answer.login_required = False  # type: ignore[attr-defined]
    return answer


def answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        check(request)
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code == 405:
            response = not_allowed(response)
    except Exception as error:
        response = problems.answer(request, error)
    if row := getattr(request, "claim", None):
        try:
            once.keep(row, response)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("An answer could not be kept under its key: %s", type(error).__name__)
    return response


def check(request: HttpRequest) -> None:
    """Raises Problem where no answer of ours would be understood, or the body could not be."""
    if not any(request.accepts(kind) for kind in (JSON, problems.MEDIA_TYPE)):
        raise Problem("not-acceptable", "The Accept header allows no JSON.")
    try:
        in_chunks = chunks.of(request) if request.method == "POST" else None
    except chunks.Unbounded:
        raise Problem("length-required", "The body comes in chunks, and this server cannot tell where they end.") from None
    if in_chunks:
        request._stream = in_chunks  # type: ignore[assignment]  # Django reads it once the token is known, up to its own limit


def not_allowed(response: HttpResponse) -> HttpResponse:
    methods = set(response.headers["Allow"].split(", "))
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return Problem("method-not-allowed", f"This address serves {allowed}.", headers={"Allow": allowed}).response()


def headed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer with its headers; a 304 where whoever asks has the same already."""
    if allowance := getattr(request, "allowance", None):
        for name, value in allowance.headers.items():
            response.headers[name] = value
    if not response.has_header("Cache-Control"):
        response.headers["Cache-Control"] = "private, no-cache" if request.method == "GET" else "no-store"
        patch_vary_headers(response, ["Authorization"])
    if request.method != "GET" or response.status_code != 200:
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if known == ["*"] or etag in [each.removeprefix("W/") for each in known]:
        del response.headers["Content-Type"]
        response.status_code, response.content = 304, b""
    return response


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Addresses below the API that nothing serves."""
    return problems.missing().response()
