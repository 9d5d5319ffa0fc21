"""A server that behaves as Jira's search does, of the Cloud or a Server, in a thread. `faults` says which calls go wrong, and how.

Dates in JQL are minutes of the user's time zone, Server pages by offset over what matches at that moment, the Cloud by tokens that
continue after the last issue given. `between` is called after each search, so that a test can move issues while pages are read.
"""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

USER, TOKEN = "ada@tamdash.example", "jira-secret-token"
QUESTION = re.compile(r'\((?P<jql>.*)\)(?: AND updated >= "(?P<since>[-\d]+ [\d:]+)")? ORDER BY updated ASC, key ASC', re.DOTALL)
BASIC = f"Basic {base64.b64encode(f'{USER}:{TOKEN}'.encode()).decode()}"
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
Json = dict[str, Any]


@dataclass
class Fault:
    """`drips`: it answers a byte at a time; `hangs`: never."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False


@dataclass
class Issue:
    key: str
    created: datetime
    updated: datetime
    status: str = "To Do"
    priority: str | None = "High"
    summary: str = "Export fails"
    labels: list[str] = field(default_factory=list)
    moves: list[tuple[datetime, str]] = field(default_factory=list)  # when, and the key before

    def shown(self) -> Json:
        fields = {
            "summary": self.summary,
            "created": stamp(self.created),
            "updated": stamp(self.updated),
            "priority": {"name": self.priority} if self.priority else None,
            "status": {"name": self.status, "statusCategory": {"key": STATUSES[self.status]}},
            "resolutiondate": stamp(self.updated) if self.status == "Done" else None,
            "labels": self.labels,
            "project": {"key": self.key.rpartition("-")[0]},
        }
        moved = [{"created": stamp(at), "items": [{"field": "Key", "fromString": old, "toString": self.key}]} for at, old in self.moves]
        return {"id": str(abs(hash(self.key))), "key": self.key, "fields": fields, "changelog": {"histories": moved}}


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}+0000"


@dataclass
class FakeJira:
    """`late`: an ambiguous hour of a JQL date is read as its second time."""

    is_cloud: bool = True
    zone: str = "UTC"
    most: int = 100
    late: bool = True
    issues: dict[str, Issue] = field(default_factory=dict)
    raw: list[Json] = field(default_factory=list)  # issues in whatever shape, that always match
    faults: dict[int, Fault] = field(default_factory=dict)  # by number of the call; -1: all
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    between: Callable[[int], None] = lambda _: None
    url: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, updated: datetime, **values: Any) -> Issue:
        self.issues[key] = Issue(key, **{"created": updated, "updated": updated} | values)
        return self.issues[key]

    @property
    def searches(self) -> list[dict[str, str]]:
        return [params for path, params in self.calls if "/search" in path and "count" not in path]

    def matching(self, question: str) -> list[Issue]:
        found = QUESTION.fullmatch(question)
        if not found or "nonsense" in question:
            raise ValueError("The value 'nonsense' does not exist for the field 'project'.")
        issues = sorted(self.issues.values(), key=lambda issue: (issue.updated, issue.key))
        if not found["since"]:
            return issues
        local = datetime.strptime(found["since"], "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(self.zone), fold=int(self.late))
        return [issue for issue in issues if issue.updated >= local.astimezone(UTC)]


class Api(BaseHTTPRequestHandler):
    jira: FakeJira
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        return

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.jira.clock(), usegmt=True)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.handle_call(address.path, {name: values[0] for name, values in parse_qs(address.query).items()})

    def do_POST(self) -> None:
        self.handle_call(urlsplit(self.path).path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def handle_call(self, path: str, params: dict[str, str]) -> None:
        jira = self.jira
        with jira.lock:
            number = len(jira.calls)
            jira.calls.append((path, params))
            fault = jira.faults.get(number, jira.faults.get(-1))
            status, body = (fault.status, fault.body) if fault else self.outcome(path, params)
        if fault and fault.hangs:
            jira.released.wait(20)
            self.close_connection = True
            return
        if "/search" in path:
            jira.between(number)
        self.answer(status, body, fault)

    def answer(self, status: int, body: Any, fault: Fault | None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (fault.headers if fault else {}).items():
            self.send_header(name, value)
        self.end_headers()
        for piece in [data[i : i + 1] for i in range(len(data))] if fault and fault.drips else [data]:
            self.wfile.write(piece)
            if fault and fault.drips:
                self.wfile.flush()
                time.sleep(0.05)
                if self.jira.released.is_set():
                    return

    def outcome(self, path: str, params: dict[str, str]) -> tuple[int, Any]:
        jira = self.jira
        if self.headers.get("Authorization") != (BASIC if jira.is_cloud else f"Bearer {TOKEN}"):
            return 401, {"errorMessages": ["Client must be authenticated to access this resource."]}
        version = "3" if jira.is_cloud else "2"
        try:
            match path.removeprefix("/jira").removeprefix(f"/rest/api/{version}/"):
                case "myself":
                    return 200, {"displayName": "Ada Admin", "timeZone": jira.zone}
                case "search/jql" if jira.is_cloud:
                    return 200, self.cloud_page(params)
                case "search/approximate-count" if jira.is_cloud:
                    return 200, {"count": len(jira.issues)}
                case "search" if not jira.is_cloud:
                    return 200, self.server_page(params)
        except ValueError as fault:
            return 400, {"errorMessages": [str(fault)]}
        return 404, {"errorMessages": ["Not here."]}

    def cloud_page(self, params: dict[str, str]) -> Json:
        found, most = self.jira.matching(params["jql"]), min(int(params["maxResults"]), self.jira.most)
        if token := params.get("nextPageToken"):
            asked, at, key = json.loads(base64.b64decode(token, validate=True))
            if asked != params["jql"]:
                raise ValueError("The token is not of this question.")
            found = [issue for issue in found if (issue.updated.timestamp(), issue.key) > (at, key)]
        page = [issue.shown() for issue in found[:most]] + self.jira.raw
        if len(found) <= most:
            return {"issues": page, "isLast": True}
        last = found[most - 1]
        cursor = json.dumps([params["jql"], last.updated.timestamp(), last.key])
        return {"issues": page, "nextPageToken": base64.b64encode(cursor.encode()).decode()}

    def server_page(self, params: dict[str, str]) -> Json:
        found, start = self.jira.matching(params["jql"]), int(params["startAt"])
        most = min(int(params["maxResults"]), self.jira.most)
        page = [issue.shown() for issue in found[start : start + most]] + self.jira.raw
        return {"startAt": start, "maxResults": most, "total": len(found) + len(self.jira.raw), "issues": page}


@contextmanager
def running(**values: Any) -> Iterator[FakeJira]:
    jira = FakeJira(**values)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Api,), {"jira": jira}))
    server.daemon_threads = True
    jira.url = f"http://127.0.0.1:{server.server_port}{'' if jira.is_cloud else '/jira'}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield jira
    finally:
        jira.released.set()
        server.shutdown()
        server.server_close()
