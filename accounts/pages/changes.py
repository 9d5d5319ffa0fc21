"""What changed in a portfolio since the day before its last scan, and who is projected to turn Red next."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

from django.db.models import Case, Count, F, Func, IntegerField, Sum, Value, When
from django.utils import timezone

from accounts import projection
from accounts.models import ScoringPolicy, Tenant, Ticket, User
from accounts.models.profile import AccountQuerySet
from accounts.pages.portfolio import COLUMNS, TURNS_SOON, Row, last_scan, reasons, turning_red
from accounts.scan import policy_at
from accounts.scoring import NOTABLE, Policy, Signals

SHOWN_CHANGES = 8


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
    new_policy: ScoringPolicy | None = None  # adopted on that day, so that some of it is the policy's doing

    def difference(self, state: str) -> int:
        """Accounts more (or fewer) in that state than the day before."""
        return balance(self.moves, state)

    @property
    def red_arr_difference(self) -> int:
        return balance(self.arr, "Red")


def balance(moved: Counter[tuple[str, str]], state: str) -> int:
    return sum(n * ((after == state) - (before == state)) for (before, after), n in moved.items())


def changes_since_yesterday(scope: AccountQuerySet, user: User) -> Changes:
    latest = last_scan(user)
    if latest is None:
        return Changes()
    midnight = datetime.combine(latest.local_date, time(), user.tenant.zone)
    policy = policy_at(user.tenant, midnight).rules()  # yesterday's scores have yesterday's states
    # The trail's last entry is that day's, so the one before it is where the account stood the day before.
    today = scope.annotate(before=ScoreBefore("health__trail"), before_rag=rag_of("before", policy)).filter(
        health__changed_at__gte=midnight, before__isnull=False
    )
    moved = today.exclude(before_rag=F("health__rag"))
    counted = moved.order_by().values_list("before_rag", "health__rag").annotate(n=Count("id"), arr=Sum("arr"))
    moves = Counter({(before, after): n for before, after, n, _ in counted})
    arr = Counter({(before, after): total for before, after, _, total in counted})
    groups = [group(title, state, moved.filter(health__rag=state, before_rag__in=come_from)) for title, state, come_from in MOVES]
    fell = today.filter(before_rag=F("health__rag"), health__score__lte=F("before") - NOTABLE)
    groups.append(group(f"Fell {NOTABLE} or more, same state", "", fell))
    return Changes(latest.local_date, [each for each in groups if each.count], moves, arr, adopted_since(user.tenant, midnight))


def adopted_since(tenant: Tenant, midnight: datetime) -> ScoringPolicy | None:
    """The policy in force, if it took another's place since then."""
    *former, current = tenant.policies.exclude(activated_at=None).order_by("activated_at")
    return current if former and current.activated_at >= midnight else None


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


class Turn(NamedTuple):
    """An account that is projected to turn Red: when, to what score, and what passes its limit then."""

    row: Row
    at: datetime
    score: int | None
    why: str


@dataclass(frozen=True)
class Ahead:
    """Who turns Red within TURNS_SOON days if nothing changes: how many, and the soonest of them."""

    count: int
    first: list[Turn]


def ahead(scope: AccountQuerySet, user: User) -> Ahead:
    turning = turning_red(scope, user.tenant, TURNS_SOON, timezone.now()).order_by("health__turns_red_at", "id")
    rows = list(turning.values_list(*COLUMNS, "heartbeat__last_at")[:SHOWN_CHANGES])
    tickets = Ticket.objects.live_of(row[0] for row in rows)
    policy = policy_at(user.tenant, timezone.now()).rules()
    first = []
    for *columns, last_heartbeat in rows:
        row = Row._make(columns)
        signals = Signals(tuple(ticket for ticket, _ in tickets[row.id]), last_heartbeat)
        first.append(turn(row, signals, policy))
    return Ahead(len(first) if len(first) < SHOWN_CHANGES else turning.count(), first)


def turn(row: Row, signals: Signals, policy: Policy) -> Turn:
    """What the stored instant stands for. Where something happened since the scan the reason is left out."""
    at = row.turns_red_at
    assert at is not None
    step = next(iter(projection.steps(signals, policy, at - projection.MICROSECOND, at)), None)
    if step is None or step.rag != "Red":
        return Turn(row, at, None, "")
    return Turn(row, at, step.score, ", ".join(cause.in_words(policy) for cause in step.causes))
