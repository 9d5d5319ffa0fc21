"""What the portfolio page reads: which accounts, and how they stand."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.utils import timezone

from accounts.models import Account, ScanRun, Tenant, User
from accounts.models.health import NO_TURN
from accounts.models.profile import NO_RENEWAL, AccountQuerySet

PAGE_SIZE = 100
MOST_TILES = 10_000
FULL_TILES = 500  # beyond so many accounts a tile is a name and a figure
MOST_LINES = 500  # accounts on one timeline
TURNS_SOON = 7  # days; what the summary and the rail look ahead
TIERS = ("strategic", "enterprise", "growth", "core")


class Row(NamedTuple):
    """An account as tiles and table show it. The health half is None before the first scan, the last part in a plain tile."""

    id: int
    name: str
    tier: str
    arr: int
    renewal_date: date | None
    owner_id: int | None
    score: int | None
    rag: str | None
    trail: bytes | None = None
    late_points: int | None = None
    volume_points: int | None = None
    silence_points: int | None = None
    open_tickets: int | None = None
    p1_p2_tickets: int | None = None
    turns_red_at: datetime | None = None


COLUMNS = (
    "id",
    "name",
    "tier",
    "arr",
    "renewal_date",
    "owner_id",
    "health__score",
    "health__rag",
    "health__trail",
    "health__late_points",
    "health__volume_points",
    "health__silence_points",
    "health__open_tickets",
    "health__p1_p2_tickets",
    "health__turns_red_at",
)
PLAIN_COLUMNS = COLUMNS[:8]


@dataclass(frozen=True)
class Filters:
    """The state of the page, as its URL says it."""

    owner: str = "all"  # "all", "none" or a user's id
    rag: tuple[str, ...] = ()  # of Red, Amber, Green, unscanned; empty: all
    tier: str = ""
    region: str = ""
    q: str = ""
    turns: int | None = None  # projected Red within so many days

    def without_state(self) -> "Filters":
        return replace(self, rag=(), turns=None)

    def scope(self, user: User) -> AccountQuerySet:
        """All that is asked for but the state."""
        rows: AccountQuerySet = Account.objects.visible_to(user).active()
        if self.owner == "none":
            rows = rows.filter(owner=None)
        elif self.owner != "all":
            rows = rows.filter(owner_id=int(self.owner))
        if self.tier:
            rows = rows.filter(tier=self.tier)
        if self.region:
            rows = rows.filter(region=self.region)
        return rows.named(self.q)

    def matching(self, user: User) -> AccountQuerySet:
        rows = self.scope(user)
        if self.rag:
            rows = rows.filter(Q(health__rag__in=self.rag) | (Q(health=None) if "unscanned" in self.rag else Q()))
        return rows if self.turns is None else turning_red(rows, user.tenant, self.turns, timezone.now())


def turning_red(rows: AccountQuerySet, tenant: Tenant, days: int, now: datetime) -> AccountQuerySet:
    """Those projected Red by the end of the tenant's date in so many days; also who was to turn since the last scan."""
    soonest = Coalesce("health__turns_red_at", Value(NO_TURN))  # as the index has it
    return rows.filter(LessThan(soonest, end_of_day(tenant, days, now)), health__tenant=tenant)


def end_of_day(tenant: Tenant, days: int, now: datetime) -> datetime:
    """The end of the tenant's date in so many days: what is projected by then is the same all day, so a page can be kept."""
    last = now.astimezone(tenant.zone).date() + timedelta(days=days + 1)
    return datetime.combine(last, time(), tenant.zone)


def owners(user: User) -> dict[int, str]:
    """Names of those in the person's tenant who own accounts, and of the person, by id."""
    owned = Account.objects.filter(owner=OuterRef("pk"), is_active=True)
    people = User.objects.filter(Q(Exists(owned)) | Q(pk=user.pk), tenant=user.tenant)
    return dict(people.order_by("name").values_list("pk", "name"))


def chosen_owner(given: str, user: User, known: dict[int, str], also: tuple[str, ...] = ("all",)) -> str:
    """Whose rows a list shows: those asked for, where that makes sense; else all for who leads, and a rep's own."""
    if given in also or whole(given) in known:
        return given
    return "all" if user.leads else str(user.pk)


def whole(text: str, most: int = 2**31) -> int | None:
    """A number from a URL; None for what is none or too large to be one of ours."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 and int(text) < most else None


def rows(accounts: AccountQuerySet, columns: tuple[str, ...] = COLUMNS) -> list[Row]:
    return [Row(*values) for values in accounts.values_list(*columns)]


@dataclass(frozen=True)
class Sort:
    """A column to page through by keyset: equally cheap on the first page and on the thousandth."""

    label: str
    key: str
    descending: bool = False

    def apply(self, accounts: AccountQuerySet) -> AccountQuerySet:
        if self.key == "renews":
            accounts = accounts.annotate(renews=Coalesce("renewal_date", Value(NO_RENEWAL)))
        if self.key == "turns":
            accounts = accounts.annotate(turns=Coalesce("health__turns_red_at", Value(NO_TURN)))
        if self.key in ("health__score", "turns"):
            accounts = accounts.filter(health__tenant=F("tenant"))  # lets the index on (tenant, …) begin at the tenant
        return accounts.order_by(f"-{self.key}" if self.descending else self.key, "id")

    def read(self, text: str) -> int | str | date | datetime | None:
        """A cursor's value in the column's type; None if it is none."""
        try:
            if self.key == "name":
                return text
            if self.key == "turns":
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else None
            return date.fromisoformat(text) if self.key == "renews" else read_count(text)
        except ValueError:
            return None

    def after(self, accounts: AccountQuerySet, value: int | str | date | datetime, last_id: int) -> AccountQuerySet:
        """Rows behind (value, id). The redundant bound lets the index start at the place."""
        beyond, up_to = ("lt", "lte") if self.descending else ("gt", "gte")
        return accounts.filter(**{f"{self.key}__{up_to}": value}).filter(Q(**{f"{self.key}__{beyond}": value}) | Q(id__gt=last_id))

    def cursor(self, row: Row) -> str:
        values = {
            "health__score": row.score,
            "turns": (row.turns_red_at or NO_TURN).isoformat(),
            "renews": row.renewal_date or NO_RENEWAL,
            "arr": row.arr,
            "name": row.name,
        }
        value = values[self.key]
        return f"{row.id}:{value}"


def read_count(text: str) -> int:
    """Raises ValueError for what no score and no ARR can be."""
    if not 0 < len(text) < 19:
        raise ValueError
    return int(text)


SORTS = {
    "size": Sort("Sort: size", "arr", descending=True),
    "risk": Sort("Sort: risk", "health__score"),
    "turns": Sort("Sort: turns Red", "turns"),
    "renewal": Sort("Sort: renewal", "renews"),
    "name": Sort("Sort: name", "name"),
}

TIER_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
IN_MEMORY: dict[str, Callable[[Row], Any]] = {
    "size": lambda row: (TIER_RANK[row.tier], -row.arr),
    "turns": lambda row: (row.turns_red_at or NO_TURN, 100 if row.score is None else row.score),
    "renewal": lambda row: row.renewal_date or NO_RENEWAL,
    "name": lambda row: row.name.casefold(),
}


def worst(accounts: AccountQuerySet, sort: str, most: int, columns: tuple[str, ...] = COLUMNS) -> list[Row]:
    """At most so many accounts, the lowest scores if there are more, in the order asked for."""
    found = rows(accounts.order_by(F("health__score").asc(nulls_last=True), "id")[:most], columns)
    return found if sort == "risk" else sorted(found, key=IN_MEMORY[sort])


def page(accounts: AccountQuerySet, sort: Sort, after: str = "") -> tuple[list[Row], str]:
    """One page of the table and the cursor of the next ("" at the end). A cursor that makes no sense starts over."""
    accounts = sort.apply(accounts)
    last_id, _, text = after.partition(":")
    value = sort.read(text)
    if value is not None and last_id.isascii() and last_id.isdecimal() and len(last_id) < 19:
        accounts = sort.after(accounts, value, int(last_id))
    found = rows(accounts[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], sort.cursor(found[PAGE_SIZE - 1]) if len(found) > PAGE_SIZE else ""


@dataclass(frozen=True)
class Summary:
    """Accounts and ARR by state, in whole units of the tenant's currency. `unscanned` accounts have no state yet."""

    accounts: Counter[str] = field(default_factory=Counter)
    arr: Counter[str] = field(default_factory=Counter)
    turning: int = 0  # accounts projected Red within TURNS_SOON days, and their ARR
    turning_arr: int = 0

    @property
    def total(self) -> int:
        return sum(self.accounts.values())


def summarise(scope: AccountQuerySet, user: User) -> Summary:
    soon = Q(health__turns_red_at__lt=end_of_day(user.tenant, TURNS_SOON, timezone.now()))
    groups = scope.order_by().values_list("health__rag")
    found = groups.annotate(n=Count("id"), total=Sum("arr"), turning=Count("id", filter=soon), turning_arr=Sum("arr", filter=soon))
    states = [(state or "unscanned", n, arr, turning, at_stake or 0) for state, n, arr, turning, at_stake in found]
    return Summary(
        Counter({state: n for state, n, *_ in states}),
        Counter({state: arr for state, _, arr, *_ in states}),
        sum(turning for *_, turning, _ in states),
        sum(at_stake for *_, at_stake in states),
    )


def last_scan(user: User) -> ScanRun | None:
    """The last scan of the whole tenant, daily or on demand."""
    return ScanRun.objects.visible_to(user).filter(account=None, finished_at__isnull=False).first()


def reasons(row: Row) -> str:
    """The deductions in a few words, largest first."""
    parts: list[tuple[Any, str]] = [
        (row.late_points or 0, "late P1/P2"),
        (row.volume_points or 0, f"{row.open_tickets} open"),
        (row.silence_points or 0, "silent"),
    ]
    taken = sorted((part for part in parts if part[0]), key=lambda part: -part[0])
    text = ", ".join(f"{words} −{points}" for points, words in taken)
    return text[:1].upper() + text[1:] or ("No deductions" if row.score is not None else "Not scanned yet")
