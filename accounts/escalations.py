"""The life of an escalation by hand: acknowledge, resolve. The scan opens and recovers them (`scan_sql`)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import AccountHealth, Escalation, EscalationEvent, User

OPEN, ACKNOWLEDGED, RESOLVED = Escalation.Status.OPEN, Escalation.Status.ACKNOWLEDGED, Escalation.Status.RESOLVED


class NotNow(Exception):
    """The escalation is no longer in a state that allows the step; the message says which it is in."""


def acknowledge(escalation: Escalation, by: User) -> None:
    """Stops the clock. Raises NotNow if somebody did already."""
    now = timezone.now()
    move(escalation, (OPEN,), ACKNOWLEDGED, now, by, acknowledged_at=now)


def resolve(escalation: Escalation, by: User, reason: str) -> None:
    """Ends it, remembering how the account stood: that decides whether a later scan opens another."""
    now = timezone.now()
    health = AccountHealth.objects.filter(account=escalation.account_id).first()
    move(
        escalation,
        (OPEN, ACKNOWLEDGED),
        RESOLVED,
        now,
        by,
        note=reason,
        resolved_at=now,
        resolved_score=health.score if health else None,
        resolved_rag=health.rag if health else "",
    )


def move(escalation: Escalation, old: tuple[str, ...], new: str, at: datetime, by: User, note: str = "", **values: Any) -> None:
    """The one way a person changes an escalation's state: compare and set, with its history row. Raises NotNow if it lost."""
    with transaction.atomic():
        if not Escalation.objects.filter(pk=escalation.pk, status__in=old).update(status=new, **values):
            current = Escalation.objects.get(pk=escalation.pk)
            raise NotNow(f"{escalation} is {current.get_status_display().lower()} already. Nothing was changed.")
        EscalationEvent.objects.create(escalation=escalation, at=at, kind=new, actor=by, note=note)
