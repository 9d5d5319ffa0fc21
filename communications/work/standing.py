"""How an account stands, as far as the rules of an answer need it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from accounts.freshness import with_sources
from accounts.models import Account, Escalation
from accounts.pages.overview import Overview
from accounts.policy_days import with_adopted
from accounts.schemas import HealthScoreResult
from accounts.scoring import Policy
from communications.models import Communication

Status = Communication.Status


@dataclass(frozen=True)
class OpenEscalation:
    name: str  # “ESC-12”
    is_open: bool  # nobody has acknowledged it
    is_muted: bool
    due_at: datetime
    has_outreach: bool


@dataclass(frozen=True)
class WaitingDraft:
    number: int
    words: str  # its type, “escalation outreach”
    is_under_way: bool
    open_flags: int


@dataclass(frozen=True)
class Standing:
    """At an instant. Instants are UTC; `stale` holds names of sources with the instant up to which they are known."""

    account_id: str
    now: datetime
    health: HealthScoreResult | None  # of the latest scan
    policy: Policy  # in force
    has_sources: bool = True
    stale: tuple[tuple[str, datetime], ...] = ()
    may_be_other: bool = False
    turns_red_at: datetime | None = None
    escalation: OpenEscalation | None = None
    draft: WaitingDraft | None = None

    @property
    def scan_age_hours(self) -> float:
        return (self.now - self.health.scan_timestamp).total_seconds() / 3600 if self.health else 0.0


def of(account_id: int, now: datetime) -> Standing:
    """In a number of queries that no history makes grow."""
    accounts = Account.objects.select_related("tenant", "health", "heartbeat")
    account: Account = with_adopted(with_sources(accounts)).get(pk=account_id)
    page, now = Overview(account, now), now.astimezone(UTC)
    fresh, health = page.freshness, page.latest.contract(account.external_id) if page.latest else None
    could_be, turn = fresh.could_be, page.turn
    return Standing(
        account_id=account.external_id,
        now=now,
        health=health,
        policy=page.policy,
        has_sources=bool(fresh.sources),
        stale=tuple((source.name, source.as_of.astimezone(UTC)) for source in fresh.stale),
        may_be_other=bool(could_be and health and {could_be.worst_rag, could_be.best_rag} != {health.rag_status}),
        turns_red_at=turn.at.astimezone(UTC) if turn and turn.rag == "Red" else None,
        escalation=open_escalation(page.escalation, now),
        draft=waiting_draft(account),
    )


def open_escalation(row: Escalation | None, now: datetime) -> OpenEscalation | None:
    if row is None:
        return None
    lost = (Status.FAILED, Status.REJECTED)
    has_outreach = Communication.objects.filter(escalation=row).exclude(status__in=lost).exists()
    return OpenEscalation(str(row), row.status == Escalation.Status.OPEN, row.is_muted(now), row.due_at.astimezone(UTC), has_outreach)


def waiting_draft(account: Account) -> WaitingDraft | None:
    """The one of the gravest matter that somebody has to look at: about an escalation first, the latest first."""
    waiting = Q(status__in=(Status.QUEUED, Status.GENERATING, Status.READY))
    rows = Communication.objects.filter(waiting, account=account).defer("body_html").order_by("escalation_id", "-pk")
    draft = rows.first()
    if draft is None:
        return None
    return WaitingDraft(draft.pk, draft.get_communication_type_display().lower(), draft.is_under_way, draft.open_flags or 0)
