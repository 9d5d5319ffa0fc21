"""What strangers and bad bodies cost at the doors of webhooks and pings: nothing is read, nothing is stored, and no address is told on."""

import importlib.util
import socket
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.hooks import budget, receiving
from accounts.models import InboundEvent, Tenant
from tests import hooks, make


class Fault(Exception):
    """A server's own error, as gunicorn's of a chunk without a size."""


class Unreadable(BytesIO):
    def read(self, *_: object) -> bytes:
        raise Fault


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def unread(address: str, **environment: object) -> HttpResponse:
    """The answer where reading the body fails."""
    given = RequestFactory().generic("POST", address).environ | {"wsgi.input": Unreadable(), "CONTENT_LENGTH": "400"} | environment
    _, _, source, token = address.split("/")
    return receiving.receive(WSGIRequest(given), source, token)


def test_of_what_comes_with_an_unknown_token_nothing_is_read(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    assert unread(f"{address}x").status_code == 404
    assert unread(address.replace("generic", "jira")).status_code == 404
    assert unread(address).status_code == 400


def test_a_malformed_body_is_a_plain_400_and_its_address_is_in_no_log(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    _, address = hooks.door(tenant, "generic")
    in_chunks = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    for environment in ({}, in_chunks):
        answer = unread(address, **environment)
        assert (answer.status_code, answer.content) == (400, b"The body did not arrive whole.\n")
    assert caplog.text == ""
    assert not InboundEvent.objects.exists()


def test_a_compressed_body_is_refused_with_a_word_and_not_stored(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    for encoding in ("gzip", "br", "identity, gzip"):
        answer = hooks.send(address, b"{}", **{"Content-Encoding": encoding})
        assert (answer.status_code, answer.content) == (415, b"Send the body as it is, without a Content-Encoding.\n")
    assert not InboundEvent.objects.exists()
    assert hooks.send(address, b"{}", **{"Content-Encoding": "Identity"}).status_code == 200


def test_an_address_that_is_almost_right_is_in_no_log_either(db: None, caplog: pytest.LogCaptureFixture) -> None:
    secret = str(uuid4())
    near = (
        "/hooks//generic/{}",
        "//hooks/generic/{}",
        "/Hooks/generic/{}",
        "/ping/{}/",
        "/PING/{}",
        "/hooks /generic/{}",
        "/x/hooks/a b/{}",
    )
    for path in near:
        for call in (Client().get, Client().post):
            assert call("/", PATH_INFO=path.format(secret)).status_code in (404, 405)
    assert len(caplog.records) >= len(near)
    assert secret not in caplog.text
    caplog.clear()
    Client().get("/no-such-page")
    assert "Not Found: /no-such-page" in caplog.text


@pytest.mark.parametrize(("limit", "most"), [("EVENTS", 2), ("BYTES", 5)])
def test_a_token_that_sends_more_than_its_share_of_an_hour_is_told_when_to_come_again(
    limit: str, most: int, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, limit, most)
    (_, address), (_, other) = hooks.door(tenant, "generic"), hooks.door(tenant, "generic")
    assert [hooks.send(address, b"{}").status_code for _ in range(3)] == [200, 200, 429]
    refused = hooks.send(address, b"{}")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert hooks.send(other, b"{}").status_code == 200
    assert InboundEvent.objects.count() == 3


def test_the_budget_begins_anew_with_each_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "EVENTS", 1)
    token, hour = str(uuid4()), 3600.0 * 500_000
    assert [budget.take(token, 1, at) for at in (hour, hour + 3000, hour + 3600)] == [0, 600, 0]


def test_without_redis_nobody_is_held_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    monkeypatch.setattr(budget, "away_until", 0.0)
    monkeypatch.setattr(budget, "EVENTS", 0)
    assert budget.take("a", 1) == 0
    assert budget.away_until > 0


def test_half_a_request_does_not_hold_a_thread_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    conf = gunicorn_conf()
    monkeypatch.setattr(conf, "READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        conf.when_ready(SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listener)]))
        with socket.create_connection(listener.getsockname()) as caller:
            caller.sendall(b"POST")
            taken, _ = listener.accept()
            with taken:
                taken.setblocking(True)  # as gunicorn's workers do
                assert taken.recv(100) == b"POST"
                with pytest.raises(BlockingIOError):
                    taken.recv(100)


def gunicorn_conf() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gunicorn_conf", Path(__file__).parent.parent / "gunicorn.conf.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
