"""Back-tests: a candidate policy replayed over past days, beside the policy in force.

The row is the queue. Each day is committed on its own, so that whoever takes up a back-test cut short goes on where it stopped.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Min
from django.utils import timezone

from accounts import policies, replay_sql, replayed, scan
from accounts.models import Account, Backtest, BacktestDay, HeartbeatDay, ScanRun, ScoringPolicy, Tenant, Ticket, User
from accounts.policies import PolicyError
from accounts.replayed import NO_SCORE
from accounts.scoring import Policy
from tamdash.broker import tell

logger = logging.getLogger(__name__)

RUN = "accounts.tasks.run_backtest"
Status = Backtest.Status
DAYS, MOST_DAYS = 30, 180
LOST_AFTER = timedelta(seconds=30)  # a message on a healthy broker is taken long before
SILENT_AFTER = timedelta(seconds=60)  # a day takes far less
MAX_ATTEMPTS = 3  # in a row without a single day
AT_ONCE = 100
EDITED = "The numbers were edited meanwhile, so this says nothing about the draft as it is now. Back-test it again."
NOTHING_KNOWN = "Nothing is known of any of these days: no ticket had opened, no heartbeat had come. Replay later days."
STUCK = f"It stopped {MAX_ATTEMPTS} times without getting further. Try again; if it happens again, tell whoever runs tamdash the time."
DAY = timedelta(days=1)


def start(policy: ScoringPolicy, by: User | None, days: int = DAYS) -> Backtest:
    """Queues a back-test over the last `days` local days, 1 to 180. Raises PolicyError."""
    against = policies.in_force(policy.tenant)
    if policy.pk == against.pk:
        raise PolicyError(f"{policy} is in force: there is nothing to compare it with. Copy it into a new draft and change that.")
    if policy.status == policies.Status.RETIRED:
        raise PolicyError(f"{policy} was not back-tested: it is retired. Copy it into a new draft to use its numbers again.")
    last = last_day(policy.tenant, timezone.now())
    try:
        with transaction.atomic():
            backtest = Backtest.objects.create(
                tenant=policy.tenant,
                policy=policy,
                against=against,
                rules=policy.rules().model_dump(),
                first_day=last - (days - 1) * DAY,
                last_day=last,
                accounts=list(Account.objects.active().filter(tenant=policy.tenant).order_by("pk").values_list("pk", flat=True)),
                requested_by=by,
            )
            transaction.on_commit(partial(tell, RUN, backtest.pk, takes_long=True))
    except IntegrityError as error:
        raise PolicyError(f"{policy} is being back-tested right now. Wait for that, then try again.") from error
    return backtest


def last_day(tenant: Tenant, now: datetime) -> date:
    """The latest local date whose 07:00 has passed."""
    due = scan.daily_instant(tenant, now)
    return due.date() if due <= now else due.date() - DAY


def move(backtest: Backtest, old: str, new: str, **changes: Any) -> bool:
    """The only way a status changes: once, from `old`, if nobody went on with it since it was read. Says whether it did."""
    row = Backtest.objects.filter(pk=backtest.pk, status=old, progressed_at=backtest.progressed_at)
    return bool(row.update(status=new, **{"progressed_at": timezone.now()} | changes))


def run(backtest_id: int) -> None:
    """Takes up a queued back-test and brings it to its end. Does nothing if somebody else has taken it, or it is gone."""
    taken = Backtest.objects.filter(pk=backtest_id, status=Status.QUEUED)
    if not taken.update(status=Status.RUNNING, attempts=F("attempts") + 1, progressed_at=timezone.now()):
        return
    backtest = Backtest.objects.select_related("tenant", "policy", "against").get(pk=backtest_id)
    known_since = first_signal(backtest.tenant)
    done = set(backtest.days.values_list("day", flat=True))
    for day in days_of(backtest):
        if day not in done and not keep(backtest, replay(backtest, day, known_since)):
            return
    finish(backtest)


def days_of(backtest: Backtest) -> list[date]:
    return [backtest.first_day + n * DAY for n in range((backtest.last_day - backtest.first_day).days + 1)]


def first_signal(tenant: Tenant) -> datetime | None:
    """When the tenant's first ticket opened or its first heartbeat came; before that nothing is known. None: never."""
    ticket = Ticket.objects.filter(tenant=tenant).aggregate(at=Min("created_at"))["at"]
    heartbeat = HeartbeatDay.objects.filter(account__tenant=tenant).aggregate(at=Min("first_at"))["at"]
    return min((at for at in (ticket, heartbeat) if at), default=None)


def replay(backtest: Backtest, day: date, known_since: datetime | None) -> BacktestDay:
    """The day's scores at 07:00 tenant time under both policies, and how well a replay meets what the day's scan found."""
    tenant = backtest.tenant
    at = datetime.combine(day, scan.DAILY_AT, tenant.zone).astimezone(UTC)
    if known_since is None or at < known_since:
        nothing = bytes([NO_SCORE]) * len(backtest.accounts)
        return BacktestDay(backtest=backtest, day=day, old_scores=nothing, new_scores=nothing, is_known=False)
    candidate = ScoringPolicy(tenant=tenant, **backtest.rules)
    replays = {"in_force": scan.parameters(tenant, backtest.against, at), "candidate": scan.parameters(tenant, candidate, at)}
    found = ScanRun.objects.filter(tenant=tenant, kind=ScanRun.Kind.DAILY, local_date=day, finished_at__isnull=False)
    daily = found.select_related("policy").first()
    if daily:
        # It ran some seconds after seven, or hours when it was caught up, and maybe under a third policy.
        replays["on_the_day"] = scan.parameters(tenant, daily.policy, daily.at)
    old, new, *check = columns(backtest, replays, at, daily)
    pairs = [(then, stored) for then, stored in zip(*check, strict=True) if stored != NO_SCORE] if check else []
    return BacktestDay(
        backtest=backtest,
        day=day,
        old_scores=old,
        new_scores=new,
        is_known=True,
        compared=len(pairs),
        agreeing=sum(then == stored for then, stored in pairs),
    )


def columns(backtest: Backtest, replays: dict[str, dict[str, Any]], at: datetime, daily: ScanRun | None) -> list[bytes]:
    """One statement, so that all columns see the same tickets even while some come in."""
    values = replay_sql.parameters(replays) | {"backtest": backtest.pk, "known_at": at, "scan": daily and daily.pk}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(scan.SETTINGS)
        cursor.execute(replay_sql.scores(replays, stored=daily is not None), values)
        row = cursor.fetchone()
    assert row is not None
    return [bytes(column or b"") for column in row]


def keep(backtest: Backtest, day: BacktestDay) -> bool:
    """Stores a day once, and that the work goes on. False if the back-test is no longer under way."""
    with transaction.atomic():
        backtest.progressed_at = timezone.now()
        under_way = Backtest.objects.filter(pk=backtest.pk, status=Status.RUNNING)
        if not under_way.update(progressed_at=backtest.progressed_at, attempts=0):
            return False
        BacktestDay.objects.bulk_create([day], ignore_conflicts=True)
    return True


def finish(backtest: Backtest) -> None:
    """The report of all days; the draft becomes replayed with it, unless its numbers are no longer these."""
    days = [
        replayed.Day(row.day, row.is_known, bytes(row.old_scores), bytes(row.new_scores), row.compared, row.agreeing)
        for row in backtest.days.order_by("day")
    ]
    report = replayed.compare(backtest.accounts, days, backtest.against.rules(), Policy(**backtest.rules))
    with transaction.atomic():
        now, policy = timezone.now(), policies.held(backtest.policy_id)
        if first_signal(backtest.tenant) and not any(day.is_known for day in days):
            move(backtest, Status.RUNNING, Status.FAILED, failure=NOTHING_KNOWN, finished_at=now)
        elif policy.rules().model_dump() != backtest.rules:
            move(backtest, Status.RUNNING, Status.FAILED, failure=EDITED, finished_at=now)
        elif move(backtest, Status.RUNNING, Status.DONE, report=report.model_dump(mode="json"), finished_at=now):
            policies.move(policy, policies.Status.DRAFT, policies.Status.REPLAYED)  # one that left draft stays what it is


def sweep(now: datetime) -> None:
    """Finds what a lost message or a killed worker left behind."""
    rows = Backtest.objects.order_by("progressed_at").defer("accounts", "report")
    for left in rows.filter(status=Status.RUNNING, progressed_at__lt=now - SILENT_AFTER)[:AT_ONCE]:
        take_back(left)
    for waiting in rows.filter(status=Status.QUEUED, progressed_at__lt=now - LOST_AFTER)[:AT_ONCE]:
        if move(waiting, Status.QUEUED, Status.QUEUED):  # so that the next sweep does not tell it again at once
            tell(RUN, waiting.pk, takes_long=True)


def take_back(backtest: Backtest) -> None:
    """Another attempt at a back-test whose worker went away, up to the limit."""
    logger.warning("Back-test %s was left half-way at attempt %s", backtest.pk, backtest.attempts)
    if backtest.attempts >= MAX_ATTEMPTS:
        move(backtest, Status.RUNNING, Status.FAILED, failure=STUCK, finished_at=timezone.now())
    elif move(backtest, Status.RUNNING, Status.QUEUED):
        tell(RUN, backtest.pk, takes_long=True)
