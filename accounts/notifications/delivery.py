"""Delivering the outbox: claim a row, send it outside any transaction, note what came of it.

A row is claimed by one worker. One whose worker died is taken back after a while and sent again under the same key: at least once,
and once where the channel can tell a repeat.
"""

import logging
import random
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Notification, Tenant
from accounts.models.people import TenantQuerySet
from accounts.notifications import NotSent, outbox, sending
from accounts.notifications.channels import ChannelError
from tamdash import broker

logger = logging.getLogger(__name__)

Status = Notification.Status
MAX_ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=30)  # doubled at each attempt
LONGEST_DELAY = timedelta(hours=1)
LEASE = timedelta(minutes=3)  # longer than any channel may take
AT_A_STRETCH = 25.0  # seconds: less than from one sweep to the next, which goes on; nobody waits behind one tenant for long
FAILURES_IN_A_ROW = 3  # then the channel is left alone until the next sweep
UNEXPECTED = "An unexpected error. An admin finds it in the log."


def drain(tenant_id: int, channel: str) -> None:
    """Delivers what is due, until nothing is, or the channel fails again and again or asks for a rest, or it has taken long enough."""
    began, failures = time.monotonic(), 0
    while failures < FAILURES_IN_A_ROW and time.monotonic() - began < AT_A_STRETCH:
        row = claim(tenant_id, channel, timezone.now())
        if row is None:
            return
        failures = 0 if deliver(row) else failures + 1


def claim(tenant_id: int, channel: str, now: datetime) -> Notification | None:
    """The next row that is due, now being sent by the caller alone."""
    due = Notification.objects.filter(tenant=tenant_id, channel=channel, status=Status.PENDING, carried_by=None, next_try_at__lte=now)
    with transaction.atomic():
        row: Notification | None = due.order_by("next_try_at", "id").select_for_update(skip_locked=True).first()
        if row is None:
            return None
        row.status, row.claimed_at, row.attempts = Status.SENDING, now, row.attempts + 1
        row.save(update_fields=["status", "claimed_at", "attempts"])
    return row


def deliver(row: Notification) -> bool:
    """Sends a claimed row. Says whether the channel took it, or at least is not to blame."""
    try:
        detail = sending.send(row)
    except NotSent as reason:
        skip(row, reason)
    except ChannelError as error:
        logger.warning("Notification %s was not delivered at attempt %s: %s", row.pk, row.attempts, error)
        fail(row, str(error), permanent=error.permanent, retry_after=error.retry_after)
        if error.retry_after:
            rest(row, error.retry_after)
        return error.permanent
    except Exception:  # one row's fault must not hold up the others: it is tried again, and stands in the log
        logger.exception("Notification %s failed", row.pk)
        fail(row, UNEXPECTED, permanent=False)
        return False
    else:
        end(row, Status.DELIVERED, delivered_at=timezone.now(), detail=detail[:300])
    return True


def fail(row: Notification, error: str, *, permanent: bool, retry_after: float | None = None) -> None:
    if permanent or row.attempts >= MAX_ATTEMPTS:
        end(row, Status.FAILED, error=error)
    else:
        end(row, Status.PENDING, error=error, next_try_at=timezone.now() + delay(row.attempts, retry_after))


def rest(row: Notification, seconds: float) -> None:
    """Leaves the tenant's channel alone for as long as it asked."""
    until = timezone.now() + min(timedelta(seconds=seconds), LONGEST_DELAY)
    waiting = Notification.objects.filter(tenant=row.tenant_id, channel=row.channel, status=Status.PENDING, carried_by=None)
    waiting.filter(next_try_at__lt=until).update(next_try_at=until)


def delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """Doubled each time, with jitter so that what failed together does not come back together; at least what was asked for."""
    doubled: timedelta = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    asked = min(timedelta(seconds=retry_after or 0), LONGEST_DELAY)
    return max(doubled * random.uniform(0.5, 1), asked)  # noqa: S311 (spreads load, guards nothing)


def skip(row: Notification, reason: NotSent) -> None:
    """Not sent, for good. What its recipient may not be told any more is told to whoever may."""
    with transaction.atomic():
        end(row, Status.SKIPPED, error=str(reason))
        if reason.tell_others:
            told = Notification.objects.filter(Q(pk=row.pk) | Q(carried_by=row.pk)).values_list("kind", "escalation")
            opened, worsened = ([escalation for kind, escalation in told if kind == wanted] for wanted in ("opened", "worsened"))
            outbox.tell(row.tenant, timezone.now(), opened=opened, worsened=worsened)


def end(row: Notification, status: str, error: str = "", **values: Any) -> None:
    """Ends the attempt, unless the claim was lost meanwhile, with what the row carries."""
    claimed = Notification.objects.filter(pk=row.pk, status=Status.SENDING, claimed_at=row.claimed_at)
    with transaction.atomic():
        if not claimed.update(status=status, error=error[:300], **values):
            logger.warning("Notification %s: a late answer was dropped, another attempt had taken over", row.pk)
            return
        Notification.objects.filter(carried_by=row.pk).update(status=status, error=error[:300], **values)


def retry(rows: TenantQuerySet) -> int:
    """Tries what failed or was skipped once more from the start, now. What a digest carries goes with the digest. Answers how many go out."""
    now = timezone.now()
    given_up = rows.filter(status__in=(Status.FAILED, Status.SKIPPED))
    with transaction.atomic():
        again = {carrier or pk for pk, carrier in given_up.values_list("pk", "carried_by")}
        either = Q(pk__in=again) | Q(carried_by__in=again)
        given_up_still = Notification.objects.filter(either, status__in=(Status.FAILED, Status.SKIPPED))
        tenants = set(given_up_still.values_list("tenant", flat=True))
        given_up_still.update(status=Status.PENDING, attempts=0, next_try_at=now, error="")
        for tenant in Tenant.objects.filter(pk__in=tenants):
            outbox.wake(tenant)
    return len(again)


def sweep(now: datetime) -> None:
    """Takes back what a dead worker held, and wakes workers for all that is due: a message may have been lost."""
    Notification.objects.filter(status=Status.SENDING, claimed_at__lt=now - LEASE).update(
        status=Status.PENDING, next_try_at=now, error="Its worker went away while sending. It may have arrived already."
    )
    due = Notification.objects.filter(status=Status.PENDING, carried_by=None, next_try_at__lte=now)
    for tenant_id, channel in due.order_by().values_list("tenant", "channel").distinct():
        broker.tell(outbox.DELIVER, tenant_id, channel, expires=25)  # the next sweep sends another
