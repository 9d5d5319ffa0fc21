"""The life of an escalation by hand: raise, acknowledge, assign, mute, comment, resolve. The scan opens, worsens and recovers (`scan_sql`).

Each step is one compare-and-set over any number of rows, with their history rows in the same transaction.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import clock, scan
from accounts.models import Account, AccountHealth, Escalation, EscalationEvent, Tenant, User
from accounts.models.escalation import EscalationQuerySet
from accounts.notifications import outbox

OPEN, ACKNOWLEDGED, RESOLVED = Escalation.Status.OPEN, Escalation.Status.ACKNOWLEDGED, Escalation.Status.RESOLVED
Kind = EscalationEvent.Kind
LONGEST_MUTE = timedelta(days=90)


class NotNow(Exception):
    """The escalation is no longer in a state that allows the step; the message says which it is in, or what to do."""


def acknowledge(rows: EscalationQuerySet, by: User) -> list[int]:
    """Stops the clock of those that are open. Answers which."""
    now = timezone.now()
    return move(rows.filter(status=OPEN), Kind.ACKNOWLEDGED, now, by, status=ACKNOWLEDGED, acknowledged_at=now)


def assign(rows: EscalationQuerySet, by: User, to: User | None) -> list[int]:
    """Says who deals with it, and tells them unless they took it themselves; `to` None: nobody any more. Raises NotNow."""
    now = timezone.now()
    others = rows.exclude(status=RESOLVED).exclude(assignee=to) if to else rows.exclude(status=RESOLVED).exclude(assignee=None)
    with transaction.atomic():
        # Read again: they may have left since the page was shown.
        if to and not User.objects.filter(pk=to.pk, tenant=by.tenant_id, is_active=True).exists():
            raise NotNow(f"{to} cannot be given anything: choose somebody who is active in {by.tenant}.")
        done = move(others, Kind.ASSIGNED, now, by, note=f"To {to}" if to else "To nobody", assignee=to)
        if to and to != by:
            outbox.tell_assignee(by.tenant, done, to, now)
    return done


def mute(rows: EscalationQuerySet, by: User, until: datetime, reason: str = "") -> list[int]:
    """Out of the queue until then. The clock of an open one stands still meanwhile. Raises NotNow."""
    now = timezone.now()
    if not now < until <= now + LONGEST_MUTE:
        raise NotNow(f"Mute until a time from now on, at most {LONGEST_MUTE.days} days ahead.")
    note = f"Until {until.astimezone(by.tenant.zone):%a %-d %b %Y, %H:%M}{': ' if reason else ''}{reason}"
    with transaction.atomic():
        lock(by)
        before = standing(rows.exclude(status=RESOLVED), now)
        done = move(rows.exclude(status=RESOLVED), Kind.MUTED, now, by, note=note, muted_until=until)
        go_on(done, before, until, by.tenant)
    return done


def unmute(rows: EscalationQuerySet, by: User) -> list[int]:
    """Back in the queue, with the time that was left."""
    now = timezone.now()
    with transaction.atomic():
        lock(by)
        before = standing(rows.muted(now), now)
        done = move(rows.muted(now), Kind.UNMUTED, now, by, muted_until=None)
        go_on(done, before, now, by.tenant)
    return done


def standing(rows: EscalationQuerySet, now: datetime) -> dict[int, tuple[datetime, datetime]]:
    """Of each that is open: when it is due, and since when its clock stands still or will: now, unless it is muted already."""
    found = rows.filter(status=OPEN).values_list("pk", "due_at", "muted_until")
    return {pk: (due_at, max(muted_until or now, now)) for pk, due_at, muted_until in found}


def go_on(done: list[int], before: dict[int, tuple[datetime, datetime]], at: datetime, tenant: Tenant) -> None:
    """Lets the clocks run from that instant on, with the working time that was left."""
    working, zone, moved = tenant.config.working_hours, tenant.zone, set(done)
    changed = [
        Escalation(pk=pk, due_at=clock.after(at, clock.worked(stopped, due_at, working, zone), working, zone))
        for pk, (due_at, stopped) in before.items()
        if pk in moved
    ]
    Escalation.objects.bulk_update(changed, ["due_at"], batch_size=1000)


def comment(rows: EscalationQuerySet, by: User, text: str) -> list[int]:
    """A word to whoever looks next; also on one that is resolved."""
    return move(rows, Kind.COMMENTED, timezone.now(), by, note=text)


def resolve(rows: EscalationQuerySet, by: User, reason: str) -> list[int]:
    """Ends it, remembering how the account stood: that decides whether a later scan opens another."""
    now = timezone.now()
    health = AccountHealth.objects.filter(account=OuterRef("account_id"))
    return move(
        rows.exclude(status=RESOLVED),
        Kind.RESOLVED,
        now,
        by,
        note=reason,
        status=RESOLVED,
        resolved_at=now,
        resolved_score=Subquery(health.values("score")[:1]),
        resolved_rag=Coalesce(Subquery(health.values("rag")[:1]), Value("")),
    )


def raise_by_hand(account: Account, by: User, reason: str) -> Escalation:
    """Opens one whatever the score, with its alerts. An account never scanned is scanned first. Raises NotNow if one is open already."""
    if not account.is_active:
        raise NotNow(f"{account} is archived: no scan looks at it. An admin can make it active again.")
    if not AccountHealth.objects.filter(account=account).exists():
        scan.scan_account(account, by=by)
    health = AccountHealth.objects.get(account=account)
    now = timezone.now()
    try:
        with transaction.atomic():
            opened = Escalation.objects.create(
                tenant_id=account.tenant_id,
                account=account,
                reason=Escalation.Reason.BY_HAND,
                score=health.score,
                rag=health.rag,
                severity=health.rag,
                raised_by=by,
                opened_at=now,
                due_at=due_at(now, account.tenant, health.rag),
            )
            event = {"escalation": opened, "at": now, "kind": Kind.OPENED, "actor": by, "note": reason}
            EscalationEvent.objects.create(**event, score=health.score, rag=health.rag)
            outbox.tell(account.tenant, now, opened=[opened.pk])
    except IntegrityError as error:
        current = Escalation.objects.unresolved().filter(account=account).first()
        if current is None:
            raise
        raise NotNow(f"{current} is open for {account} already. Add your reason there as a comment.") from error
    return opened


def due_at(start: datetime, tenant: Tenant, rag: str) -> datetime:
    """When an escalation of that state is to be acknowledged, if its clock starts then."""
    config = tenant.config
    hours = config.red_due_hours if rag == "Red" else config.amber_due_hours
    return clock.due(start, hours, config.working_hours, tenant.zone)


def lock(by: User) -> None:
    """The person's tenant first, as a scan does: neither waits for the other's rows in another order."""
    Tenant.objects.select_for_update(no_key=True).get(pk=by.tenant_id)


def move(rows: EscalationQuerySet, kind: str, at: datetime, by: User, note: str = "", **values: Any) -> list[int]:
    """The one way people change escalations. `rows` says from which states; answers which of them were in one, and are changed.

    Of the person's tenant alone.
    """
    with transaction.atomic():
        lock(by)
        found = list(
            rows.filter(tenant=by.tenant_id).order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True)
        )
        if values:
            Escalation.objects.filter(pk__in=found).update(**values)
        EscalationEvent.objects.bulk_create(
            [EscalationEvent(escalation_id=pk, at=at, kind=kind, actor=by, note=note) for pk in found], batch_size=5000
        )
    return found


def state_of(escalation: Escalation) -> str:
    """Why a step was not taken: how the escalation stands now."""
    escalation.refresh_from_db()
    return f"{escalation} is {escalation.get_status_display().lower()} already. Nothing was changed."
