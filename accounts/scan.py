"""The scan: when it is due, and running it once. The score itself is in `scoring` (one account) and `scan_sql` (all of them)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts import clock, projection, scan_sql, scoring, trail
from accounts.models import Account, PortfolioChange, ScanRun, ScoringPolicy, Tenant, User
from accounts.notifications import outbox

logger = logging.getLogger(__name__)

DAILY_AT = time(7)  # in the tenant's own time zone
CATCH_UP = timedelta(hours=12)  # how late a missed daily scan still runs
REOPEN_AFTER = timedelta(days=7)  # after a manual resolve, when nothing got worse
# A large tenant's rows stay in memory between the statement's steps; JIT costs more than it gains on one short statement.
SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"


class ScanBusy(Exception):
    """Another process is running this very scan."""


@dataclass(frozen=True)
class AccountScore:
    """One account's score at an instant, as SQL computed it. Ages in days, silence in hours."""

    account_id: str
    score: int
    rag: Literal["Red", "Amber", "Green"]
    p1_p2_ticket_count: int
    late_ticket_count: int
    oldest_p1_p2_age_days: float
    total_open_tickets: int
    hours_since_heartbeat: float | None
    late_points: int
    volume_points: int
    silence_points: int


def daily_instant(tenant: Tenant, now: datetime) -> datetime:
    """When today's daily scan is due: 07:00 of the tenant's local date, daylight saving included."""
    local = now.astimezone(tenant.zone)
    return datetime.combine(local.date(), DAILY_AT, tenant.zone)


def run_daily_if_due(tenant: Tenant, now: datetime) -> ScanRun | None:
    """Runs today's daily scan unless it is early, done, being done, or more than twelve hours late."""
    due = daily_instant(tenant, now)
    if not due <= now < due + CATCH_UP:
        return None
    run, created = ScanRun.objects.get_or_create(
        tenant=tenant,
        kind=ScanRun.Kind.DAILY,
        local_date=due.date(),
        defaults={"at": now, "policy": policy_at(tenant, now), "started_at": now},
    )
    if run.finished_at:
        return None
    try:
        return perform(run, again_at=None if created else now, is_now=True)
    except ScanBusy:
        return None


def scan_tenant(tenant: Tenant, *, by: User | None = None, at: datetime | None = None) -> ScanRun:
    """Scans all active accounts of the tenant now, or as of `at`."""
    return perform(new_run(tenant, ScanRun.Kind.TENANT, at or timezone.now(), by=by), is_now=at is None)


def scan_account(account: Account, *, by: User | None = None) -> ScanRun:
    """“Scan now” for one account, through the same statement."""
    return perform(new_run(account.tenant, ScanRun.Kind.ACCOUNT, timezone.now(), by=by, account=account), is_now=True)


def replay_day(tenant: Tenant, day: date) -> ScanRun:
    """The daily scan of a past local date, from what is known of tickets and heartbeats then. Once a date."""
    at = datetime.combine(day, DAILY_AT, tenant.zone)
    run = ScanRun.objects.create(tenant=tenant, kind=ScanRun.Kind.DAILY, local_date=day, at=at, policy=policy_at(tenant, at), started_at=at)
    return perform(run, live=False, finished_at=at)


def new_run(tenant: Tenant, kind: str, at: datetime, by: User | None = None, account: Account | None = None) -> ScanRun:
    return ScanRun.objects.create(
        tenant=tenant,
        kind=kind,
        account=account,
        at=at,
        local_date=at.astimezone(tenant.zone).date(),
        policy=policy_at(tenant, at),
        requested_by=by,
        started_at=at,
    )


def perform(
    run: ScanRun, *, live: bool = True, again_at: datetime | None = None, finished_at: datetime | None = None, is_now: bool = False
) -> ScanRun:
    """Computes and writes the run in one transaction: cut short, it leaves nothing but the unfinished run to try again.

    `again_at`: it was cut short before, and is now to look at that instant. `is_now`: if it waited for a scan of a later instant, it
    looks at one just after that. Raises ScanBusy if another process holds it or has finished it, anything else after noting the error.
    """
    try:
        with transaction.atomic():
            held = take(run, live=live, again_at=again_at, is_now=is_now)
            opened, worsened = write(held, live=live)
            if live:
                outbox.tell(held.tenant, held.at, scan=held, opened=opened, worsened=worsened)
                if held.kind == ScanRun.Kind.DAILY and clock.is_working_day(held.at, held.tenant.config.working_hours, held.tenant.zone):
                    outbox.tell_of_the_morning(held, held.at)
            PortfolioChange.objects.create(tenant=held.tenant)
            held.finished_at = finished_at or timezone.now()
            held.error = ""
            held.save()
    except ScanBusy:
        raise
    except Exception as error:  # whatever it is stands on the run for people, and is raised again
        logger.exception("Scan %s failed", run.pk)
        attempts = F("attempts") + (1 if again_at else 0)
        ScanRun.objects.filter(pk=run.pk, finished_at=None).update(error=str(error)[:2000], attempts=attempts)
        raise
    return held


def take(run: ScanRun, *, live: bool, again_at: datetime | None, is_now: bool) -> ScanRun:
    """The run with its tenant, both locked. Scans of a tenant come one after the other: each goes on from what the one before left."""
    held: ScanRun | None = ScanRun.objects.select_for_update(skip_locked=True).filter(pk=run.pk, finished_at=None).first()
    if held is None:
        raise ScanBusy
    held.tenant = Tenant.objects.select_for_update(no_key=True).get(pk=held.tenant_id)
    if again_at:
        held.at, held.attempts = again_at, held.attempts + 1
    if is_now:
        held.at = after_the_last(held)
    if live:
        held.policy = policy_at(held.tenant, held.at)  # it may have changed while this waited
    return held


def after_the_last(run: ScanRun) -> datetime:
    """The instant of the run, moved behind what happened while it waited: a scan of a later instant, a policy activated."""
    finished = ScanRun.objects.filter(tenant=run.tenant, finished_at__isnull=False).aggregate(last=Max("at"))["last"]
    # The first policy counts for all time before it, too.
    activated = sorted(policy.activated_at for policy in run.tenant.policies.all() if policy.activated_at)[1:]
    instants: list[datetime] = [run.at, *activated]
    return max(*instants, finished + projection.MICROSECOND if finished else run.at)


def write(run: ScanRun, *, live: bool) -> tuple[list[int], list[int]]:
    """Computes, writes, and fills the run's figures in. Answers the ids of escalations that it opened, and that turned Red under it."""
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(scan_sql.write(live=live, one_account=run.account_id is not None), write_parameters(run))
        row = cursor.fetchone()
    assert row is not None
    run.accounts, run.green, run.amber, run.red, opened, worsened, run.escalations_recovered, run.heartbeats_as_of = row
    run.escalations_opened = len(opened)
    return opened, worsened


def write_parameters(run: ScanRun) -> dict[str, Any]:
    config = run.tenant.config
    return {
        **parameters(run.tenant, run.policy, run.at, run.account_id),
        "scan": run.pk,
        "reporting_since": projection.reporting_since(run.policy.rules(), run.at, timedelta(hours=config.reporting_within_hours)),
        "today": trail.packed(run.local_date),
        "trail_length": trail.LENGTH * trail.ENTRY.size,
        "red_due": clock.due(run.at, config.red_due_hours, config.working_hours, run.tenant.zone),
        "amber_due": clock.due(run.at, config.amber_due_hours, config.working_hours, run.tenant.zone),
        "week_ago": run.at - REOPEN_AFTER,
        "notable": scoring.NOTABLE,
    }


def parameters(tenant: Tenant, policy: ScoringPolicy, at: datetime, account: int | None = None) -> dict[str, Any]:
    rules = policy.rules()
    return {
        **rules.model_dump(),
        "tenant": tenant.pk,
        "account": account,
        "at": at,
        "late_since": scoring.late_since(rules, at),
    }


def scores_at(tenant: Tenant, at: datetime, *, live: bool = False, account: Account | None = None) -> Iterator[AccountScore]:
    """What the scores were at a past instant (`live`: are now). Writes nothing."""
    values = parameters(tenant, policy_at(tenant, at), at, account.pk if account else None)
    with connection.cursor() as cursor:
        cursor.execute(scan_sql.read(live=live, one_account=account is not None), values)
        for row in cursor.fetchall():
            yield AccountScore(*row)


def policy_at(tenant: Tenant, at: datetime) -> ScoringPolicy:
    """The policy in force at that instant; before the first, the first."""
    adopted = tenant.policies.exclude(activated_at=None)
    policy: ScoringPolicy = adopted.filter(activated_at__lte=at).order_by("-activated_at").first() or adopted.earliest("activated_at")
    return policy
