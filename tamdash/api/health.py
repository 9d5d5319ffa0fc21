"""What is known of an account's score: the last scan's with its reasons, those before it, and what comes if nothing changes."""

from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, Field

from accounts import projection, recorded
from accounts.freshness import with_sources
from accounts.models import Account, HealthSnapshot
from accounts.pages.overview import Overview
from accounts.policy_days import with_adopted
from accounts.schemas import HealthScoreResult, RagStatus, UtcDatetime
from accounts.scoring import Deduction, OpenTicket
from tamdash.api.accounts import ONE, AccountSummary, found, summary
from tamdash.api.auth import scoped
from tamdash.api.shapes import Asked, Instant, Page, PageAsked, bad_cursor, cursor_of, place_of

router = Router(auth=scoped("accounts:read"), tags=["Accounts"])
LATEST_ID = 2**63 - 1


class TicketReference(BaseModel):
    """A ticket of one of the ticket systems."""

    ticket_id: str
    source: str
    priority: Literal["P1", "P2", "P3", "P4"]
    created_at: UtcDatetime


class DeductionLine(BaseModel):
    """Points taken, or given back (negative) by a cap or by the floor at 0, and the tickets behind them."""

    cause: Literal["late_ticket", "late_cap", "volume", "volume_cap", "silence", "floor"]
    points: int
    tickets: list[TicketReference]


class SourceState(BaseModel):
    """How far a source of signals is known."""

    source: str
    as_of: UtcDatetime
    is_stale: bool


class ScoreRange(BaseModel):
    """What the score could be now, as a source that used to report is stale."""

    worst: int
    best: int
    worst_rag: RagStatus
    best_rag: RagStatus


class HealthReport(BaseModel):
    """The last scan's score; all null and empty before the first. The points of the deductions add up to 100 - score."""

    health_score: HealthScoreResult | None
    policy_version: int | None
    deductions: list[DeductionLine]
    sources: list[SourceState]
    could_be: ScoreRange | None


class Points(BaseModel):
    late: int
    volume: int
    silence: int


class Snapshot(BaseModel):
    """What one scan found, and by which version of the policy. The points add up to 100 - score, or more where it ends at 0."""

    health_score: HealthScoreResult
    policy_version: int
    points: Points


class HistoryAsked(PageAsked):
    since: Instant | None = Field(default=None, description="Scans of this instant and later.")
    until: Instant | None = Field(default=None, description="Scans of this instant and earlier.")


class StepCause(BaseModel):
    """A ticket that becomes late, or a heartbeat that has been silent for so many hours."""

    kind: Literal["late_ticket", "silence"]
    ticket: TicketReference | None
    hours: int | None


class ProjectedStep(BaseModel):
    """From `at` on the score is `score`."""

    at: UtcDatetime
    score: int
    rag_status: RagStatus
    change: int
    causes: list[StepCause]


class Projection(BaseModel):
    """What comes if nothing changes. A heartbeat that reports is taken to go on; `if_silent` is where the account came to if it stopped."""

    account_id: str
    score: int = Field(description="What a scan would find now.")
    rag_status: RagStatus
    steps: list[ProjectedStep]
    turns_red_at: UtcDatetime | None
    if_silent: ProjectedStep | None


class ProjectionAsked(Asked):
    days: int = Field(default=90, ge=1, le=365, description="How far to look.")


@router.get(f"{ONE}/health", response=HealthReport, summary="An account's score and its reasons")
def get_health(request: HttpRequest, account_id: str) -> HealthReport:
    """Of the last scan, with what each cause takes, and how far the sources behind it are known."""
    page = overview(request, account_id)
    fresh, latest = page.freshness, page.latest if page.health else None
    return HealthReport(
        health_score=latest.contract(page.account.external_id) if latest else None,
        policy_version=latest.scan.policy.version if latest else None,
        deductions=[line(each) for each in page.deductions] if latest else [],
        sources=[SourceState(source=each.key, as_of=each.as_of, is_stale=each.is_stale) for each in fresh.sources],
        could_be=ScoreRange.model_validate(fresh.could_be, from_attributes=True) if fresh.could_be else None,
    )


@router.get(f"{ONE}/history", response=Page[Snapshot], summary="An account's scores, the latest first")
def list_history(request: HttpRequest, account_id: str, asked: Query[HistoryAsked]) -> Page[Snapshot]:
    """What each scan found."""
    account = found(request, account_id, Account.objects.select_related("tenant"))
    snapshots = recorded.snapshots(account)
    if asked.since:
        snapshots = snapshots.filter(scan__at__gte=asked.since)
    if asked.until:
        snapshots = snapshots.filter(scan__at__lte=asked.until)
    if asked.cursor:
        at, scan = place(asked.cursor)
        snapshots = snapshots.filter(scan__at__lte=at).filter(Q(scan__at__lt=at) | Q(scan_id__lt=scan))
    page, has_more = asked.page(list(snapshots[: asked.limit + 1]))
    last = cursor_of(page[-1].scan.at.isoformat(), str(page[-1].scan_id)) if has_more else None
    return Page[Snapshot](items=[snapshot(row, account_id) for row in page], next_cursor=last)


@router.get(f"{ONE}/projection", response=Projection, summary="What comes if nothing changes")
def get_projection(request: HttpRequest, account_id: str, asked: Query[ProjectionAsked]) -> Projection:
    """Ages and silence grow by themselves, so the score to come is known: every step, its cause, and when the account turns Red."""
    page = overview(request, account_id)
    until = page.now + timedelta(days=asked.days)
    steps = [step for step in page.coming if step.at <= until]
    is_red = page.live.rag == "Red"
    return Projection(
        account_id=account_id,
        score=page.live.score,
        rag_status=page.live.rag,
        steps=[projected(step) for step in steps],
        turns_red_at=None if is_red else next((step.at for step in steps if step.rag == "Red"), None),
        if_silent=projected(page.if_silent) if page.if_silent and page.if_silent.at <= until else None,
    )


@router.get(ONE, response=AccountSummary, summary="One account")
def get_account(request: HttpRequest, account_id: str) -> AccountSummary:
    """As in the list; an inactive one, too."""
    return summary(found(request, account_id, Account.objects.select_related("owner", "health")))


def overview(request: HttpRequest, account_id: str) -> Overview:
    accounts = with_adopted(with_sources(Account.objects.select_related("tenant", "health", "heartbeat")))
    return Overview(found(request, account_id, accounts), timezone.now())


def line(deduction: Deduction) -> DeductionLine:
    return DeductionLine(cause=deduction.cause, points=deduction.points, tickets=[reference(ticket) for ticket in deduction.tickets])


def reference(ticket: OpenTicket) -> TicketReference:
    values = {"ticket_id": ticket.ticket_id, "source": ticket.source, "priority": f"P{ticket.priority}", "created_at": ticket.created_at}
    return TicketReference.model_validate(values)


def snapshot(row: HealthSnapshot, account_id: str) -> Snapshot:
    points = Points(late=row.late_points, volume=row.volume_points, silence=row.silence_points)
    return Snapshot(health_score=row.contract(account_id), policy_version=row.scan.policy.version, points=points)


def place(cursor: str) -> tuple[datetime, int]:
    """Of a snapshot. Raises Problem."""
    at, scan = place_of(cursor, 2)
    try:
        found, number = datetime.fromisoformat(at), int(scan)
    except ValueError:
        raise bad_cursor() from None
    if found.tzinfo is None or not 0 < number <= LATEST_ID:
        raise bad_cursor()
    return found, number


def projected(step: projection.Step) -> ProjectedStep:
    causes = [
        StepCause(kind=each.kind, ticket=reference(each.ticket) if each.ticket else None, hours=each.hours or None) for each in step.causes
    ]
    return ProjectedStep(at=step.at, score=step.score, rag_status=step.rag, change=step.change, causes=causes)
