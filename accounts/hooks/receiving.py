"""`/hooks/<source>/<token>`: what a ticket system tells is stored as it came and answered at once; `processing` reads it.

A token that is unknown, expired, revoked or of another source is a 404, all alike, and of what comes with it nothing is read. The address
holds the token, so no answer of this view is logged by Django with it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseFault
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.hooks import budget, hints
from accounts.hooks.systems import SYSTEMS
from accounts.hooks.tokens import digest_of, is_shut, is_usable
from accounts.models import HookToken
from tamdash import chunks

logger = logging.getLogger(__name__)

LARGEST = 1 << 20  # bytes of a body
CONTENT_TYPE_LENGTH = 100
PLAIN = ("", "identity")
SECRET = HookToken._meta.get_field("secret")

# One statement checks the token and stores the event, unless it has to be signed: that is for Python to check.
STORE = """
WITH door AS (
    SELECT id, tenant_id, secret FROM accounts_hooktoken
    WHERE digest = %(digest)s AND source = %(source)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
), stored AS (
    INSERT INTO accounts_inboundevent (tenant_id, source, token_id, received_at, content_type, body, status, next_try_at)
    SELECT tenant_id, %(source)s, id, %(now)s, %(content_type)s, %(body)s, 'waiting', %(now)s FROM door WHERE secret = '' OR %(is_signed)s
)
SELECT secret FROM door"""


class NotTaken(Exception):
    """The body cannot be had, or is not to be stored, for a reason of HTTP."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        self.status = status
        self.words = words
        self.headers = headers


@dataclass(frozen=True)
class Delivery:
    """A request as it is stored."""

    source: str
    token: str
    body: bytes
    content_type: str
    at: datetime


@csrf_exempt
@login_not_required
def receive(request: HttpRequest, source: str, token: str) -> HttpResponse:
    """200 once the event is stored. Nothing is stored otherwise; 5xx asks the source to come again."""
    token = token.rstrip("/")
    if source not in SYSTEMS or is_shut(token):
        return answer(404, "There is no such address.")
    if request.method != "POST":
        return answer(405, "Post events here.", Allow="POST")
    try:
        if not is_usable(source, token):
            return answer(404, "There is no such address.")
        refused = store(delivered(request, source, token), request)
    except NotTaken as reason:
        return answer(reason.status, reason.words, **reason.headers)
    except DatabaseFault as error:
        logger.error("A webhook of %s could not be stored: %s", source, error)
        return answer(503, "It could not be stored. Send it again.", **{"Retry-After": "30"})
    if refused is None:
        hints.hint()
    return refused or answer(200, "Stored.")


def delivered(request: HttpRequest, source: str, token: str) -> Delivery:
    """What came, within the token's budget. Raises NotTaken."""
    if request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in PLAIN:
        raise NotTaken(415, "Send the body as it is, without a Content-Encoding.")
    content_type = request.META.get("CONTENT_TYPE", "").replace("\0", "")[:CONTENT_TYPE_LENGTH]
    delivery = Delivery(source, token, body_of(request), content_type, timezone.now())
    if wait := budget.take(token, len(delivery.body)):
        raise NotTaken(429, "More than this address takes in an hour.", **{"Retry-After": str(wait)})
    return delivery


def body_of(request: HttpRequest) -> bytes:
    """The whole body, also of a source that sends it in chunks. Raises NotTaken."""
    length = request.META.get("CONTENT_LENGTH") or ""
    try:
        if in_chunks := chunks.of(request):
            body = in_chunks.read(LARGEST + 1)
        elif length.isdecimal() and int(length) > LARGEST:
            raise NotTaken(413, "The body is larger than 1 MB.")
        else:
            body = request.body
    except NotTaken:
        raise
    except chunks.Unbounded:
        raise NotTaken(411, "Say how long the body is.") from None
    except Exception:  # each server has errors of its own for a body that is cut off, malformed or too slow
        raise NotTaken(400, "The body did not arrive whole.") from None
    if len(body) > LARGEST:
        raise NotTaken(413, "The body is larger than 1 MB.")
    if length.isdecimal() and len(body) < int(length):
        raise NotTaken(400, "The body did not arrive whole.")
    return body


def store(delivery: Delivery, request: HttpRequest) -> HttpResponse | None:
    """Stores it, or says why not."""
    secret = insert(delivery, is_signed=False)
    if secret is None:
        return answer(404, "There is no such address.")
    if not secret:
        return None
    signature = SYSTEMS[delivery.source].signature
    if not signature.is_given(request.headers):
        return answer(401, f"Sign it: {signature.header} is missing.")
    readable = SECRET.from_db_value(secret) or ""  # empty where it was encrypted with another key
    if not signature.is_right(request.headers, delivery.body, readable, delivery.at):
        return answer(403, "The signature is wrong, or too old.")
    return answer(404, "There is no such address.") if insert(delivery, is_signed=True) is None else None


def insert(delivery: Delivery, *, is_signed: bool) -> str | None:
    """The token's secret as it is kept, or None where there is no such token. Without a secret, or signed, the event is then stored."""
    values: dict[str, Any] = {"digest": digest_of(delivery.token), "source": delivery.source, "now": delivery.at}
    values |= {"content_type": delivery.content_type, "body": delivery.body, "is_signed": is_signed}
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        row = cursor.fetchone()
    return row[0] if row else None


def answer(status: int, words: str, **headers: str) -> HttpResponse:
    response = HttpResponse(
        f"{words}\n", status=status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store", **headers}
    )
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark: it would log the address, and so the token
    return response
