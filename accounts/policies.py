"""The life of a scoring policy: draft, replayed over past days, active, retired.

Activating one never rewrites a score: snapshots name the version they were computed with, and the next scan takes the new one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import PortfolioChange, ScoringPolicy, Tenant, User
from accounts.scoring import Policy
from tamdash.broker import tell

Status = ScoringPolicy.Status
SCAN = "accounts.tasks.scan_tenant_now"

# What each number says, and its unit; in the order in which a person would explain the score.
WORDS = {
    "late_after_days": ("A P1 or P2 ticket is late after", "days"),
    "late_points": ("Each late ticket costs", "points"),
    "late_cap": ("Late tickets cost at most", "points"),
    "free_tickets": ("Open tickets that cost nothing", ""),
    "volume_points": ("Each open ticket beyond those costs", "points"),
    "volume_cap": ("Open tickets cost at most", "points"),
    "silent_after_hours": ("A heartbeat is silent after", "hours"),
    "silent_points": ("Silence costs", "points"),
    "very_silent_after_hours": ("It is silent for long after", "hours"),
    "very_silent_points": ("Long silence costs (instead of the above)", "points"),
    "red_below": ("Red is under", ""),
    "amber_below": ("Green starts at", ""),
}

CONSEQUENCE = "A scan with it starts now and may open escalations"


class PolicyError(Exception):
    """A step that is not possible, or no longer. The message is for the person who tried it."""


@dataclass(frozen=True)
class Number:
    """One number of a policy beside the other policy's."""

    label: str
    unit: str
    value: int
    other: int

    @property
    def change(self) -> int:
        return self.value - self.other


def numbers(policy: ScoringPolicy, other: ScoringPolicy) -> Iterator[Number]:
    for name, (label, unit) in WORDS.items():
        yield Number(label, unit, getattr(policy, name), getattr(other, name))


def move(policy: ScoringPolicy, old: str, new: str, **changes: Any) -> bool:
    """The only way a status changes: once, from `old`. Says whether it did."""
    if not ScoringPolicy.objects.filter(pk=policy.pk, status=old).update(status=new, **changes):
        return False
    policy.refresh_from_db()
    return True


def in_force(tenant: Tenant) -> ScoringPolicy:
    policy: ScoringPolicy = tenant.policies.select_related("activated_by").get(status=Status.ACTIVE)
    return policy


def next_draft(tenant: Tenant, rules: Policy) -> ScoringPolicy:
    """A new draft with these numbers, not saved yet. Holds the tenant's row: two at once would get the same version."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    last = ScoringPolicy.objects.filter(tenant=tenant).aggregate(last=Max("version"))["last"] or 0
    return ScoringPolicy(tenant=tenant, version=last + 1, **rules.model_dump())


def copy(policy: ScoringPolicy) -> ScoringPolicy:
    """“Start from this version”: a new draft with the same numbers, to be edited."""
    with transaction.atomic():
        draft = next_draft(policy.tenant, policy.rules())
        draft.save()
    return draft


def held(policy_id: int) -> ScoringPolicy:
    """The policy as it is now, kept so until the transaction ends."""
    policy: ScoringPolicy = ScoringPolicy.objects.select_for_update(no_key=True).get(pk=policy_id)
    return policy


def activate(policy: ScoringPolicy, by: User) -> None:
    """Puts a replayed policy in force and retires the one before it. Asks for a scan. Raises PolicyError."""
    with transaction.atomic():
        # Scans hold the same row while they write, and take the policy in force only then.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=policy.tenant_id)
        found = held(policy.pk)
        if found.status != Status.REPLAYED:
            raise PolicyError(not_now(found))
        former = in_force(tenant)
        if not found.backtests.filter(status="done", against=former).exists():
            raise PolicyError(
                f"{found} was not activated: version {former.version} is in force by now, and it was not back-tested against that. Back-test it again."
            )
        move(former, Status.ACTIVE, Status.RETIRED)
        move(policy, Status.REPLAYED, Status.ACTIVE, activated_at=timezone.now(), activated_by=by)
        PortfolioChange.objects.create(tenant=tenant)
        # One that gets lost costs time only: the next daily scan takes the policy in force.
        transaction.on_commit(partial(tell, SCAN, tenant.pk, by.pk))


def not_now(policy: ScoringPolicy) -> str:
    """Why it cannot be activated, and what can be done."""
    match policy.status:
        case Status.DRAFT:
            return f"{policy} was not activated: it has not been back-tested with the numbers it has now. Back-test it first."
        case Status.ACTIVE:
            return f"{policy} is in force already. Nothing was changed."
        case _:
            return f"{policy} was not activated: it is retired. Copy it into a new draft and back-test that."
