"""What Redis refuses, and whether the event is tried again."""

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import cast

import pytest
from pytest_django import Settings

from accounts.notifications import delivery
from accounts.notifications.channels import ChannelError, event_bus
from tests import make
from tests.conftest import Cast
from tests.own_redis import OwnRedis
from tests.test_event_bus import STREAM, rows, trial


def failure() -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        event_bus.publish("north", trial())
    return caught.value


@pytest.mark.parametrize(
    ("url", "permanent"),
    [
        ("redis://bus:secret@127.0.0.1:1", False),
        ("unix:///tmp/nothing-here.sock", False),
        ("redis://bus:wrong-secret@127.0.0.1:{port}", False),
        ("redis://reader:secret@127.0.0.1:{port}", False),
        ("nonsense://bus:secret@127.0.0.1:{port}", True),
    ],
)
def test_a_failure_says_whether_to_try_again_and_no_secret(
    own_redis: OwnRedis, settings: Settings, caplog: pytest.LogCaptureFixture, url: str, permanent: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    own_redis.client.acl_setuser("bus", enabled=True, passwords=["+secret"], categories=["+@all"], keys=["*"])
    own_redis.client.acl_setuser("reader", enabled=True, passwords=["+secret"], categories=["+@read"], keys=["*"])
    settings.REDIS_URL = url.format(port=own_redis.port)
    error = failure()
    assert error.permanent is permanent
    assert "secret" not in str(error)
    assert "secret" not in caplog.text


class Answers(socketserver.StreamRequestHandler):
    """Speaks Redis well enough for a sign-in, and answers every event with the server's line."""

    def handle(self) -> None:
        server = cast("OneLine", self.server)
        answers = {b"HELLO": b"%1\r\n$5\r\nproto\r\n:3\r\n", b"EVAL": f"{server.line}\r\n".encode()}
        while asked := self.rfile.readline():
            if asked.strip() in answers or asked.strip() == b"CLIENT":
                self.wfile.write(answers.get(asked.strip(), b"+OK\r\n"))


class OneLine(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close = True, False
    line: str


@pytest.fixture
def one_line() -> Iterator[OneLine]:
    with OneLine(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def test_a_redis_that_hangs_holds_nothing_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_bus, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        error = failure()
    assert time.monotonic() - began < 4
    assert (str(error), error.permanent) == ("Redis did not answer in time.", False)


def test_a_full_redis_is_tried_again(own_redis: OwnRedis) -> None:
    own_redis.client.config_set("maxmemory", "1")
    try:
        assert not failure().permanent
    finally:
        own_redis.client.config_set("maxmemory", "0")


def test_a_redis_without_its_replicas_is_tried_again(own_redis: OwnRedis) -> None:
    own_redis.client.config_set("min-replicas-to-write", "1")
    try:
        assert not failure().permanent
    finally:
        own_redis.client.config_set("min-replicas-to-write", "0")


@pytest.mark.parametrize("code", ["BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "READONLY", "MISCONF", "ERR"])
def test_what_passes_is_tried_again(one_line: OneLine, settings: Settings, code: str) -> None:
    one_line.line = f"-{code} Not now."
    settings.REDIS_URL = f"redis://127.0.0.1:{one_line.server_address[1]}"
    assert not failure().permanent


def test_something_else_under_the_streams_name_says_so(own_redis: OwnRedis) -> None:
    own_redis.client.set(STREAM, "mine")
    error = failure()
    assert error.permanent
    assert "holds something else" in str(error)


def test_an_unreachable_redis_is_tried_again_later(cast: Cast, settings: Settings) -> None:
    make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    settings.REDIS_URL = "redis://127.0.0.1:1"
    delivery.drain(cast.tenant.pk, "event_bus")
    [row] = rows(cast)
    assert (row.status, row.error, row.attempts) == ("pending", "Redis could not be reached.", 1)
