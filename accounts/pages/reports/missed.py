"""What the score missed: escalations that a person raised while the account was Green, and what the score did afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery

from accounts.models import Escalation, EscalationEvent, User
from accounts.pages.reports import FEW_ROWS, MOST_ROWS, PERIOD

FOLLOWED = timedelta(days=30)  # what the score does later has other reasons

AFTERWARDS = """
SELECT escalation.id, min(snapshot.score), min(scan.at) FILTER (WHERE snapshot.rag <> 'Green'),
    (array_agg(snapshot.rag ORDER BY scan.at, scan.id) FILTER (WHERE snapshot.rag <> 'Green'))[1],
    (array_agg(snapshot.score ORDER BY scan.at, scan.id) FILTER (WHERE snapshot.rag <> 'Green'))[1]
FROM accounts_escalation escalation
JOIN accounts_scanrun scan ON scan.tenant_id = escalation.tenant_id AND scan.at > opened_at AND scan.at <= opened_at + %(followed)s
JOIN accounts_healthsnapshot snapshot ON snapshot.scan_id = scan.id AND snapshot.account_id = escalation.account_id
WHERE escalation.id = ANY(%(escalations)s) GROUP BY escalation.id"""


@dataclass(frozen=True)
class Raised:
    """One of them. `lowest`: the lowest score of the scans that followed it, None before the first; then where it left Green, if it did."""

    escalation: Escalation
    reason: str
    is_followed: bool  # still
    lowest: int | None = None
    left_at: datetime | None = None
    rag: str | None = None
    score: int | None = None

    @property
    def ahead(self) -> float | None:
        """Days by which the person knew before the score."""
        return (self.left_at - self.escalation.opened_at) / timedelta(days=1) if self.left_at else None


@dataclass(frozen=True)
class Missed:
    latest: list[Raised]
    count: int  # of those that `latest` begins
    confirmed: int = 0  # by a score that left Green afterwards
    followed: int = 0  # that may still be
    days: int = FOLLOWED.days


def missed(user: User, owner: str, now: datetime, most: int = FEW_ROWS) -> Missed:
    """`owner`: of the accounts, "all" or a user's id. The two counts are of the latest rows that a page can show at most."""
    raised = Escalation.objects.visible_to(user).of_owner(owner)
    raised = raised.filter(reason=Escalation.Reason.BY_HAND, rag="Green", opened_at__gte=now - PERIOD)
    why = EscalationEvent.objects.filter(escalation=OuterRef("pk"), kind=EscalationEvent.Kind.OPENED).values("note")[:1]
    rows = list(raised.annotate(why=Subquery(why)).select_related("account", "raised_by").order_by("-opened_at", "-pk")[:MOST_ROWS])
    values: dict[str, Any] = {"escalations": [row.pk for row in rows], "followed": FOLLOWED}
    with connection.cursor() as cursor:
        cursor.execute(AFTERWARDS, values)
        after = {pk: figures for pk, *figures in cursor.fetchall()}
    found = [Raised(row, row.why or "", row.opened_at > now - FOLLOWED, *after.get(row.pk, ())) for row in rows]
    return Missed(
        found[:most],
        len(found) if len(found) < MOST_ROWS else raised.count(),
        confirmed=sum(row.left_at is not None for row in found),
        followed=sum(row.left_at is None and row.is_followed for row in found),
    )
