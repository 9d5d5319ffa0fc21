"""Which escalations a tab of the queue holds, and in which order: said once, for its rows, counts, bulk steps and export.

Written out, as the ORM takes longer to compose such queries than PostgreSQL to answer them. Nothing of a person's enters the text:
values go as parameters, names are keys of the tables below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

UNRESOLVED = "account.is_active AND NOT (escalation.status = 'resolved')"
AUDIBLE = "(escalation.muted_until IS NULL OR escalation.muted_until <= %(now)s)"
TAB = {
    "open": f"{UNRESOLVED} AND {AUDIBLE}",
    "waiting": f"{UNRESOLVED} AND escalation.status = 'open' AND {AUDIBLE}",
    "muted": f"{UNRESOLVED} AND escalation.muted_until > %(now)s",
    "resolved": "escalation.status = 'resolved' AND escalation.resolved_at >= %(resolved_since)s",
}

WORSENED = "(escalation.severity = 'Red' AND escalation.rag <> 'Red')"  # turned Red after it opened

# A rep's rows are those of their accounts and those they were given.
FILTER = {
    "owner": "(account.owner_id = %(owner)s OR escalation.assignee_id = %(owner)s)",
    "nobody": "account.owner_id IS NULL AND escalation.assignee_id IS NULL",
    "reason": "escalation.reason = %(reason)s",
    "turned_red": f"(escalation.reason = 'worsened_to_red' OR {WORSENED})",
    "severity": "escalation.severity = %(severity)s",
    "tier": "account.tier = %(tier)s",
}

FROM = "FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id"
HEALTH = "LEFT JOIN accounts_accounthealth health ON health.account_id = account.id"


@dataclass(frozen=True)
class Order:
    """Rows by a key and their id, both in one direction. `parts` come one after the other, each out of an index where there is one."""

    key: str
    kind: Literal["moment", "count"]
    descending: bool = False
    parts: tuple[str, ...] = ("true",)
    join: str = ""


OPEN, ACKNOWLEDGED = "escalation.status = 'open'", "escalation.status = 'acknowledged'"
TIME_LEFT = {
    "open": Order("escalation.due_at", "moment", parts=(OPEN, ACKNOWLEDGED)),
    "waiting": Order("escalation.due_at", "moment", parts=(OPEN,)),
    "muted": Order("escalation.muted_until", "moment"),
    "resolved": Order("escalation.resolved_at", "moment", descending=True),
}
ORDER = {
    "arr": Order("account.arr", "count", descending=True),
    "score": Order("coalesce(health.score, 101)", "count", join=HEALTH),
    "opened": Order("escalation.opened_at", "moment", descending=True),
}


def order(tab: str, sort: str) -> Order:
    return ORDER.get(sort) or TIME_LEFT[tab]


def where(tab: str, filters: Sequence[str]) -> str:
    """The rows of a tab, of one tenant first of all."""
    return " AND ".join(["escalation.tenant_id = %(tenant)s", TAB[tab], *(FILTER[name] for name in filters)])


def counts(filters: Sequence[str]) -> str:
    """How many are unresolved, and how many each tab holds: of the first `most` unresolved and the first `most` resolved."""
    tenant = ["escalation.tenant_id = %(tenant)s", *(FILTER[name] for name in filters)]
    source = FROM if filters else ONE_BY_ONE
    unresolved, resolved = " AND ".join([UNRESOLVED, *tenant]), where("resolved", filters)
    return COUNTS.format(audible=AUDIBLE, joined=FROM, source=source, unresolved=unresolved, resolved=resolved)


# Without filters nearly every row counts: looking up the accounts of a thousand takes less than reading all accounts to join them,
# which PostgreSQL would rather do.
ONE_BY_ONE = """FROM accounts_escalation escalation
    CROSS JOIN LATERAL (SELECT is_active FROM accounts_account WHERE id = escalation.account_id OFFSET 0) AS account"""


COUNTS = """
SELECT count(*), count(*) FILTER (WHERE {audible}), count(*) FILTER (WHERE escalation.status = 'open' AND {audible}),
    count(*) FILTER (WHERE NOT {audible}), (SELECT count(*) FROM (SELECT {joined} WHERE {resolved} LIMIT %(most)s) AS counted)
FROM (SELECT escalation.status, escalation.muted_until {source} WHERE {unresolved} LIMIT %(most)s) AS escalation"""


def ids(tab: str, filters: Sequence[str]) -> str:
    return f"SELECT escalation.id {FROM} WHERE {where(tab, filters)}"


def page(tab: str, filters: Sequence[str], by: Order, after: int | None) -> str:
    """`after`: the part that (`key`, `id`) of the last row seen is in; None begins with the first."""
    direction, beyond = ("DESC", "<") if by.descending else ("ASC", ">")
    found = []
    for number, part in enumerate(by.parts):
        if number < (after or 0):
            continue
        place = f"AND ({by.key}, escalation.id) {beyond} (%(key)s, %(id)s)" if number == after else ""
        found.append(
            f"(SELECT {number} AS part, {by.key} AS key, escalation.id {FROM} {by.join} WHERE {where(tab, filters)} AND {part} {place} "
            f"ORDER BY {by.key} {direction}, escalation.id {direction} LIMIT %(limit)s)"
        )
    picked = PICKED.format(parts=" UNION ALL ".join(found), direction=direction)
    return rows(picked, f"ORDER BY picked.part, picked.key {direction}, picked.id {direction}")


def one() -> str:
    return rows(ONE, "")


def rows(picked: str, order: str) -> str:
    return ROWS.format(picked=picked, health=HEALTH, worsened=WORSENED, order=order)


PICKED = "SELECT * FROM ({parts}) AS found ORDER BY part, key {direction}, id {direction} LIMIT %(limit)s"
ONE = "SELECT 0 AS part, NULL AS key, id FROM accounts_escalation WHERE tenant_id = %(tenant)s AND id = %(id)s"

ROWS = """
WITH picked AS MATERIALIZED ({picked})
SELECT picked.part, picked.key, escalation.id, account.id, account.external_id, account.name, account.tier, account.arr,
    account.owner_id, escalation.assignee_id, escalation.status, escalation.reason, escalation.severity, escalation.previous_score,
    escalation.score, escalation.opened_at, escalation.due_at, escalation.muted_until, escalation.acknowledged_at,
    escalation.resolved_at, escalation.recovered, health.score, health.rag, health.late_points, health.volume_points,
    health.silence_points, health.open_tickets, worst.external_id, worst.priority, worst.created_at, taken.actor_id, told.states,
    draft.id, draft.status, escalation.rag, turned.at
FROM picked JOIN accounts_escalation escalation ON escalation.id = picked.id
    JOIN accounts_account account ON account.id = escalation.account_id {health}
LEFT JOIN LATERAL (
    SELECT external_id, priority, created_at FROM accounts_ticket
    WHERE tenant_id = %(tenant)s AND account_id = account.id AND status IN ('open', 'pending') AND priority <= 2
    ORDER BY created_at LIMIT 1
) AS worst ON health.late_points > 0
LEFT JOIN LATERAL (
    SELECT actor_id FROM accounts_escalationevent WHERE escalation_id = escalation.id AND kind = 'acknowledged' ORDER BY id DESC LIMIT 1
) AS taken ON escalation.status = 'acknowledged'
LEFT JOIN LATERAL (
    SELECT at FROM accounts_escalationevent WHERE escalation_id = escalation.id AND kind = 'worsened' ORDER BY id DESC LIMIT 1
) AS turned ON {worsened}
LEFT JOIN LATERAL (
    SELECT string_agg(channel || ':' || status, ' ') AS states FROM accounts_notification WHERE escalation_id = escalation.id
) AS told ON true
LEFT JOIN LATERAL (
    SELECT id, status FROM communications_communication WHERE escalation_id = escalation.id ORDER BY id DESC LIMIT 1
) AS draft ON true
{order}"""
