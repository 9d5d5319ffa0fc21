"""The accounts whose score moved most, down and up, from the first daily scan of the period to now."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from accounts.models import User
from accounts.pages.reports import FEW_ROWS, PERIOD

# One scan's snapshots are read, whatever the history holds.
MOVERS = """
WITH first AS (
    SELECT id, local_date FROM accounts_scanrun
    WHERE tenant_id = %(tenant)s AND kind = 'daily' AND finished_at IS NOT NULL AND accounts > 0 AND local_date > %(since)s
    ORDER BY local_date LIMIT 1
), moved AS (
    SELECT local_date, account.id, account.name, coalesce(owner.name, '') AS owner, snapshot.score AS before, snapshot.rag AS rag_before,
        health.score, health.rag, health.changed_at,
        row_number() OVER (PARTITION BY health.score > snapshot.score ORDER BY abs(health.score - snapshot.score) DESC, account.id) AS place,
        count(*) OVER (PARTITION BY health.score > snapshot.score) AS of_these
    FROM first JOIN accounts_healthsnapshot snapshot ON snapshot.scan_id = first.id
    JOIN accounts_accounthealth health ON health.account_id = snapshot.account_id AND health.score <> snapshot.score
    JOIN accounts_account account ON account.id = health.account_id AND account.tenant_id = %(tenant)s AND account.is_active
    LEFT JOIN accounts_user owner ON owner.id = account.owner_id
    WHERE %(owner)s::bigint IS NULL OR account.owner_id = %(owner)s
)
SELECT * FROM moved WHERE place <= %(most)s ORDER BY place"""


class Mover(NamedTuple):
    since: date
    pk: int
    name: str
    owner: str
    before: int
    rag_before: str
    score: int
    rag: str
    changed_at: datetime
    place: int
    of: int  # as many moved that way

    @property
    def change(self) -> int:
        return self.score - self.before


@dataclass(frozen=True)
class Movers:
    """`since`: the local date of the scan that they are compared with; None where nothing moved."""

    since: date | None = None
    down: list[Mover] = field(default_factory=list)
    up: list[Mover] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Of the longer list, all told."""
        return max((mover.of for mover in (*self.down, *self.up)), default=0)

    @property
    def shown(self) -> int:
        return max(len(self.down), len(self.up))


def movers(user: User, owner: str, now: datetime, most: int = FEW_ROWS) -> Movers:
    """`owner`: of the accounts, "all" or a user's id."""
    first = now.astimezone(user.tenant.zone).date() - PERIOD
    values: dict[str, Any] = {"tenant": user.tenant_id, "since": first, "owner": None if owner == "all" else int(owner), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(MOVERS, values)
        rows = [Mover(*row) for row in cursor.fetchall()]
    down, up = ([row for row in rows if (row.change > 0) == rises] for rises in (False, True))
    return Movers(rows[0].since if rows else None, down, up)
