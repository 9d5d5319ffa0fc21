"""How far each source is known, and what the score could be where one stopped reporting.

Ticket systems: a system that reported less than the tenant's `tickets_stale_after_hours` ago is fresh. An account depends on those that
have tickets of it, or, if none has, on all; those that an admin took out of use count for nothing.

Heartbeats: one account's silence is a signal, the silence of all is a broken feed. They are known up to the latest heartbeat that the
tenant's last scan found on any account, or the account's own if that came later, and stale if that lay more than
`heartbeats_stale_after_hours` before that scan: between two scans nobody looks. An account that never had one does not depend on them.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject

from accounts.asof import seen
from accounts.models import OpenInterval, ScanRun, Tenant, Ticket, TicketSource
from accounts.models.people import TenantSettings
from accounts.models.profile import AccountQuerySet
from accounts.projection import MICROSECOND
from accounts.scoring import OpenTicket, Policy, Signals, most_that_count, score

HEARTBEATS = "heartbeats"
NAMES = {"jira": "Jira", "zendesk": "Zendesk", "kayako": "Kayako", "servicenow": "ServiceNow", "generic": "Ticket feed"}
SCANS = ScanRun.objects.filter(kind__in=("daily", "tenant"), finished_at__isnull=False).order_by("-at", "-id")


@dataclass(frozen=True)
class Range:
    """The lowest and highest score there could be, and which signals make it uncertain (none: it is certain)."""

    worst: int
    best: int
    worst_rag: Literal["Red", "Amber", "Green"]
    best_rag: Literal["Red", "Amber", "Green"]
    reasons: tuple[Literal["tickets", "heartbeats"], ...]


def score_range(
    signals: Signals,
    policy: Policy,
    at: datetime,
    tickets_as_of: datetime | None,
    heartbeats_as_of: datetime | None,
    certain: tuple[OpenTicket, ...] = (),
) -> Range:
    """What the score at `at` could be if tickets or heartbeats are known only up to an earlier instant (None: they are fresh).

    Assumed of tickets: up to `tickets_as_of` all of `signals` is right. Since then each open one may have been resolved, or raised to P1
    or P2, its date of opening being what it is; and any number of any priority may have opened. One that was reopened counts as new.
    `certain` are open tickets besides, of systems that are fresh. Of heartbeats: since `heartbeats_as_of` there may have been one at any
    time, or none; an account never seen stays not monitored. Both ends are scores of some such course of things.
    """
    known = (*certain, *signals.tickets)
    worst = best = Signals(known, signals.last_heartbeat)
    if tickets_as_of is not None:
        raised = tuple(replace(ticket, priority=1) for ticket in signals.tickets)
        worst = Signals((*certain, *raised, *as_many_as_count(policy, tickets_as_of)), signals.last_heartbeat)
        best = Signals(certain, signals.last_heartbeat)
    if heartbeats_as_of is not None and heartbeats_as_of < at and signals.last_heartbeat is not None:
        best = Signals(best.tickets, at)
    low, high = score(worst, policy, at), score(best, policy, at)
    uncertain: list[Literal["tickets", "heartbeats"]] = []
    uncertain += ["tickets"] if tickets_as_of is not None else []
    uncertain += ["heartbeats"] if heartbeats_as_of is not None else []
    return Range(low.score, high.score, low.rag, high.rag, tuple(uncertain))


def as_many_as_count(policy: Policy, tickets_as_of: datetime) -> list[OpenTicket]:
    """P1 tickets opened right after that instant, enough to cost all that tickets can: up to their caps or the score's floor."""
    for_volume = policy.free_tickets + most_that_count(policy.volume_cap, policy.volume_points)
    for_late = most_that_count(policy.late_cap, policy.late_points)
    return [OpenTicket(f"new {n}", 1, tickets_as_of + MICROSECOND) for n in range(max(for_volume, for_late))]


@dataclass(frozen=True)
class Source:
    """A source of an account's or a tenant's signals, and up to when it is known."""

    key: str
    as_of: datetime
    age: float  # days
    is_stale: bool

    @property
    def name(self) -> str:
        return "Heartbeats" if self.key == HEARTBEATS else NAMES.get(self.key, self.key.title())


@dataclass(frozen=True)
class Freshness:
    """The sources an account depends on; `could_be` the range of its score now, if one of them is stale."""

    sources: tuple[Source, ...]
    could_be: Range | None

    @property
    def stale(self) -> list[Source]:
        return [source for source in self.sources if source.is_stale]


def with_sources(accounts: AccountQuerySet) -> AccountQuerySet:
    """The tenant's ticket systems, whether each has tickets of the account, and the last scan of all, in the account's own query."""
    tickets = Ticket.objects.filter(account=OuterRef(OuterRef("pk")), source=OuterRef("source"))
    sources = TicketSource.objects.filter(tenant=OuterRef("tenant_id"), is_in_use=True).order_by("source")
    row = JSONObject(source="source", reported_at="reported_at", has_tickets=Exists(tickets))
    scan = SCANS.filter(tenant=OuterRef("tenant_id")).values(row=JSONObject(at="at", as_of="heartbeats_as_of"))
    annotated: AccountQuerySet = accounts.annotate(
        ticket_sources_json=ArraySubquery(sources.values(row=row)), last_scan_json=Subquery(scan[:1])
    )
    return annotated


def of_account(account: Any, tickets: list[OpenInterval], last_heartbeat: datetime | None, policy: Policy, now: datetime) -> Freshness:
    """The freshness of an account loaded by `with_sources()`, given its open tickets and last heartbeat."""
    config = account.tenant.config
    reports = [report for report in account.ticket_sources_json if report["has_tickets"]] or account.ticket_sources_json
    sources = [ticket_source(report["source"], instant(report["reported_at"]), config, now) for report in reports]
    stale = {source.key: source.as_of for source in sources if source.is_stale}
    beats = heartbeats(account.last_scan_json, last_heartbeat, config, now) if last_heartbeat else None
    sources += [beats] if beats else []
    if not any(source.is_stale for source in sources):
        return Freshness(tuple(sources), None)
    doubtful = tuple(seen(ticket) for ticket in tickets if ticket.source in stale)
    certain = tuple(seen(ticket) for ticket in tickets if ticket.source not in stale)
    could_be = score_range(
        Signals(doubtful, last_heartbeat),
        policy,
        now,
        min(stale.values(), default=None),
        beats.as_of if beats and beats.is_stale else None,
        certain,
    )
    return Freshness(tuple(sources), could_be)


def ticket_source(key: str, reported_at: datetime, config: TenantSettings, now: datetime) -> Source:
    return source(key, reported_at, now, now - timedelta(hours=config.tickets_stale_after_hours))


def source(key: str, as_of: datetime, now: datetime, stale_before: datetime) -> Source:
    return Source(key, as_of, max(0.0, (now - as_of).total_seconds() / 86400), as_of < stale_before)


def heartbeats(scan: dict[str, str] | None, own: datetime | None, config: TenantSettings, now: datetime) -> Source | None:
    """The feed of heartbeats; None if it has never brought one."""
    found = [instant(scan["as_of"])] if scan and scan["as_of"] else []
    found += [own] if own else []
    if not found:
        return None
    looked_at = instant(scan["at"]) if scan else now
    return source(HEARTBEATS, max(found), now, looked_at - timedelta(hours=config.heartbeats_stale_after_hours))


def stale_sources(tenant: Tenant, now: datetime) -> list[Source]:
    """What has stopped reporting in the whole tenant, in one query."""
    scan = SCANS.filter(tenant=OuterRef("pk")).values(row=JSONObject(at="at", as_of="heartbeats_as_of"))
    systems = TicketSource.objects.filter(tenant=OuterRef("pk"), is_in_use=True).order_by("source")
    row = JSONObject(source="source", reported_at="reported_at")
    rows = Tenant.objects.filter(pk=tenant.pk).values_list(ArraySubquery(systems.values(row=row)), Subquery(scan[:1]))
    for reports, last_scan in rows:
        sources = [ticket_source(report["source"], instant(report["reported_at"]), tenant.config, now) for report in reports]
        beats = heartbeats(last_scan, None, tenant.config, now)
        return [source for source in [*sources, *([beats] if beats else [])] if source.is_stale]
    return []


def instant(text: str) -> datetime:
    """A timestamp out of PostgreSQL's JSON."""
    return datetime.fromisoformat(text).astimezone(UTC)
