"""An HTTP server that behaves like a chat's webhook, well or badly, on a port of this machine."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest


@dataclass
class Webhook:
    """What it answers next, and what it was sent."""

    port: int
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hangs: bool = False  # no answer at all
    before_answer: Callable[[], None] = lambda: None
    drips: bool = False  # a byte of its answer at a time, for ever
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """As a tenant enters it."""
        return f"json://127.0.0.1:{self.port}/hook/s3cret"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook = cast("Server", self.server).hook
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        hook.received.append((self.path, json.loads(sent) if sent.startswith(b"{") else {"form": sent.decode()}))
        hook.before_answer()
        if hook.hangs:
            hook.over.wait()
            return
        if hook.drips:
            self.drip(hook)
            return
        self.send_response(hook.status)
        for name, value in hook.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(hook.body)))
        self.end_headers()
        self.wfile.write(hook.body)

    def drip(self, hook: Webhook) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while not hook.over.wait(0.05):
            try:
                self.wfile.write(b"x")
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at what was received."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    hook: Webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    server = Server(("127.0.0.1", 0), Handler)
    server.hook = Webhook(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.hook
    server.hook.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
