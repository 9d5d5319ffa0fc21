"""What the portfolio page reads: which accounts, how they stand, and what changed since the scan before."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db.models import Case, Count, Exists, F, Func, IntegerField, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Account, ScanRun, User
from accounts.models.profile import NO_RENEWAL, AccountQuerySet
from accounts.scan import policy_at
from accounts.scoring import Policy

PAGE_SIZE = 100
MOST_TILES = 10_000
FULL_TILES = 500  # beyond so many accounts a tile is a name and a figure
SHOWN_CHANGES = 8
NOTABLE_FALL = 10  # points within one state; as much as reopens an escalation
MOST_LINES = 500  # accounts on one timeline
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

    def without_state(self) -> "Filters":
        return replace(self, rag=())

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
        if self.q:
            rows = rows.filter(Q(name__icontains=self.q) | Q(external_id__icontains=self.q))
        return rows

    def matching(self, user: User) -> AccountQuerySet:
        rows = self.scope(user)
        if self.rag:
            rows = rows.filter(Q(health__rag__in=self.rag) | (Q(health=None) if "unscanned" in self.rag else Q()))
        return rows


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
        if self.key == "health__score":
            accounts = accounts.filter(health__tenant=F("tenant"))  # lets the index on (tenant, score) begin at the tenant
        return accounts.order_by(f"-{self.key}" if self.descending else self.key, "id")

    def read(self, text: str) -> int | str | date | None:
        """A cursor's value in the column's type; None if it is none."""
        try:
            if self.key == "name":
                return text
            return date.fromisoformat(text) if self.key == "renews" else read_count(text)
        except ValueError:
            return None

    def after(self, accounts: AccountQuerySet, value: int | str | date, last_id: int) -> AccountQuerySet:
        """Rows behind (value, id). The redundant bound lets the index start at the place."""
        beyond, up_to = ("lt", "lte") if self.descending else ("gt", "gte")
        return accounts.filter(**{f"{self.key}__{up_to}": value}).filter(Q(**{f"{self.key}__{beyond}": value}) | Q(id__gt=last_id))

    def cursor(self, row: Row) -> str:
        value = {"health__score": row.score, "renews": row.renewal_date or NO_RENEWAL, "arr": row.arr, "name": row.name}[self.key]
        return f"{row.id}:{value}"


def read_count(text: str) -> int:
    """Raises ValueError for what no score and no ARR can be."""
    if not 0 < len(text) < 19:
        raise ValueError
    return int(text)


SORTS = {
    "size": Sort("Sort: size", "arr", descending=True),
    "risk": Sort("Sort: risk", "health__score"),
    "renewal": Sort("Sort: renewal", "renews"),
    "name": Sort("Sort: name", "name"),
}

TIER_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
IN_MEMORY: dict[str, Callable[[Row], Any]] = {
    "size": lambda row: (TIER_RANK[row.tier], -row.arr),
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

    @property
    def total(self) -> int:
        return sum(self.accounts.values())


def summarise(scope: AccountQuerySet) -> Summary:
    groups = scope.order_by().values_list("health__rag").annotate(n=Count("id"), arr=Sum("arr"))
    found = [(state or "unscanned", n, arr) for state, n, arr in groups]
    return Summary(Counter({state: n for state, n, _ in found}), Counter({state: arr for state, _, arr in found}))


class Change(NamedTuple):
    """An account whose state is another than before the day's scan."""

    row: Row
    before: int

    @property
    def why(self) -> str:
        return reasons(self.row)


@dataclass(frozen=True)
class Group:
    """Accounts that moved the same way: how many, and the first of them."""

    title: str
    rag: str
    count: int
    first: list[Change]


@dataclass(frozen=True)
class Changes:
    """What changed since the day before the last scan. `moves` counts accounts, `arr` their ARR, by (state before, state now)."""

    day: date | None = None
    groups: list[Group] = field(default_factory=list)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    arr: Counter[tuple[str, str]] = field(default_factory=Counter)

    def difference(self, state: str) -> int:
        """Accounts more (or fewer) in that state than the day before."""
        return balance(self.moves, state)

    @property
    def red_arr_difference(self) -> int:
        return balance(self.arr, "Red")


def balance(moved: Counter[tuple[str, str]], state: str) -> int:
    return sum(n * ((after == state) - (before == state)) for (before, after), n in moved.items())


def last_scan(user: User) -> ScanRun | None:
    """The last scan of the whole tenant, daily or on demand."""
    return ScanRun.objects.visible_to(user).filter(account=None, finished_at__isnull=False).first()


def changes_since_yesterday(scope: AccountQuerySet, user: User) -> Changes:
    latest = last_scan(user)
    if latest is None:
        return Changes()
    midnight = datetime.combine(latest.local_date, time(), user.tenant.zone)
    policy = policy_at(user.tenant, timezone.now()).rules()
    # The trail's last entry is that day's, so the one before it is where the account stood the day before.
    today = scope.annotate(before=ScoreBefore("health__trail"), before_rag=rag_of("before", policy)).filter(
        health__changed_at__gte=midnight, before__isnull=False
    )
    moved = today.exclude(before_rag=F("health__rag"))
    counted = moved.order_by().values_list("before_rag", "health__rag").annotate(n=Count("id"), arr=Sum("arr"))
    moves = Counter({(before, after): n for before, after, n, _ in counted})
    arr = Counter({(before, after): total for before, after, _, total in counted})
    groups = [group(title, state, moved.filter(health__rag=state, before_rag__in=come_from)) for title, state, come_from in MOVES]
    fell = today.filter(before_rag=F("health__rag"), health__score__lte=F("before") - NOTABLE_FALL)
    groups.append(group(f"Fell {NOTABLE_FALL} or more, same state", "", fell))
    return Changes(latest.local_date, [each for each in groups if each.count], moves, arr)


MOVES = (
    ("Newly Red", "Red", ("Amber", "Green")),
    ("Newly Amber", "Amber", ("Green",)),
    ("Recovered", "Green", ("Amber", "Red")),
    ("Better, not yet Green", "Amber", ("Red",)),
)


def group(title: str, state: str, members: AccountQuerySet) -> Group:
    found = members.order_by("health__score", "-arr", "id").values_list(*COLUMNS, "before")[:SHOWN_CHANGES]
    first = [Change(Row._make(values[:-1]), values[-1]) for values in found]
    return Group(title, state, len(first) if len(first) < SHOWN_CHANGES else members.count(), first)


def rag_of(score: str, policy: Policy) -> Case:
    """The state of a score under the policy, in the database."""
    limits = (
        When(**{f"{score}__lt": policy.red_below}, then=Value("Red")),
        When(**{f"{score}__lt": policy.amber_below}, then=Value("Amber")),
    )
    return Case(*limits, default=Value("Green"))


class ScoreBefore(Func):
    """The score of the last but one entry of a trail; NULL where there is none."""

    template = "CASE WHEN length(%(expressions)s) >= 6 THEN get_byte(%(expressions)s, length(%(expressions)s) - 4) END"
    output_field = IntegerField(null=True)


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
