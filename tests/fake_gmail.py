"""A server that behaves as Gmail's REST API and Google's token endpoint do, in a thread. `faults` says which calls go wrong, and how."""

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

REFRESH_TOKEN = "1//refresh-s3cret"
ACCESS_TOKEN = "ya29.access-s3cret"
CLIENT_SECRET = "client-s3cret"
SECRETS = (REFRESH_TOKEN, ACCESS_TOKEN, CLIENT_SECRET)
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
READ = "https://www.googleapis.com/auth/gmail.readonly"
BELOW = "/gmail/v1/users/me/"


@dataclass
class Fault:
    status: int = 500
    reason: str = "backendError"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    done: bool = False  # it is done all the same, only the answer fails
    hangs: bool = False


@dataclass
class Gmail:
    """One person's mailbox, and what it was asked for."""

    url: str = ""
    address: str = "rita@tamdash.example"
    scope: str = COMPOSE
    revoked: bool = False
    drafts: dict[str, tuple[str, str]] = field(default_factory=dict)  # by their id: the message's id, and its raw form
    sent: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)  # by method and the last word of the path
    ids: Iterator[int] = field(default_factory=lambda: count(7_000_000))
    released: threading.Event = field(default_factory=threading.Event)

    def contents(self) -> list[bytes]:
        return [urlsafe_b64decode(raw) for _, raw in self.drafts.values()]

    def keep(self, draft_id: str, raw: str) -> dict[str, Any]:
        urlsafe_b64decode(raw)
        self.drafts[draft_id] = (f"{next(self.ids):x}", raw)
        return self.shown(draft_id, "minimal")

    def shown(self, draft_id: str, form: str) -> dict[str, Any]:
        message_id, raw = self.drafts[draft_id]
        message = {"id": message_id, "threadId": "t1", "labelIds": ["DRAFT"]}
        return {"id": draft_id, "message": message | ({"raw": raw} if form == "raw" else {})}

    def send(self, draft_id: str) -> None:
        """As the person does, in Gmail."""
        self.sent.append(self.drafts.pop(draft_id)[1])


def has_id(raw: str, query: str) -> bool:
    wanted = query.split()[0].removeprefix("rfc822msgid:")
    return str(message_from_bytes(urlsafe_b64decode(raw))["Message-ID"]).strip("<>") == wanted


class Api(BaseHTTPRequestHandler):
    gmail: Gmail
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: apart, the second would wait for an acknowledgement

    def log_message(self, *_: object) -> None:
        return

    def handle_call(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        where = urlsplit(self.path)
        self.gmail.calls.append((self.command, where.path))
        fault = self.gmail.faults.get((self.command, where.path.rsplit("/", 1)[-1]))
        if fault and not fault.done:
            self.fail(fault)
            return
        status, body = self.outcome(where.path, raw, {name: values[0] for name, values in parse_qs(where.query).items()})
        if fault:
            self.fail(fault)
        else:
            self.answer(status, "" if status == 204 else json.dumps(body))

    do_GET = do_POST = do_PUT = do_DELETE = handle_call

    def fail(self, fault: Fault) -> None:
        if fault.hangs:
            self.gmail.released.wait(10)
            self.close_connection = True
            return
        self.answer(fault.status, json.dumps(error(fault.status, fault.reason)) if fault.body is None else fault.body, **fault.headers)

    def answer(self, status: int, body: str, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def outcome(self, path: str, raw: bytes, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/token":
            return self.token({name: values[0] for name, values in parse_qs(raw.decode()).items()})
        if self.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}" or self.gmail.revoked:
            return 401, error(401, "authError")
        try:
            return self.route(path.removeprefix(BELOW).split("/"), json.loads(raw or b"{}"), query)
        except KeyError:
            return 404, error(404, "notFound")

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        if form.get("client_secret") != CLIENT_SECRET:
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        answer = {"access_token": ACCESS_TOKEN, "expires_in": 3599, "token_type": "Bearer", "scope": self.gmail.scope}
        match form:
            case {"grant_type": "refresh_token", "refresh_token": token} if token == REFRESH_TOKEN and not self.gmail.revoked:
                return 200, answer
            case {
                "grant_type": "authorization_code",
                "code": "good-code",
                "redirect_uri": "https://tamdash.example/back" | "https://tamdash.example/mailbox/gmail/",
            }:
                return 200, answer | {"refresh_token": REFRESH_TOKEN}
        return 400, {"error": "invalid_grant", "error_description": f"Token {form} has been expired or revoked."}

    def route(self, parts: list[str], body: dict[str, Any], query: dict[str, str]) -> tuple[int, Any]:
        gmail = self.gmail
        match (self.command, *parts):
            case ("GET", "profile"):
                return 200, {"emailAddress": gmail.address, "messagesTotal": 1, "threadsTotal": 1, "historyId": "1"}
            case ("POST", "drafts"):
                return 200, gmail.keep(f"r-{next(gmail.ids)}", body["message"]["raw"])
            case ("GET", "drafts"):
                return 200, listed("drafts", [{"id": one} for one, (_, raw) in gmail.drafts.items() if has_id(raw, query["q"])])
            case ("GET", "drafts", draft_id):
                return 200, gmail.shown(draft_id, query.get("format", "full"))
            case ("PUT", "drafts", draft_id):
                return 200, gmail.keep(gmail.shown(draft_id, "minimal")["id"], body["message"]["raw"])
            case ("DELETE", "drafts", draft_id):
                del gmail.drafts[draft_id]
                return 204, None
            case ("GET", "messages"):
                if READ not in gmail.scope:
                    return 403, error(403, "insufficientPermissions")
                return 200, listed("messages", [{"id": "m", "threadId": "t1"} for raw in gmail.sent if has_id(raw, query["q"])])
        return 404, error(404, "notFound")


def listed(name: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Google leaves out what is empty."""
    return ({name: rows} if rows else {}) | {"resultSizeEstimate": len(rows)}


def error(status: int, reason: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": reason, "errors": [{"message": reason, "domain": "global", "reason": reason}]}}


@contextmanager
def running() -> Iterator[Gmail]:
    gmail = Gmail()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Api,), {"gmail": gmail}))
    server.daemon_threads = True
    gmail.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield gmail
    finally:
        gmail.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def fake_gmail(settings: Settings) -> Iterator[Gmail]:
    """Gmail as the tests' settings name it."""
    with running() as gmail:
        settings.GMAIL_URL, settings.GOOGLE_TOKEN_URL = gmail.url, f"{gmail.url}/token"
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = "client.example", CLIENT_SECRET
        settings.ALLOW_PRIVATE_URLS = True
        yield gmail
