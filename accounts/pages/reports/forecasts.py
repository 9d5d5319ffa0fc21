"""How forecasts turned out."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncMonth

from accounts.models import Forecast, User
from accounts.pages.reports import FEW_ROWS, PERIOD

Outcome = Forecast.Outcome


@dataclass(frozen=True)
class Tally:
    """Forecasts by outcome; "" is still open."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def came_true(self) -> int:
        return self.counts[Outcome.CAME_TRUE]

    @property
    def averted(self) -> int:
        return self.counts[Outcome.AVERTED]

    @property
    def overtaken(self) -> int:
        return self.counts[Outcome.OVERTAKEN]

    @property
    def open(self) -> int:
        return self.counts[""]

    @property
    def graded(self) -> int:
        return self.came_true + self.averted + self.overtaken

    def share(self, outcome: str) -> int:
        """Percent of those graded."""
        return round(100 * self.counts[outcome] / self.graded) if self.graded else 0


@dataclass(frozen=True)
class Forecasts:
    """Those whose time came within the period, or is still to come."""

    total: Tally
    months: list[tuple[date, Tally]]  # the latest first
    latest: list[Forecast]
    count: int  # of those that `latest` begins

    def outcomes(self) -> list[tuple[str, str, int, int]]:
        """Each with its value, label, count and share."""
        return [(value, label, self.total.counts[value], self.total.share(value)) for value, label in Outcome.choices]


def forecasts(user: User, owner: str, outcome: str, now: datetime, most: int = FEW_ROWS) -> Forecasts:
    """`owner`: "all" or a user's id; `outcome`: of the rows shown, "" for all that are graded."""
    known = Forecast.objects.visible_to(user).of_owner(owner).filter(turns_red_at__gte=now - PERIOD)
    counted = known.order_by().annotate(month=TruncMonth("turns_red_at", tzinfo=user.tenant.zone)).values("month", "outcome")
    months: dict[date, Tally] = {}
    total = Tally()
    for month, result, count in counted.annotate(count=Count("pk")).values_list("month", "outcome", "count"):
        months.setdefault(month.date(), Tally()).counts[result] += count
        total.counts[result] += count
    shown = known.filter(outcome=outcome) if outcome else known.exclude(outcome="")
    latest = shown.select_related("account__owner").order_by("-turns_red_at", "-id")[:most]
    count = total.counts[outcome] if outcome else total.graded
    return Forecasts(total, sorted(months.items(), reverse=True), list(latest), count)
