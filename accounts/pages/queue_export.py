"""The queue as CSV, row by row as it is read: UTF-8 with the mark that spreadsheets look for, times in ISO 8601 with their zone."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import User
from accounts.pages import queue_rows
from accounts.pages.queue_reads import Person, Row, State, page

AT_ONCE = 1000
# What a spreadsheet takes for the beginning of a formula, also in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HEADINGS = [
    "Escalation",
    "Account",
    "Account id",
    "Tier",
    "ARR",
    "Severity",
    "Score before",
    "Score at opening",
    "Score now",
    "State now",
    "Reason",
    "Main cause",
    "Status",
    "Opened",
    "Due",
    "Acknowledged",
    "Acknowledged by",
    "Muted until",
    "Resolved",
    "Owner",
    "Assignee",
    "Notion",
    "Event bus",
    "Email",
    "Chat",
    "Draft",
]
Cell = str | int | None


def lines(state: State, user: User, people: Mapping[int, Person], now: datetime) -> Iterator[str]:
    """A page at a time, each after the last row of the one before: no query is held open while somebody downloads."""
    yield "\ufeff" + line(list(HEADINGS))
    zone, after = user.tenant.zone, ""
    while True:
        rows, after = page(replace(state, after=after), user, now, AT_ONCE)
        yield "".join(line(cells(row, people, zone, now)) for row in rows)
        if not after:
            return


def cells(row: Row, people: Mapping[int, Person], zone: ZoneInfo, now: datetime) -> list[Cell]:
    def at(value: datetime | None) -> str:
        return value.astimezone(zone).isoformat(timespec="seconds") if value else ""

    def name(pk: int | None) -> str:
        return queue_rows.name_of(pk, people) if pk else ""

    told = [queue_rows.TOLD[state] for state in queue_rows.channel_states(row.told)]
    standing = [row.severity, row.previous_score, row.score, row.score_now, row.rag_now, queue_rows.reason(row), queue_rows.cause(row, now)]
    times = [row.status, at(row.opened_at), at(row.due_at), at(row.acknowledged_at), name(row.acknowledged_by), at(row.muted_until)]
    whose = [at(row.resolved_at), name(row.owner_id), name(row.assignee_id)]
    draft = queue_rows.draft_words()[row.draft_status] if row.draft_status else ""
    return [f"ESC-{row.id}", row.name, row.external_id, row.tier, row.arr, *standing, *times, *whose, *told, draft]


def line(values: list[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe(value) for value in values])
    return text.getvalue()


def safe(value: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula begins with an apostrophe. A number is never one."""
    return f"'{value}" if isinstance(value, str) and (value.startswith(FORMULA) or value.lstrip().startswith(FORMULA)) else value
