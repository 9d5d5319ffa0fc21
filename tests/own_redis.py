"""A Valkey of the test's own, to be emptied, filled and locked as no shared one can be."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import Settings
from redis import Redis
from redis.exceptions import ConnectionError

from tamdash import embedded
from tamdash.embedded.programs import valkey_program


@dataclass(frozen=True)
class OwnRedis:
    """Answers at a unix socket and at a port of this machine."""

    url: str
    port: int
    client: Redis

    def entries(self, stream: str) -> list[tuple[str, dict[str, str]]]:
        # The package's type also covers clients that decode nothing.
        return [
            (str(entry), {str(name): str(value) for name, value in (fields or {}).items()})
            for entry, fields in self.client.xrange(stream) or ()
        ]


@pytest.fixture(scope="session")
def own_redis_server() -> Iterator[OwnRedis]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        place = Path(folder) / "valkey.sock"
        command: list[str | Path] = [
            valkey_program(embedded.default()),
            "--port",
            str(port),
            "--unixsocket",
            place,
            "--save",
            "",
            "--dir",
            folder,
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = Redis.from_url(f"unix://{place}", decode_responses=True)
        try:
            wait_for(client)
            yield OwnRedis(f"unix://{place}", port, client)
        finally:
            process.kill()
            process.wait()


def wait_for(client: Redis) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(ConnectionError):
            client.ping()
            return
        time.sleep(0.02)
    raise AssertionError("Valkey did not start.")


@pytest.fixture
def own_redis(own_redis_server: OwnRedis, settings: Settings) -> OwnRedis:
    """Empty, and what REDIS_URL names."""
    own_redis_server.client.flushall()
    settings.REDIS_URL = own_redis_server.url
    return own_redis_server
