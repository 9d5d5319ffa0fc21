"""How a daily scan is usually written, with Django's ORM. Neither of these opens escalations, which is to their advantage."""

from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from accounts.models import Account, AccountHealth, HealthSnapshot, ScanRun
from accounts.schemas import HealthScoreResult
from accounts.scoring import URGENT, OpenTicket, Policy, Signals, score

Points = tuple[int, int, int]  # for late tickets, for volume, for silence

LIVE = Q(tickets__status__in=["open", "pending"])
URGENT_LIVE = LIVE & Q(tickets__priority__lte=URGENT)
HEALTH_FIELDS = ["score", "rag", "open_tickets", "p1_p2_tickets", "late_points", "volume_points", "silence_points"]


def loop(run: ScanRun, accounts: list[Account]) -> None:
    """Account by account: read its tickets, score, validate, save."""
    policy = run.policy.rules()
    for account in Account.objects.filter(pk__in=[each.pk for each in accounts]).select_related("health", "heartbeat"):
        tickets = tuple(OpenTicket(each.external_id, each.priority, each.created_at) for each in account.tickets.live())
        heartbeat = getattr(account, "heartbeat", None)
        found = score(Signals(tickets, heartbeat and heartbeat.last_at), policy, run.at)
        result = HealthScoreResult(
            account_id=account.external_id,
            score=found.score,
            rag_status=found.rag,
            previous_score=account.health.score,
            previous_rag=account.health.rag,
            p1_p2_ticket_count=found.p1_p2_ticket_count,
            oldest_p1_p2_age_days=found.oldest_p1_p2_age_days,
            total_open_tickets=found.total_open_tickets,
            hours_since_heartbeat=found.hours_since_heartbeat,
            scan_timestamp=run.at,
        )
        points = (found.late_points, found.volume_points, found.silence_points)
        snapshot(run, account, result, found.late_ticket_count, points).save(force_insert=True)
        present(account.health, result, points).save()


def orm_bulk(run: ScanRun, accounts: list[Account]) -> None:
    """One annotated query for all, then the bulk methods."""
    policy = run.policy.rules()
    late = URGENT_LIVE & Q(tickets__created_at__lt=run.at - timedelta(days=policy.late_after_days))
    rows = (
        Account.objects.filter(pk__gte=accounts[0].pk, pk__lte=accounts[-1].pk)
        .select_related("health", "heartbeat")
        .annotate(
            total=Count("tickets", filter=LIVE),
            urgent=Count("tickets", filter=URGENT_LIVE),
            late=Count("tickets", filter=late),
            oldest=Min("tickets__created_at", filter=URGENT_LIVE),
        )
    )
    snapshots, healths = [], []
    for account in rows:
        hours = silent_hours(account, run.at)
        points = (
            min(account.late * policy.late_points, policy.late_cap),
            min(max(account.total - policy.free_tickets, 0) * policy.volume_points, policy.volume_cap),
            silence_points(hours, policy),
        )
        value = max(100 - sum(points), 0)
        result = HealthScoreResult.model_construct(
            score=value,
            rag_status=policy.rag(value),
            previous_score=account.health.score,
            previous_rag=account.health.rag,
            p1_p2_ticket_count=account.urgent,
            oldest_p1_p2_age_days=(run.at - account.oldest) / timedelta(days=1) if account.oldest else 0.0,
            total_open_tickets=account.total,
            hours_since_heartbeat=hours,
            should_escalate=value < policy.red_below,
        )
        snapshots.append(snapshot(run, account, result, account.late, points))
        healths.append(present(account.health, result, points))
    HealthSnapshot.objects.bulk_create(snapshots, batch_size=5000)
    AccountHealth.objects.bulk_update(healths, HEALTH_FIELDS, batch_size=1000)


def silent_hours(account: Account, at: datetime) -> float | None:
    heartbeat = getattr(account, "heartbeat", None)
    return max(0.0, (at - heartbeat.last_at) / timedelta(hours=1)) if heartbeat else None


def silence_points(hours: float | None, policy: Policy) -> int:
    if not hours or hours <= policy.silent_after_hours:
        return 0
    return policy.silent_points if hours <= policy.very_silent_after_hours else policy.very_silent_points


def snapshot(run: ScanRun, account: Account, found: HealthScoreResult, late: int, points: Points) -> HealthSnapshot:
    return HealthSnapshot(
        scan=run,
        account=account,
        oldest_p1_p2_age_days=found.oldest_p1_p2_age_days,
        hours_since_heartbeat=found.hours_since_heartbeat,
        p1_p2_ticket_count=found.p1_p2_ticket_count,
        late_ticket_count=late,
        total_open_tickets=found.total_open_tickets,
        score=found.score,
        previous_score=found.previous_score,
        late_points=points[0],
        volume_points=points[1],
        silence_points=points[2],
        should_escalate=found.should_escalate,
        rag=found.rag_status,
        previous_rag=found.previous_rag,
    )


def present(health: AccountHealth, found: HealthScoreResult, points: Points) -> AccountHealth:
    health.score, health.rag = found.score, found.rag_status
    health.open_tickets, health.p1_p2_tickets = found.total_open_tickets, found.p1_p2_ticket_count
    health.late_points, health.volume_points, health.silence_points = points
    return health
