"""What the model costs and how it does, and how often the offline composer had to write instead, and why."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.pages.reports import months
from accounts.pages.reports.months import TYPES

MOST_REASONS = 6

# Tokens and cost of every turn, those without a text included; seconds of those with one.
SPENT = """
SELECT date_trunc('month', used.at AT TIME ZONE %(zone)s)::date, coalesce(draft.communication_type, ''),
    count(*) FILTER (WHERE used.outcome IN ('answered', 'repaired')), sum(input_tokens), sum(output_tokens), sum(cost),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE used.outcome IN ('answered', 'repaired')),
    count(*) FILTER (WHERE used.outcome = 'repaired'), count(*) FILTER (WHERE used.outcome = 'unusable'), count(*) FILTER (WHERE used.outcome = 'failed')
FROM communications_modeluse used LEFT JOIN communications_communication draft ON draft.id = used.communication_id
WHERE used.tenant_id = %(tenant)s AND used.at >= %(since)s GROUP BY 1, 2"""

WRITTEN = """
SELECT date_trunc('month', generation.created_at AT TIME ZONE %(zone)s)::date, draft.communication_type,
    count(*), count(*) FILTER (WHERE writer = 'offline')
FROM communications_generation generation JOIN communications_communication draft ON draft.id = generation.communication_id
WHERE draft.tenant_id = %(tenant)s AND generation.created_at >= %(since)s GROUP BY 1, 2"""

# A note begins with the reason; what can be done about it follows.
WHY_OFFLINE = """
SELECT rtrim(split_part(writer_note, '. ', 1), '.'), count(*)
FROM communications_generation generation JOIN communications_communication draft ON draft.id = generation.communication_id
WHERE draft.tenant_id = %(tenant)s AND generation.created_at >= %(since)s AND writer = 'offline'
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %(most)s"""


@dataclass(frozen=True)
class Spent:
    """By the model: texts, and what it took. `written`: drafts by either writer, `offline` those of them by the composer."""

    month: date
    kind: str
    texts: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    seconds: tuple[float | None, float | None]  # median, nine of ten within
    repaired: int
    unusable: int
    failed: int
    written: int
    offline: int

    @property
    def offline_share(self) -> float | None:
        return 100 * self.offline / self.written if self.written else None


@dataclass(frozen=True)
class Budget:
    """What the present month has taken of what it may; `most` 0: there is no limit."""

    label: str
    used: Decimal
    most: int
    digits: str = "0g"  # as figures are formatted

    @property
    def counted(self) -> Decimal:
        """As far as the bar goes: a limit that was lowered lies below what is spent already."""
        return min(self.used, Decimal(self.most))

    @property
    def share(self) -> float:
        """In percent."""
        return float(100 * self.counted / self.most) if self.most else 0


@dataclass(frozen=True)
class Spend:
    rows: list[Spent]
    budgets: list[Budget]
    reasons: list[tuple[str, int]]  # why the offline composer wrote, the commonest first
    has_model: bool  # by the tenant's settings

    @property
    def has_cost(self) -> bool:
        """Without prices nothing costs anything."""
        return any(row.cost for row in self.rows)

    @property
    def offline(self) -> int:
        return sum(row.offline for row in self.rows)

    @property
    def written(self) -> int:
        return sum(row.written for row in self.rows)

    @property
    def offline_share(self) -> float:
        return 100 * self.offline / self.written if self.written else 0


def spend(user: User, now: datetime) -> Spend:
    """Of the whole tenant, as its budget is."""
    asked = months.values(user, now) | {"most": MOST_REASONS}
    spent = {(month, kind): figures for month, kind, *figures in months.ask(SPENT, asked)}
    written = {(month, kind): counts for month, kind, *counts in months.ask(WRITTEN, asked)}
    rows = [row(key, spent.get(key), written.get(key, [0, 0])) for key in sorted(spent.keys() | written.keys(), key=months.place)]
    reasons = [(why, count) for why, count in months.ask(WHY_OFFLINE, asked)]
    return Spend(rows, budgets(user, rows, asked["present"].date()), reasons, user.tenant.config.model_tokens_per_month > 0)


def row(key: months.Key, figures: list[Any] | None, counts: list[int]) -> Spent:
    texts, given, answered, cost, seconds, *troubles = figures or [0, 0, 0, Decimal(0), None, 0, 0, 0]
    return Spent(key[0], TYPES[key[1]], texts, given, answered, cost, tuple(seconds or (None, None)), *troubles, *counts)


def budgets(user: User, rows: list[Spent], present: date) -> list[Budget]:
    limits, now = user.tenant.config, [row for row in rows if row.month == present]
    tokens = Budget("Tokens", Decimal(sum(row.input_tokens + row.output_tokens for row in now)), limits.model_tokens_per_month)
    cost = Budget("Cost", sum((row.cost for row in now), Decimal(0)), limits.model_cost_per_month, "2g")
    return [tokens, cost] if cost.most or cost.used else [tokens]
