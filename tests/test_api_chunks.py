"""Bodies that come in chunks, as curl sends what it reads from a pipe, and as gunicorn hands them over."""

import json
from typing import Any

import pytest
from django.conf import settings
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

from accounts.models import InboundEvent, Ticket
from tests import hooks, make
from tests.api import Caller, problem
from tests.conftest import Cast

TICKET = {"ticket_id": "T-1", "account_id": "acme", "priority": "P1", "status": "open", "created_at": "2026-11-20T10:00:00Z"}


@pytest.fixture
def caller(cast: Cast) -> Caller:
    make.account(cast.tenant, external_id="acme")
    return Caller(cast.tenant)


def chunked(body: bytes) -> bytes:
    parts = [body[first : first + 65_536] for first in range(0, len(body), 65_536)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def send(caller: Caller, path: str, sent: bytes, **environment: object) -> Any:
    """The answer to these bytes of a body behind a Transfer-Encoding of chunks."""
    head = b"POST / HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\n"
    request = next(RequestParser(Config(), [head + sent], ("127.0.0.1", 40_000)))
    given = {
        "CONTENT_TYPE": "application/json",
        "wsgi.input": request.body,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    } | environment
    return caller.client.generic("POST", path, headers=caller.bearer, **given)


def test_what_comes_in_chunks_is_read_whole(caller: Caller) -> None:
    body = json.dumps({"tickets": [TICKET] + [TICKET | {"ticket_id": f"T-{n}", "subject": "x" * 200} for n in range(2, 500)]}).encode()
    answer = send(caller, "/api/v1/tickets", chunked(body), HTTP_IDEMPOTENCY_KEY="once")
    assert (answer.status_code, Ticket.objects.count()) == (200, 499)
    again = send(caller, "/api/v1/tickets", chunked(body), HTTP_IDEMPOTENCY_KEY="once")
    assert (again.headers["Idempotent-Replayed"], again.content) == ("true", answer.content)


def test_it_is_held_to_the_limit_of_every_body(caller: Caller) -> None:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert most
    problem(send(caller, "/api/v1/tickets", chunked(b" " * (most + 1))), "too-large")
    problem(send(caller, "/api/v1/tickets", chunked(b" " * most)), "unreadable")


MALFORMED = [
    b"zz\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}xx0\r\n\r\n",
    b"5\r\n{}",
    b"-2\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}\r\n0\r\nno trailer\r\n\r\n",
    b"",
]


@pytest.mark.parametrize("sent", MALFORMED)
def test_malformed_chunks_are_no_fault_of_ours(sent: bytes, caller: Caller, cast: Cast) -> None:
    for path in ("/api/v1/tickets", "/api/v1/tasks", "/api/v1/handoffs", "/api/v1/heartbeats"):
        problem(send(caller, path, sent), "unreadable")
    _, address = hooks.door(cast.tenant, "generic")
    assert send(caller, address, sent).status_code == 400
    assert not InboundEvent.objects.exists()


def test_a_server_that_cannot_tell_where_the_body_ends_asks_for_its_length(caller: Caller) -> None:
    problem(send(caller, "/api/v1/tickets", chunked(b"{}"), **{"wsgi.input_terminated": False}), "length-required")
