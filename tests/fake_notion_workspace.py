"""What the Notion of the tests holds, and what a reader sees of it."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

TOKEN = "ntn_secret0123456789"
SCHEMA = {"Name": "title", "Account ID": "rich_text", "Health Score": "number", "Health Status": "select", "Last Health Scan": "date"}
SOURCE = "11111111-2222-4333-8444-555555555555"


@dataclass
class Fault:
    """Instead of an answer. `done`: the call has its effect all the same, only its answer is lost."""

    status: int = 500
    code: str = "internal_server_error"
    message: str = "Unexpected error occurred."
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    hangs: bool = False
    html: str = ""


@dataclass
class Page:
    id: str
    parent: dict[str, str]
    properties: dict[str, Any]
    children: list[dict[str, Any]] = field(default_factory=list)
    in_trash: bool = False

    @property
    def title(self) -> str:
        [pieces] = [value["title"] for value in self.properties.values() if value.get("title")]
        return "".join(piece["text"]["content"] for piece in pieces)


class Workspace:
    def __init__(self) -> None:
        self.url = ""
        self.schema = dict(SCHEMA)
        self.pages: dict[str, Page] = {}
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.faults: dict[int, Fault] = {}  # by the number of the call, from 0; -1: every one
        self.released = threading.Event()

    def add_page(self, account_id: str = "", **changes: Any) -> Page:
        """A page of the data source, as a person makes one."""
        values = {"Name": "An account", "Account ID": account_id}
        properties = {name: {kind: piece(values[name]) if name in values else None} for name, kind in self.schema.items()}
        return self.keep(Page(str(uuid.uuid4()), {"type": "data_source_id", "data_source_id": SOURCE}, properties, **changes))

    def add_sub_page(self, parent: Page, title: str) -> Page:
        return self.keep(Page(str(uuid.uuid4()), {"type": "page_id", "page_id": parent.id}, {"title": {"title": piece(title)}}))

    def keep(self, page: Page) -> Page:
        self.pages[page.id] = page
        return page

    def below(self, page: Page) -> list[Page]:
        """Its sub-pages, but those in the trash."""
        return [other for other in self.pages.values() if other.parent.get("page_id") == page.id and not other.in_trash]

    def of_source(self) -> list[Page]:
        return [page for page in self.pages.values() if page.parent.get("data_source_id") == SOURCE and not page.in_trash]

    def seen(self, page: Page) -> list[str]:
        """What a reader sees, line by line: a table's cells are separated by bars."""
        lines = []
        for block in page.children:
            content = block[block["type"]]
            rows = [row["table_row"]["cells"] for row in content["children"]] if block["type"] == "table" else [[content["rich_text"]]]
            lines += [" | ".join("".join(text["text"]["content"] for text in cell) for cell in row) for row in rows]
        return lines


def piece(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}}]
