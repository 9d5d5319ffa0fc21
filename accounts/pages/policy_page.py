"""What the pages of scoring policies show, in a number of queries that no history makes grow."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from accounts import policies
from accounts.models import Account, Backtest, ScoringPolicy, Tenant
from accounts.policies import Number
from accounts.replayed import STATES, DayLine, Matrix, Report, Shift, Shifts

SHOWN = 20  # back-tests of a policy
DIFFERENCES_SHOWN = 3

# What became of escalations under the candidate, and what that means.
KINDS = {
    "gained": ("Gained", "gained", "opens only under this version"),
    "lost": ("Lost", "lost", "does not open under this version, or is part of one already open"),
    "earlier": ("Earlier", "opened earlier", "opens sooner under this version"),
    "later": ("Later", "opened later", "opens later under this version"),
    "same": ("The same day", "opened on the same day", "opens on the same day under both"),
}


@dataclass(frozen=True)
class Line:
    """A version in the list. `until`: when another one took its place."""

    policy: ScoringPolicy
    until: datetime | None
    differences: list[Number]
    more: int
    backtest: Backtest | None


def versions(tenant: Tenant) -> list[Line]:
    """All versions, the latest first."""
    rows = list(tenant.policies.select_related("activated_by").order_by("-version"))
    in_force = next(row for row in rows if row.status == policies.Status.ACTIVE)
    adopted = sorted(row.activated_at for row in rows if row.activated_at)
    latest = Backtest.objects.filter(tenant=tenant).order_by("policy_id", "-id").distinct("policy_id").defer("accounts", "report", "rules")
    tests = {row.policy_id: row for row in latest}
    found = []
    for row in rows:
        differences = [number for number in policies.numbers(row, in_force) if number.change]
        later = (at for at in adopted if row.activated_at and at > row.activated_at)
        found.append(
            Line(
                row,
                next(later, None),
                differences[:DIFFERENCES_SHOWN],
                max(0, len(differences) - DIFFERENCES_SHOWN),
                tests.get(row.pk),
            )
        )
    return found


@dataclass(frozen=True)
class Progress:
    backtest: Backtest
    done: int
    total: int


def progress(backtest: Backtest) -> Progress:
    return Progress(backtest, backtest.days.count(), (backtest.last_day - backtest.first_day).days + 1)


@dataclass(frozen=True)
class Cell:
    count: int
    is_same: bool  # the same state under both


@dataclass(frozen=True)
class Row:
    state: str
    cells: list[Cell]
    total: int


def table(matrix: Matrix) -> list[Row]:
    return [
        Row(state, [Cell(count, row == column) for column, count in enumerate(counts)], sum(counts))
        for row, (state, counts) in enumerate(zip(STATES, matrix, strict=True))
    ]


@dataclass(frozen=True)
class Group:
    """Escalations of one kind, with the accounts they are of."""

    slug: str
    title: str
    said: str
    meaning: str
    count: int
    rows: list[tuple[Account, Shift]]

    @property
    def unnamed(self) -> int:
        return self.count - len(self.rows)

    @property
    def summary(self) -> str:
        return f"{self.count:,} escalation{'' if self.count == 1 else 's'} {self.said}"


class PolicyPage:
    """One version beside the one in force, and the back-test that is looked at: the one asked for, or the latest finished."""

    def __init__(self, policy: ScoringPolicy, backtests: list[Backtest], asked: str) -> None:
        self.policy, self.backtests, self.asked = policy, backtests, asked
        self.in_force = policies.in_force(policy.tenant)

    @cached_property
    def numbers(self) -> list[Number]:
        return list(policies.numbers(self.policy, self.in_force))

    @property
    def changed(self) -> int:
        return sum(1 for number in self.numbers if number.change)

    @cached_property
    def looked_at(self) -> Backtest | None:
        done = [row for row in self.backtests if row.status == Backtest.Status.DONE]
        return next((row for row in done if str(row.pk) == self.asked), done[0] if done else None)

    @property
    def failed(self) -> Backtest | None:
        """The latest back-test, if it failed."""
        return next((row for row in self.backtests[:1] if row.status == Backtest.Status.FAILED), None)

    @property
    def consequence(self) -> str:
        """What activating it does, with what its latest finished back-test says of it."""
        done = next((row for row in self.backtests if row.status == Backtest.Status.DONE), None)
        if done is None:
            return f"{policies.CONSEQUENCE}."
        gained, last_day = Backtest.objects.values_list("report__gained__count", "report__last_day").get(pk=done.pk)
        if last_day is None:  # no day could be replayed: it says nothing
            return f"{policies.CONSEQUENCE}."
        days = (done.last_day - done.first_day).days + 1
        against = "" if done.against_id == self.in_force.pk else f" against {str(done.against).lower()}"
        return f"{policies.CONSEQUENCE} ({gained:,} gained in the back-test{against} over {days} day{'' if days == 1 else 's'})."

    @cached_property
    def report(self) -> Report | None:
        if self.looked_at is None:
            return None
        return Report.model_validate(Backtest.objects.values_list("report", flat=True).get(pk=self.looked_at.pk))

    @cached_property
    def accounts(self) -> dict[int, Account]:
        """Those that the report names."""
        if self.report is None:
            return {}
        named = {shift.account for kind in KINDS for shift in self.shifts(kind).named} | {each.account for each in self.report.differing}
        return Account.objects.filter(tenant=self.policy.tenant_id).only("id", "name").in_bulk(named)

    def shifts(self, kind: str) -> Shifts:
        found: Shifts = getattr(self.report, kind)
        return found

    @property
    def groups(self) -> list[Group]:
        found = []
        for kind, (title, said, meaning) in KINDS.items():
            shifts = self.shifts(kind)
            rows = [(self.accounts[shift.account], shift) for shift in shifts.named if shift.account in self.accounts]
            found.append(Group(kind, title, said, meaning, shifts.count, rows))
        return found

    @property
    def differing(self) -> list[tuple[Account, object]]:
        found = self.report.differing if self.report else []
        return [(self.accounts[each.account], each) for each in found if each.account in self.accounts]

    @property
    def account_days(self) -> list[Row]:
        return table(self.report.account_days) if self.report else []

    @property
    def last_accounts(self) -> list[Row]:
        return table(self.report.last_accounts) if self.report else []

    @property
    def unknown(self) -> list[DayLine]:
        return [day for day in self.report.days if not day.is_known] if self.report else []

    @property
    def compared(self) -> int:
        return sum(day.compared for day in self.report.days) if self.report else 0

    @property
    def agreeing(self) -> int:
        return sum(day.agreeing for day in self.report.days) if self.report else 0
