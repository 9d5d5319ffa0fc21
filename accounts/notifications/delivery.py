"""Delivering the outbox: claim a row, send it outside any transaction, note what came of it.

A row is claimed by one worker. One whose worker died is taken back after a while and sent again under the same key: at least once,
and once where the channel can tell a repeat.
"""

import logging
import random
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Notification, Tenant
from accounts.models.people import TenantQuerySet
from accounts.notifications import NotSent, outbox, recipients, sending
from accounts.notifications.channels import ChannelError
from tamdash import broker
from tamdash.alone import alone

logger = logging.getLogger(__name__)

Status = Notification.Status
MAX_ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=30)  # doubled at each attempt
LONGEST_DELAY = timedelta(hours=1)
LEASE = timedelta(minutes=3)  # longer than any channel may take
AT_A_STRETCH = 25.0  # seconds: less than from one sweep to the next, which goes on; nobody waits behind one tenant for long
FAILURES_IN_A_ROW = 3
AT_ONCE = 1000
WENT_AWAY = "Its worker went away while sending. It may have arrived already."
UNEXPECTED = "An unexpected error. An admin finds it in the log."


def drain(tenant_id: int, channel: str) -> None:
    """Delivers what is due, until nothing is or it has taken long enough. A tenant's channel keeps one worker busy at most.

    A destination that fails again and again is left alone for a while, and the others go on.
    """
    with alone(f"delivery of {channel} of tenant {tenant_id}") as is_alone:
        began, failures = time.monotonic(), Counter[int | None]()
        while is_alone and time.monotonic() - began < AT_A_STRETCH:
            row = claim(tenant_id, channel, timezone.now())
            if row is None:
                return
            failures[destination(row)] = 0 if deliver(row) else failures[destination(row)] + 1
            if failures[destination(row)] == FAILURES_IN_A_ROW:
                rest(row, FIRST_DELAY.total_seconds())


def destination(row: Notification) -> int | None:
    """Whose own chat it goes to; None: where all the tenant's go."""
    return row.recipient_id if row.channel == "chat" and row.recipient and row.recipient.chat_url else None


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
    """Leaves the row's destination alone for so long."""
    until = timezone.now() + timedelta(seconds=min(seconds, LONGEST_DELAY.total_seconds()))
    waiting = Notification.objects.filter(tenant=row.tenant_id, channel=row.channel, status=Status.PENDING, carried_by=None)
    if row.channel == "chat":
        own = destination(row)
        waiting = waiting.filter(recipient=own) if own else waiting.filter(Q(recipient=None) | Q(recipient__chat_url=""))
    Notification.objects.filter(pk__in=waiting.filter(next_try_at__lt=until).values("pk")).update(next_try_at=until)


def delay(attempts: int, retry_after: float | None = None) -> timedelta:
    """Doubled each time, with jitter so that what failed together does not come back together; at least what was asked for."""
    doubled: timedelta = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    asked = timedelta(seconds=min(retry_after or 0, LONGEST_DELAY.total_seconds()))
    return max(doubled * random.uniform(0.5, 1), asked)  # noqa: S311 (spreads load, guards nothing)


def skip(row: Notification, reason: NotSent) -> None:
    """Not sent, for good. What its recipient is not to be told any more is told to whoever is: all that waits for them at once."""
    with transaction.atomic():
        end(row, Status.SKIPPED, error=str(reason))
        if not reason.tell_others:
            return
        skipped = Q(pk=row.pk)
        if row.recipient and recipients.refusal(row.recipient, row.tenant_id):
            same = Notification.objects.filter(tenant=row.tenant_id, channel=row.channel, recipient=row.recipient, status=Status.PENDING)
            waiting = list(same.filter(carried_by=None).select_for_update(skip_locked=True).values_list("pk", flat=True))
            skipped |= Q(pk__in=waiting)
            Notification.objects.filter(Q(pk__in=waiting) | Q(carried_by__in=waiting)).update(
                status=Status.SKIPPED, error=str(reason)[:300]
            )
        gone = Notification.objects.filter(skipped).values("pk")
        told = Notification.objects.filter(Q(pk__in=gone) | Q(carried_by__in=gone)).values_list("kind", "escalation")
        opened, worsened = ([escalation for kind, escalation in told if kind == wanted] for wanted in ("opened", "worsened"))
        outbox.tell_others(row.tenant, timezone.now(), row.channel, opened, worsened)


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
    for row in Notification.objects.filter(status=Status.SENDING, claimed_at__lt=now - LEASE)[:AT_ONCE]:
        if row.attempts >= MAX_ATTEMPTS:
            end(row, Status.FAILED, error=WENT_AWAY)
        else:
            end(row, Status.PENDING, error=WENT_AWAY, next_try_at=now)
    due = Notification.objects.filter(status=Status.PENDING, carried_by=None, next_try_at__lte=now)
    for tenant_id, channel in due.order_by().values_list("tenant", "channel").distinct():
        broker.tell(outbox.DELIVER, tenant_id, channel, expires=25)  # the next sweep sends another
