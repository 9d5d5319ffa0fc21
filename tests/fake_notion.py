"""A server that behaves as Notion's API does, in a thread, with one workspace to look into. `faults` says which calls go wrong, and how."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from accounts.notifications.channels import notion_api
from tests.fake_notion_rules import Invalid, check_blocks, check_properties
from tests.fake_notion_workspace import SOURCE, TOKEN, Page, Workspace, piece


class Api(BaseHTTPRequestHandler):
    workspace: Workspace
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: apart, the second would wait for an acknowledgement

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self.handle_call()

    def do_POST(self) -> None:
        self.handle_call()

    def do_PATCH(self) -> None:
        self.handle_call()

    def handle_call(self) -> None:
        space = self.workspace
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        number = len(space.calls)
        space.calls.append((self.command, address.path))
        space.bodies.append(json.loads(raw or "{}"))
        fault = space.faults.get(number, space.faults.get(-1))
        if fault is None:
            self.answer(*self.outcome(address.path, space.bodies[-1], parse_qs(address.query), len(raw)))
            return
        if fault.done:
            self.outcome(address.path, space.bodies[-1], parse_qs(address.query), len(raw))
        if fault.hangs:
            space.released.wait(10)
            self.close_connection = True
            return
        self.answer(fault.status, fault.html or error(fault.status, fault.code, fault.message), **fault.headers)

    def answer(self, status: int, body: Any, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def outcome(self, path: str, body: dict[str, Any], query: dict[str, list[str]], size: int) -> tuple[int, Any]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, error(401, "unauthorized", "API token is invalid.")
        if self.headers.get("Notion-Version") != "2025-09-03":
            return 400, error(400, "missing_version", "Notion-Version header should be defined.")
        try:
            if size > 500_000:
                raise Invalid("body is too large.")
            return self.route(path.removeprefix("/v1/").split("/"), body, query)
        except Invalid as fault:
            return 400, error(400, "validation_error", str(fault))
        except KeyError as missing:
            return 404, error(
                404, "object_not_found", f"Could not find page with ID: {missing}. Make sure it is shared with your integration."
            )

    def route(self, parts: list[str], body: dict[str, Any], query: dict[str, list[str]]) -> tuple[int, Any]:
        match (self.command, *parts):
            case ("GET", "users", "me"):
                return 200, {"object": "user", "id": "b", "type": "bot", "name": "tamdash", "bot": {"workspace_name": "North"}}
            case ("GET", "pages", page_id):
                return 200, self.shown(self.page(page_id))
            case ("POST", "pages"):
                return 200, self.shown(self.create(body))
            case ("PATCH", "pages", page_id):
                return 200, self.shown(self.change(self.page(page_id), body))
            case ("GET", "blocks", page_id, "children"):
                return 200, self.listed(self.page(page_id), query)
            case ("PATCH", "blocks", page_id, "children"):
                return 200, self.append(self.page(page_id), body["children"])
            case ("GET", "data_sources", source):
                return 200, {
                    "id": self.source(source),
                    "properties": {name: {"type": kind, kind: {}} for name, kind in self.schema.items()},
                }
            case ("POST", "data_sources", source, "query"):
                return 200, self.found(self.source(source), body)
        return 400, error(400, "invalid_request_url", "Invalid request URL.")

    @property
    def schema(self) -> dict[str, str]:
        return self.workspace.schema

    def page(self, page_id: str) -> Page:
        return self.workspace.pages[str(uuid.UUID(page_id))]

    def source(self, source_id: str) -> str:
        return {SOURCE: SOURCE}[source_id]

    def create(self, body: dict[str, Any]) -> Page:
        parent = body["parent"]
        in_source = parent["type"] == "data_source_id"
        schema = self.schema if in_source and self.source(parent["data_source_id"]) else {"title": "title"}
        check_properties(schema, body["properties"])
        check_blocks(body.get("children", []))
        if not in_source and self.page(parent["page_id"]).in_trash:
            raise Invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        empty = {name: {kind: None} for name, kind in schema.items()}
        made = Page(str(uuid.uuid4()), parent, empty | body["properties"])
        made.children += body.get("children", [])
        return self.workspace.keep(made)

    def change(self, page: Page, body: dict[str, Any]) -> Page:
        if page.in_trash and body.get("in_trash") is None:
            raise Invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        check_properties(self.schema if "data_source_id" in page.parent else {"title": "title"}, body.get("properties", {}))
        page.properties |= body.get("properties", {})
        page.in_trash = body.get("in_trash", page.in_trash)
        return page

    def append(self, page: Page, children: list[dict[str, Any]]) -> Any:
        if page.in_trash:
            raise Invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        check_blocks(children)
        page.children += children
        return {"results": [{"id": str(uuid.uuid4()), "type": child["type"]} for child in children], "next_cursor": None, "has_more": False}

    def listed(self, page: Page, query: dict[str, list[str]]) -> Any:
        shown: list[dict[str, Any]] = [{"id": str(uuid.uuid4()), "type": block["type"]} for block in page.children]
        shown += [{"id": sub.id, "type": "child_page", "child_page": {"title": sub.title}} for sub in self.workspace.below(page)]
        start, size = int(query.get("start_cursor", ["0"])[0]), min(int(query.get("page_size", ["100"])[0]), 100)
        more = start + size < len(shown)
        return {"results": shown[start : start + size], "has_more": more, "next_cursor": str(start + size) if more else None}

    def found(self, source: str, body: dict[str, Any]) -> Any:
        name = body["filter"]["property"]
        if name not in self.schema:
            raise Invalid(f"Could not find property with name or id: {name}")
        # As Notion does, whatever the case.
        wanted = piece(body["filter"][self.schema[name]]["equals"].lower())
        found = [page for page in self.workspace.of_source() if lower(page.properties[name][self.schema[name]]) == wanted]
        return {"results": [self.shown(page) for page in found], "has_more": False, "next_cursor": None}

    def shown(self, page: Page) -> Any:
        schema = self.schema if "data_source_id" in page.parent else {"title": "title"}
        properties = {name: {"id": name[:4], "type": kind, kind: plain(kind, page.properties[name][kind])} for name, kind in schema.items()}
        url = f"https://www.notion.so/{page.id.replace('-', '')}"
        return {"object": "page", "id": page.id, "url": url, "in_trash": page.in_trash, "archived": page.in_trash, "properties": properties}


def lower(pieces: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return piece("".join(one["text"]["content"] for one in pieces or []).lower())


def plain(kind: str, value: Any) -> Any:
    """As answers give it: text with its plain form, no text as an empty list."""
    if kind not in ("title", "rich_text"):
        return value
    return [one | {"plain_text": one["text"]["content"]} for one in value or []]


def error(status: int, code: str, message: str) -> dict[str, Any]:
    return {"object": "error", "status": status, "code": code, "message": message, "request_id": str(uuid.uuid4())}


@contextmanager
def running() -> Iterator[Workspace]:
    """An empty workspace, while its server runs."""
    workspace = Workspace()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Api,), {"workspace": workspace}))
    server.daemon_threads = True
    workspace.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield workspace
    finally:
        workspace.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def notion_workspace(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Notion as the tests' settings name it, which need not be spared."""
    with running() as workspace:
        settings.NOTION_URL = workspace.url
        settings.ALLOW_PRIVATE_URLS = True
        monkeypatch.setattr(notion_api, "PACE", 0)
        yield workspace
