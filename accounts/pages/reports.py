"""What `/reports/` reads, a section each: how forecasts turned out, and who was right where opinion and score disagreed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, TruncMonth

from accounts.models import Forecast, HealthSnapshot, Opinion, User

PERIOD = timedelta(days=90)
FEW_ROWS, MOST_ROWS = 10, 200
Outcome, Right = Forecast.Outcome, Opinion.Right


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


@dataclass(frozen=True)
class Verdicts:
    """One person's disagreements with the score that ended within the period, or still stand."""

    name: str
    given: int
    opinion: int
    score: int
    standing: int

    @property
    def undecided(self) -> int:
        return self.given - self.opinion - self.score - self.standing


@dataclass(frozen=True)
class Course:
    """An opinion, and the score and state that speak most for it of all scans while it stood: None before the first."""

    opinion: Opinion
    score: int | None
    rag: str | None

    @property
    def has_moved(self) -> bool:
        """Whether the score went the way the opinion had it, by however little."""
        if self.score is None:
            return False
        return self.score < self.opinion.score if self.opinion.view == Opinion.View.WORSE else self.score > self.opinion.score

    @property
    def is_told(self) -> bool:
        """While an opinion stands, that nothing has moved yet says nothing."""
        return self.score is not None and (self.has_moved or self.opinion.ended_at is not None)

    @property
    def at_end(self) -> int | None:
        """The score when it ended, where that is another."""
        then = self.opinion.score_then
        return then if self.score is not None and then != self.score else None


@dataclass(frozen=True)
class Opinions:
    people: list[Verdicts]
    latest: list[Course]
    count: int  # of those that `latest` begins


def opinions(user: User, owner: str, now: datetime, most: int = FEW_ROWS) -> Opinions:
    """Where a person saw an account better or worse than its score. `owner`: of the account, "all" or a user's id."""
    known = Opinion.objects.visible_to(user).of_owner(owner).exclude(view=Opinion.View.AS_SHOWN)
    known = known.filter(Q(ended_at=None) | Q(ended_at__gte=now - PERIOD))
    counted = known.order_by("author__name", "author_id").values("author_id", name=F("author__name"))
    people = counted.annotate(
        given=Count("pk"),
        opinion=Count("pk", filter=Q(right=Right.OPINION)),
        score=Count("pk", filter=Q(right=Right.SCORE)),
        standing=Count("pk", filter=Q(ended_at=None)),
    )
    rows = people.values_list("name", "given", "opinion", "score", "standing")
    found = [Verdicts(*row) for row in rows]
    latest = known.select_related("account", "author").order_by("-created_at", "-id")
    deciding = {"extreme_score": extreme("score"), "extreme_rag": extreme("rag")}
    shown = [Course(opinion, opinion.extreme_score, opinion.extreme_rag) for opinion in latest.annotate(**deciding)[:most]]
    return Opinions(found, shown, sum(person.given for person in found))


def extreme(field: str) -> Case:
    """Of the scan while the opinion stood that speaks most for it: the lowest score for “worse”, the highest for “better”."""
    seen = HealthSnapshot.objects.filter(
        account=OuterRef("account"),
        scan__tenant=OuterRef("tenant"),
        scan__at__gt=OuterRef("created_at"),
        scan__at__lte=Coalesce(OuterRef("ended_at"), OuterRef("expires_at")),
    )
    lowest, highest = (Subquery(seen.order_by(order, "scan_id").values(field)[:1]) for order in ("score", "-score"))
    return Case(When(view=Opinion.View.WORSE, then=lowest), default=highest)
