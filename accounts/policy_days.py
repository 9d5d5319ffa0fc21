"""Which policy scored which day: a past score keeps the state that the policy of its own day gave it.

A policy scores the day it is activated, as activating scans at once; a day's score is that of its last scan.
"""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts.models import Account, ScoringPolicy, Tenant
from accounts.models.profile import AccountQuerySet
from accounts.scoring import Policy

Adopted = tuple[datetime, Policy]  # in force since
ADOPTED = ScoringPolicy.objects.exclude(activated_at=None).order_by("activated_at")


def with_adopted(accounts: AccountQuerySet) -> AccountQuerySet:
    """The tenant's policies that were ever in force, in the account's own query."""
    row = JSONObject(activated_at="activated_at", **{name: name for name in Policy.model_fields})
    found: AccountQuerySet = accounts.annotate(adopted_json=ArraySubquery(ADOPTED.filter(tenant=OuterRef("tenant_id")).values(row=row)))
    return found


def adopted_of(account: Account) -> list[Adopted]:
    """Without a query if the account was loaded by `with_adopted`."""
    rows = getattr(account, "adopted_json", None)
    if rows is None:
        return adopted_by(account.tenant)
    return [(datetime.fromisoformat(row["activated_at"]), Policy.model_validate(row)) for row in rows]


def adopted_by(tenant: Tenant) -> list[Adopted]:
    return [(policy.activated_at, policy.rules()) for policy in ADOPTED.filter(tenant=tenant)]


def over(adopted: Iterable[Adopted], zone: ZoneInfo, first: date, last: date) -> list[tuple[date, Policy]]:
    """The policies of one local date to another, each with the first date of that span it scored.

    `adopted` comes oldest first; before the first of them, the first.
    """
    found: list[tuple[date, Policy]] = []
    for since, policy in adopted:
        day = max(first, since.astimezone(zone).date())
        if day > last and found:
            break
        if found and found[-1][0] == day:
            found.pop()  # of two on one day the later scored it
        found.append((day if found else first, policy))
    return found


def on(policies: list[tuple[date, Policy]], day: date) -> Policy:
    """The one of `over` that scored the day; before the first, the first."""
    return next((policy for since, policy in reversed(policies) if since <= day), policies[0][1])


def in_force(adopted: list[Adopted], at: datetime) -> Policy:
    """As `scan.policy_at` says it of the rows."""
    return next((policy for since, policy in reversed(adopted) if since <= at), adopted[0][1])
