"""Bringing the profile up to what heartbeats say: features in use and facts of the environment, marked as theirs.

What a person set stays as it is, whatever a heartbeat says; names are the same whatever their case.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import EnvironmentItem, FeatureAdoption, HeartbeatReport

logger = logging.getLogger(__name__)

AT_A_STRETCH = 25.0  # seconds: less than from one sweep to the next, which goes on
MOST_KEPT = 400  # features of heartbeats an account: beyond, those not in use are forgotten


def apply_waiting() -> int:
    """Brings in what is waiting, oldest first, an account a transaction. Says how many. Two workers at once share the work.

    One that the database does not take is left for the next time, and holds up no other.
    """
    began, done = time.monotonic(), 0
    left: set[int] = set()
    while time.monotonic() - began < AT_A_STRETCH and apply_next(timezone.now(), left):
        done += 1
    return done - len(left)


@transaction.atomic
def apply_next(now: datetime, left: set[int]) -> bool:
    """Brings in the oldest but those `left`, or leaves it as well. False if none waits."""
    waiting = HeartbeatReport.objects.filter(applied_at=None).exclude(pk__in=left).order_by("changed_at")
    report: HeartbeatReport | None = waiting.select_for_update(skip_locked=True).first()
    if report is None:
        return False
    try:
        with transaction.atomic():
            bring(report, now)
    except DatabaseError:
        logger.exception("What heartbeats say of account %s could not be brought into its profile", report.pk)
        left.add(report.pk)
    return True


def bring(report: HeartbeatReport, now: datetime) -> None:
    if report.features is not None:
        bring_features(report.account_id, report.features)
    if report.environment is not None:
        bring_environment(report.account_id, report.environment)
    report.applied_at = now
    report.save(update_fields=["applied_at"])


def bring_features(account: int, names: list[str]) -> None:
    """Named: in use. Of heartbeats and no longer named: not in use any more."""
    sources = FeatureAdoption.Source
    rows = FeatureAdoption.objects.filter(account=account)
    said = {name.casefold() for name in names}
    known = list(rows)
    mine = [row for row in known if row.source != sources.MANUAL]
    begun = [row.pk for row in mine if row.name.casefold() in said and not (row.adopted and row.source == sources.HEARTBEAT)]
    ended = [row.pk for row in mine if row.name.casefold() not in said and row.adopted and row.source == sources.HEARTBEAT]
    untouched = rows.exclude(source=sources.MANUAL)  # a person may have taken one over since it was read
    untouched.filter(pk__in=begun).update(adopted=True, source=sources.HEARTBEAT)
    untouched.filter(pk__in=ended).update(adopted=False)
    new = missing(names, (row.name for row in known))
    FeatureAdoption.objects.bulk_create(
        [FeatureAdoption(account_id=account, name=name, adopted=True, source=sources.HEARTBEAT) for name in new], ignore_conflicts=True
    )
    unused = rows.filter(source=sources.HEARTBEAT).order_by("-adopted", "-pk").values_list("pk", flat=True)[MOST_KEPT:]
    rows.filter(pk__in=list(unused), adopted=False).delete()


def bring_environment(account: int, names: list[str]) -> None:
    """Facts of heartbeats are what was last said, and no more."""
    sources = EnvironmentItem.Source
    rows = EnvironmentItem.objects.filter(account=account)
    said = {name.casefold() for name in names}
    known = list(rows)
    gone = [row.pk for row in known if row.source == sources.HEARTBEAT and row.name.casefold() not in said]
    rows.filter(pk__in=gone, source=sources.HEARTBEAT).delete()
    new = missing(names, (row.name for row in known))
    EnvironmentItem.objects.bulk_create(
        [EnvironmentItem(account_id=account, name=name, source=sources.HEARTBEAT) for name in new], ignore_conflicts=True
    )


def missing(names: Iterable[str], known: Iterable[str]) -> list[str]:
    there = {name.casefold() for name in known}
    return [name for name in names if name.casefold() not in there]
