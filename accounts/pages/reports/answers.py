"""How long escalations waited for somebody, and how long accounts took to recover: by owner and by tier, in clock time."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Account, User
from accounts.pages.reports import FEW_ROWS, PERIOD

# One that worsened is acknowledged a second time; what counts is how long it waited for the first word.
TIMES = """
WITH past AS (
    SELECT owner.id AS owner_id, owner.name, account.tier,
        date_part('epoch', acknowledged.at - escalation.opened_at) AS answered,
        CASE WHEN recovered THEN date_part('epoch', resolved_at - escalation.opened_at) END AS recovered
    FROM accounts_escalation escalation
    JOIN accounts_account account ON account.id = escalation.account_id
    LEFT JOIN accounts_user owner ON owner.id = account.owner_id
    LEFT JOIN LATERAL (
        SELECT min(at) AS at FROM accounts_escalationevent WHERE escalation_id = escalation.id AND kind = 'acknowledged'
    ) AS acknowledged ON true
    WHERE escalation.tenant_id = %(tenant)s AND opened_at >= %(since)s AND (%(owner)s::bigint IS NULL OR account.owner_id = %(owner)s)
)
SELECT grouping(owner_id), grouping(tier), name, tier, count(*), count(answered), count(recovered),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY answered),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY recovered)
FROM past GROUP BY GROUPING SETS ((owner_id, name), (tier), ())
ORDER BY count(*) DESC, name, owner_id"""

DAY = 86400


@dataclass(frozen=True)
class Times:
    """Medians and ninetieth percentiles in days; None where nothing was acknowledged, or nothing recovered."""

    name: str
    opened: int
    acknowledged: int
    recovered: int
    to_acknowledge: tuple[float | None, float | None]
    to_recover: tuple[float | None, float | None]


@dataclass(frozen=True)
class Answers:
    """Of the escalations that opened within the period."""

    total: Times | None = None  # None: there were none
    owners: list[Times] = field(default_factory=list)  # who had most of them first
    tiers: list[Times] = field(default_factory=list)
    count: int = 0  # of those that `owners` begins


def answers(user: User, owner: str, now: datetime, most: int = FEW_ROWS) -> Answers:
    """`owner`: of the accounts, "all" or a user's id."""
    values: dict[str, Any] = {"tenant": user.tenant_id, "since": now - PERIOD, "owner": None if owner == "all" else int(owner)}
    with connection.cursor() as cursor:
        cursor.execute(TIMES, values)
        rows = cursor.fetchall()
    total, owners, tiers = None, [], {}
    for not_by_owner, not_by_tier, name, tier, *figures in rows:
        if not not_by_tier:
            tiers[tier] = times(Account.Tier(tier).label, figures)
        elif not not_by_owner:
            owners.append(times(name or "Nobody", figures))
        elif figures[0]:
            total = times("All", figures)
    return Answers(total, owners[:most], [tiers[tier] for tier in Account.Tier.values if tier in tiers], len(owners))


def times(name: str, figures: list[Any]) -> Times:
    opened, acknowledged, recovered, *percentiles = figures
    to_acknowledge, to_recover = (tuple(value / DAY for value in found) if found else (None, None) for found in percentiles)
    return Times(name, opened, acknowledged, recovered, to_acknowledge, to_recover)
