"""Idempotency-Key: a call that is repeated with its key does nothing more, and is answered the same, byte for byte.

The row is claimed first. While it has no status the first call is at work, or died at it: after `STALE_AFTER` it may be tried again.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.api_tokens import ANSWERS_KEPT
from accounts.models import IdempotentAnswer
from tamdash.api.auth import token_of
from tamdash.api.problems import Issue, Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
STALE_AFTER = timedelta(minutes=1)
READABLE = re.compile(r"[\x21-\x7e]{1,200}")
PASSING = (409, 429)  # by what was going on just then
REPEATED_HEADERS = ("Content-Type", "Location", "Retry-After")
View = Callable[..., Any]


def once(view: View) -> View:
    """Around the view of an operation, after its call was found valid: a call that is not can be mended and use its key again."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if request.method != "POST" or key is None:
            return view(request, *args, **kwargs)
        given = claim(request, key, timezone.now())
        if isinstance(given, HttpResponse):
            return given
        request.claim = given  # type: ignore[attr-defined]  # the door keeps the answer under it
        return view(request, *args, **kwargs)

    return answer


def claim(request: HttpRequest, key: str, now: datetime) -> IdempotentAnswer | HttpResponse:
    """The row to answer under, or the answer that was given before. Raises Problem."""
    if not READABLE.fullmatch(key):
        wrong = Issue(detail="It has 1 to 200 visible ASCII characters, such as a UUID.", header=HEADER)
        raise Problem("invalid", "The idempotency key is not valid.", issues=[wrong])
    call = f"{request.method} {request.get_full_path()}"[:300]
    body = hashlib.sha256(request.body).hexdigest()
    values = {"call": call, "digest": body, "created_at": now}
    row, is_new = IdempotentAnswer.objects.get_or_create(token=token_of(request), key=key, defaults=values)
    if is_new:
        return row
    if row.created_at <= now - ANSWERS_KEPT:  # to be swept
        return taken_over(row, now, **values, status=None, answer=b"", headers={})
    if (row.call, row.digest) != (call, body):
        raise Problem("key-reused", "This key came with another call, or with another body, within the last 24 hours.")
    if row.status is not None:
        return HttpResponse(bytes(row.answer), status=row.status, headers={**row.headers, REPLAYED: "true"})
    if row.created_at > now - STALE_AFTER:
        raise in_progress()
    return taken_over(row, now, created_at=now)


def taken_over(row: IdempotentAnswer, now: datetime, **values: Any) -> IdempotentAnswer:
    """The row for this call, unless another took it in the meantime. Raises Problem."""
    same = IdempotentAnswer.objects.filter(pk=row.pk, status=row.status, created_at=row.created_at)
    if not same.update(**values):
        raise in_progress()
    row.created_at = now
    return row


def in_progress() -> Problem:
    return Problem("in-progress", "A call with this key is being answered.", headers={"Retry-After": "1"})


def keep(row: IdempotentAnswer, response: HttpResponse) -> None:
    """Keeps the answer for repeats. After one that passes with time, or a failure of ours, the call may be made again instead."""
    ours = IdempotentAnswer.objects.filter(pk=row.pk, status=None, created_at=row.created_at)
    if response.status_code in PASSING or response.status_code >= 500:
        ours.delete()
        return
    headers = {name: response.headers[name] for name in REPEATED_HEADERS if name in response.headers}
    ours.update(status=response.status_code, headers=headers, answer=response.content)
