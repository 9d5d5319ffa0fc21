"""Messages by the calendar: check-ins and reviews, drafted on the 1st at 10:00 of the tenant's own time. Nothing is sent.

An account whose interval is k months is due in every k-th month of the calendar, counted from a January: 3 means January, April, July and
October. So the months are known beforehand, and one that was skipped moves no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Tenant
from accounts.models.profile import CommunicationType
from communications import batches
from communications.models import RhythmRun

DRAFTED_AT = time(10)  # in the tenant's own time zone
CATCH_UP = timedelta(days=7)  # how late what was missed is still drafted


@dataclass(frozen=True)
class Rhythm:
    """A type that comes by the calendar: the account's own interval, and the tenant's where that is empty."""

    communication_type: CommunicationType
    setting: str  # of the tenant, and the account's column


KINDS = {
    rhythm.communication_type.value: rhythm
    for rhythm in (
        Rhythm(CommunicationType.HEALTH_CHECKIN, "checkin_every_months"),
        Rhythm(CommunicationType.CUSTOMER_SUCCESS_REVIEW, "review_every_months"),
    )
}

# An account that came after the hour waits for its next month. What waits already for somebody to look at it is not doubled.
CONSIDERED = """
WITH considered AS MATERIALIZED (
    SELECT account.id, EXISTS (
        SELECT FROM accounts_communicationhistory past WHERE past.account_id = account.id AND past.date > %(quiet_since)s::date) AS is_quiet
    FROM accounts_account account
    JOIN accounts_user person ON person.id = account.owner_id AND person.is_active
    WHERE account.tenant_id = %(tenant)s AND account.is_active AND account.created_at <= %(due)s
        AND CASE WHEN coalesce(account.{setting}, %(every)s) > 0 THEN %(month)s %% coalesce(account.{setting}, %(every)s) = 0 END
)"""
CHOSEN = """
{considered},
chosen AS (
    SELECT id FROM considered WHERE NOT is_quiet AND NOT EXISTS (
        SELECT FROM communications_communication draft WHERE draft.account_id = considered.id
            AND draft.communication_type = %(communication_type)s AND draft.status IN ('queued', 'generating', 'ready'))
),"""
SKIPPED = "{considered} SELECT count(*) FILTER (WHERE is_quiet) FROM considered"


def instant(period: date, tenant: Tenant) -> datetime:
    """When the drafts of the month are due, daylight saving included."""
    return datetime.combine(period, DRAFTED_AT, tenant.zone)


def period_due(tenant: Tenant, now: datetime) -> date | None:
    """The month, by its first day, whose drafts are to be written by now; None where it is early or too late for them."""
    period = now.astimezone(tenant.zone).date().replace(day=1)
    return period if instant(period, tenant) <= now < instant(period, tenant) + CATCH_UP else None


def next_instant(tenant: Tenant, now: datetime) -> datetime:
    period = now.astimezone(tenant.zone).date().replace(day=1)
    if now < instant(period, tenant):
        return instant(period, tenant)
    return instant((period + timedelta(days=32)).replace(day=1), tenant)


def due(now: datetime) -> Iterator[tuple[Tenant, str]]:
    """Each tenant and type whose drafts are to be written and were not."""
    for tenant in Tenant.objects.all():
        if period := period_due(tenant, now):
            done = tenant.rhythm_runs.filter(period=period, finished_at__isnull=False).values_list("communication_type", flat=True)
            yield from ((tenant, kind) for kind in KINDS.keys() - set(done))


def run(tenant: Tenant, kind: str, now: datetime) -> RhythmRun | None:
    """Queues the drafts of the month that is due, all at once or none: cut short, it leaves the run for the next tick to do.

    None: nothing is due, it was done, or somebody else is at it.
    """
    period = period_due(tenant, now)
    if period is None:
        return None
    key = {"tenant": tenant, "communication_type": kind, "period": period}
    RhythmRun.objects.bulk_create([RhythmRun(**key)], ignore_conflicts=True)
    with transaction.atomic():
        held: RhythmRun | None = RhythmRun.objects.select_for_update(skip_locked=True).filter(**key, finished_at=None).first()
        if held is None:
            return None
        held.drafted, held.skipped = write(tenant, KINDS[kind], period, now)
        held.finished_at = timezone.now()
        held.save()
    return held


def write(tenant: Tenant, rhythm: Rhythm, period: date, now: datetime) -> tuple[int, int]:
    """How many drafts it queued, and how many accounts it passed over because something was sent to them lately."""
    kind = rhythm.communication_type
    values = {
        "tenant": tenant.pk,
        "due": instant(period, tenant),
        "every": getattr(tenant.config, rhythm.setting),
        "month": period.year * 12 + period.month - 1,
        "quiet_since": now.astimezone(tenant.zone).date() - timedelta(days=tenant.config.quiet_days),
    }
    considered = CONSIDERED.format(setting=rhythm.setting)
    with connection.cursor() as cursor:
        cursor.execute(SKIPPED.format(considered=considered), values)
        (skipped,) = cursor.fetchone() or (0,)
    chosen = CHOSEN.format(considered=considered)
    note = f"{kind.label} for {period:%B %Y}"
    drafted = batches.queue(chosen, values, tenant=tenant.pk, communication_type=kind.value, now=now, note=note, period=period)
    return drafted, skipped
