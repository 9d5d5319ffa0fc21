"""What `/handoffs/` reads: handoffs in and out, and the tasks that other software asked for, the latest first."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q

from accounts.models import User
from communications.models import Handoff, TaskItem, TaskRun

PAGE_SIZE = 50
TABS = {"handoffs": "Handoffs", "tasks": "Tasks"}
OUTCOMES = {
    "handoffs": {"accepted": "Accepted", "refused": "Refused"},
    "tasks": {"under-way": "Under way", "done": "Done", "failed": "Failed"},
}
UNDER_WAY = ("queued", "running")
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Asked:
    """What the address asks for; nonsense there counts as not given."""

    tab: str = "handoffs"
    outcome: str = ""
    after: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Asked":
        tab = given.get("tab", "")
        tab = tab if tab in TABS else "handoffs"
        outcome = given.get("outcome", "")
        return cls(tab, outcome if outcome in OUTCOMES[tab] else "", str(given.get("after", ""))[:80])

    def link(self, **changes: str) -> str:
        said = {"tab": self.tab, "outcome": self.outcome} | changes
        return f"?{urlencode({name: value for name, value in said.items() if value and value != 'handoffs'})}"


class Line(NamedTuple):
    """A handoff or a task as it is shown. Of a batch: its accounts in all, done and failed."""

    row: Any
    words: str  # its type
    total: int = 0
    done: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Page:
    asked: Asked
    lines: Sequence[Line]
    next_link: str  # empty on the last page

    @property
    def outcomes(self) -> dict[str, str]:
        return OUTCOMES[self.asked.tab]

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """Name, label and address."""
        return [(name, label, Asked(name).link()) for name, label in TABS.items()]

    @property
    def all_link(self) -> str:
        return Asked(self.asked.tab).link()


def of(user: User, asked: Asked) -> Page:
    """In two queries at most, whatever there is."""
    found = handoffs(user, asked) if asked.tab == "handoffs" else tasks(user, asked)
    rows = list(found[: PAGE_SIZE + 1])
    following = asked.link(after=place(rows[PAGE_SIZE - 1])) if len(rows) > PAGE_SIZE else ""
    return Page(asked, list(lines(rows[:PAGE_SIZE], asked.tab)), following)


def lines(rows: Sequence[Any], tab: str) -> Iterator[Line]:
    if tab == "handoffs":
        yield from (Line(row, row.handoff_type.replace("_", " ") or "unnamed") for row in rows)
        return
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    batches = [row.pk for row in rows if row.account_id is None]
    for run, status, count in TaskItem.objects.filter(run__in=batches).order_by().values_list("run", "status").annotate(count=Count("id")):
        counts[run][status] = count
    for row in rows:
        count = counts[row.pk]
        yield Line(row, row.task_type.replace("_", " ").capitalize(), count.total(), count["done"], count["failed"])


def place(row: Handoff | TaskRun) -> str:
    """Where the next page begins: behind this row."""
    return str(row.pk) if isinstance(row, Handoff) else f"{row.created_at.isoformat()} {row.pk}"


def handoffs(user: User, asked: Asked) -> Any:
    rows = Handoff.objects.visible_to(user).select_related("account", "token").defer("payload").order_by("-pk")
    if asked.outcome:
        rows = rows.filter(is_accepted=asked.outcome == "accepted")
    after = asked.after
    if after.isascii() and after.isdecimal() and len(after) < 20 and int(after) <= LARGEST_ID:
        rows = rows.filter(pk__lt=int(after))
    return rows


def tasks(user: User, asked: Asked) -> Any:
    rows = TaskRun.objects.visible_to(user).select_related("account", "token").order_by("-created_at", "-pk")
    if asked.outcome:
        rows = rows.filter(status__in=UNDER_WAY if asked.outcome == "under-way" else (asked.outcome,))
    if behind := instant_and_id(asked.after):
        at, pk = behind
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    return rows


def instant_and_id(text: str) -> tuple[datetime, UUID] | None:
    at, _, pk = text.partition(" ")
    try:
        found = datetime.fromisoformat(at), UUID(pk)
    except ValueError:
        return None
    return found if found[0].tzinfo else None
