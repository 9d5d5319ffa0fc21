"""Who was right where opinion and score disagreed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import HealthSnapshot, Opinion, User
from accounts.pages.reports import FEW_ROWS, PERIOD

Right = Opinion.Right


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
