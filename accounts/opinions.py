"""A person's own view of an account, beside the score and never instead of it, and who of the two turned out right.

The rule. “Worse” was right if at any scan until the opinion ended the score was at least 10 lower than when it was given, or the state
worse; “better” if it was at least 10 higher, or the state better; else the score was right. An opinion ends when it expires, is withdrawn
or gives way to another. Nobody can say where it was “as shown” (no disagreement), where no scan came before its end, and where it was
withdrawn or replaced within a day of being given.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Account, AccountHealth, HealthSnapshot, Opinion, User
from accounts.scoring import NOTABLE

TOO_SOON = timedelta(days=1)
MOST_DAYS = 90
STATES = ("Red", "Amber", "Green")  # from worse to better
View, Right = Opinion.View, Opinion.Right


class NotNow(Exception):
    """The account has no score to have an opinion about; the message says what to do."""


def right(view: str, score: int, rag: str, seen: Iterable[tuple[int, str]], *, too_soon: bool = False) -> str:
    """Who was right, given the score and state then, and those of every scan since; "" where nobody can say."""
    since = list(seen)
    if view == View.AS_SHOWN or too_soon or not since:
        return ""
    sign = 1 if view == View.BETTER else -1
    moved = any(sign * (now - score) >= NOTABLE or sign * (STATES.index(state) - STATES.index(rag)) > 0 for now, state in since)
    return Right.OPINION if moved else Right.SCORE


def give(account: Account, by: User, view: str, reason: str, days: int, now: datetime | None = None) -> Opinion:
    """A person's view for so many days from now; the one before it ends. Raises NotNow before the first scan."""
    with transaction.atomic():
        # Two people at once come one after the other: the later word stands.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        now = now or timezone.now()
        health = AccountHealth.objects.filter(account=account).first()
        if health is None:
            raise NotNow("There is no score yet. Scan the account, then say what you think of it.")
        end_current(account, now)
        given: Opinion = Opinion.objects.create(
            tenant_id=account.tenant_id,
            account=account,
            author=by,
            view=view,
            reason=reason,
            created_at=now,
            expires_at=now + timedelta(days=days),
            score=health.score,
            rag=health.rag,
        )
    return given


def withdraw(account: Account, now: datetime | None = None) -> bool:
    """Ends the current opinion; False if there is none any more."""
    with transaction.atomic():
        return end_current(account, now or timezone.now())


def end_current(account: Account, now: datetime) -> bool:
    current = Opinion.objects.filter(account=account, ended_at=None).first()
    return current is not None and end(current, now)


def end(opinion: Opinion, now: datetime) -> bool:
    """Ends it at `now`, or when it expired if that was earlier, and says who was right; False if somebody ended it meanwhile."""
    ended_at = min(now, opinion.expires_at)
    too_soon = ended_at < opinion.expires_at and ended_at - opinion.created_at < TOO_SOON
    seen = scans_between(opinion, ended_at)
    values = {
        "ended_at": ended_at,
        "score_then": seen[-1][0] if seen else opinion.score,
        "right": right(opinion.view, opinion.score, opinion.rag, seen, too_soon=too_soon),
    }
    return Opinion.objects.filter(pk=opinion.pk, ended_at=None).update(**values) == 1


def scans_between(opinion: Opinion, ended_at: datetime) -> list[tuple[int, str]]:
    """Score and state of each scan of the account while the opinion stood, in order."""
    scans = HealthSnapshot.objects.filter(
        account=opinion.account_id, scan__tenant=opinion.tenant_id, scan__at__gt=opinion.created_at, scan__at__lte=ended_at
    )
    return list(scans.order_by("scan__at", "scan_id").values_list("score", "rag"))


def due(now: datetime) -> QuerySet[Opinion]:
    expired: QuerySet[Opinion] = Opinion.objects.filter(ended_at=None, expires_at__lte=now)
    return expired


def end_due(now: datetime) -> int:
    """Ends what has expired, whenever it is noticed; answers how many. May run twice."""
    return sum(end(opinion, now) for opinion in due(now).order_by("expires_at", "id").iterator())
