"""What the queue reads: which escalations, in which order, and how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict

from accounts.models import Account, Escalation, User
from accounts.pages import queue_sql
from accounts.pages.portfolio import TIERS, chosen_owner, read_count, whole

PAGE_SIZE = 50
MOST_COUNTED = 1000
RESOLVED_WITHIN = timedelta(days=30)
TABS = {"open": "Open", "waiting": "Unacknowledged", "muted": "Muted", "resolved": "Resolved, 30 d"}
SORTS = {"left": "Sort: time left", "arr": "Sort: ARR", "score": "Sort: score", "opened": "Sort: opened"}
FIRST_SORT = {"muted": {"left": "Sort: end of mute"}, "resolved": {"left": "Sort: resolved"}}  # what “left” is there
REASONS = dict(Escalation.Reason.choices)
SEVERITIES = ("Red", "Amber")


class Row(NamedTuple):
    """An escalation as the queue shows it; the health half is that of now. In the order of `queue_sql.ROWS`."""

    part: int
    key: datetime | int | None
    id: int
    account_id: int
    external_id: str
    name: str
    tier: str
    arr: int
    owner_id: int | None
    assignee_id: int | None
    status: str
    reason: str
    severity: str
    previous_score: int | None
    score: int
    opened_at: datetime
    due_at: datetime
    muted_until: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    recovered: bool
    score_now: int | None
    rag_now: str | None
    late_points: int | None
    volume_points: int | None
    silence_points: int | None
    open_tickets: int | None
    ticket_id: str | None  # the oldest P1 or P2 ticket, where late ones cost points
    ticket_priority: int | None
    ticket_opened_at: datetime | None
    acknowledged_by: int | None
    told: str | None  # “email:delivered chat:failed”, a word a notification
    draft_id: int | None
    draft_status: str | None
    rag: str  # at opening
    turned_at: datetime | None  # Red, where that was after it opened

    @property
    def has_worsened(self) -> bool:
        return self.severity == "Red" != self.rag

    def changeable_by(self, user: User) -> bool:
        """The rule of `EscalationQuerySet.changeable_by`, for a row that the person can see."""
        return user.leads or user.pk in (self.owner_id, self.assignee_id)


class Person(NamedTuple):
    name: str
    initials: str
    is_active: bool


def people(user: User) -> dict[int, Person]:
    """Everybody of the person's tenant by id, in the order of their names."""
    return {each.pk: Person(str(each), each.initials, each.is_active) for each in User.objects.filter(tenant=user.tenant_id)}


def owners(user: User) -> dict[int, str]:
    """Names of those whose rows can be asked for: who is there, and who has left but owns accounts still."""
    owned = Account.objects.filter(owner=OuterRef("pk"), is_active=True)
    found = User.objects.filter(Q(is_active=True) | Q(Exists(owned)), tenant=user.tenant_id)
    return {each.pk: str(each) for each in found}


@dataclass(frozen=True)
class State:
    """What the page shows, as its URL says it. Nonsense there counts as not given."""

    tab: str = "open"
    sort: str = "left"
    owner: str = "all"  # "all", "none" or a user's id
    reason: str = ""
    severity: str = ""
    tier: str = ""
    after: str = ""
    usual: str = "all"  # the owner whose rows the person sees unless they say otherwise

    @classmethod
    def read(cls, query: QueryDict, user: User, known: dict[int, str]) -> "State":
        def among(name: str, choices: Any, default: str = "") -> str:
            given: str = query.get(name, "")
            return given if given in choices else default

        return cls(
            tab=among("tab", TABS, "open"),
            sort=among("sort", SORTS, "left"),
            owner=chosen_owner(query.get("owner", ""), user, known, also=("all", "none")),
            reason=among("reason", REASONS),
            severity=among("severity", SEVERITIES),
            tier=among("tier", TIERS),
            after=query.get("after", "")[:60],
            usual=chosen_owner("", user, known),
        )

    @property
    def kept(self) -> str:
        """The query string that leads back here."""
        return self.link()

    def link(self, **changes: str) -> str:
        values = {name: getattr(self, name) for name in ("tab", "sort", "owner", "reason", "severity", "tier", "after")} | changes
        usual = {"tab": "open", "sort": "left", "owner": self.usual}
        said = {name: value for name, value in values.items() if value != usual.get(name, "")}
        return f"?{urlencode(said)}" if said else ""

    @property
    def filters(self) -> list[str]:
        """Those of `queue_sql.FILTER` that are set."""
        owner = {"all": [], "none": ["nobody"]}.get(self.owner, ["owner"])
        found = [*owner, *(name for name in ("reason", "severity", "tier") if getattr(self, name))]
        return ["turned_red" if name == "reason" and self.reason == Escalation.Reason.WORSENED else name for name in found]

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters)

    def values(self, user: User, now: datetime) -> dict[str, Any]:
        return {
            "tenant": user.tenant_id,
            "now": now,
            "resolved_since": now - RESOLVED_WITHIN,
            "owner": whole(self.owner),
            "reason": self.reason,
            "severity": self.severity,
            "tier": self.tier,
        }


def page(state: State, user: User, now: datetime, size: int = PAGE_SIZE) -> tuple[list[Row], str]:
    """One page and the cursor of the next ("" at the end). A cursor that makes no sense starts over."""
    by = queue_sql.order(state.tab, state.sort)
    part, key, last_id = read_cursor(state.after, by)
    sql = queue_sql.page(state.tab, state.filters, by, part)
    found = rows(sql, state.values(user, now) | {"key": key, "id": last_id, "limit": size + 1})
    return found[:size], cursor(found[size - 1]) if len(found) > size else ""


def one(pk: int, user: User) -> Row:
    return rows(queue_sql.one(), {"tenant": user.tenant_id, "id": pk})[0]


def rows(sql: str, values: Mapping[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Row(*found) for found in cursor.fetchall()]


def ids(state: State, user: User, now: datetime) -> list[int]:
    """All that match, on whichever page."""
    with connection.cursor() as cursor:
        cursor.execute(queue_sql.ids(state.tab, state.filters), state.values(user, now))
        return [pk for (pk,) in cursor.fetchall()]


def counts(state: State, user: User, now: datetime) -> dict[str, str]:
    """How many match in each tab. The first thousand unresolved are looked at: more change nothing but the time it takes."""
    with connection.cursor() as cursor:
        cursor.execute(queue_sql.counts(state.filters), state.values(user, now) | {"most": MOST_COUNTED + 1})
        unresolved, *each, resolved = cursor.fetchone()
    found = [in_words(count, unresolved > MOST_COUNTED) for count in each] + [in_words(resolved, resolved > MOST_COUNTED)]
    return dict(zip(queue_sql.TAB, found, strict=True))


def in_words(count: int, is_more: bool) -> str:
    return f"{min(count, MOST_COUNTED):,}{'+' if is_more else ''}"


def cursor(row: Row) -> str:
    key = row.key.isoformat() if isinstance(row.key, datetime) else row.key
    return f"{row.part}:{row.id}:{key}"


def read_cursor(text: str, by: queue_sql.Order) -> tuple[int | None, datetime | int | None, int | None]:
    part, _, rest = text.partition(":")
    last_id, _, value = rest.partition(":")
    pk, number = whole(last_id, 10**11), whole(part)
    try:
        key = read_moment(value) if by.kind == "moment" else read_count(value)
    except (ValueError, OverflowError):
        return None, None, None
    if pk is None or number is None or number >= len(by.parts):
        return None, None, None
    return number, key, pk


def read_moment(text: str) -> datetime:
    """In UTC, as PostgreSQL knows fewer offsets than Python. Raises ValueError or OverflowError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("A moment needs its offset.")
    return found.astimezone(UTC)
