"""How much people change before they approve: of the model's texts, and of the offline composer's beside them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from accounts.models import User
from accounts.pages.reports import months
from accounts.pages.reports.months import TYPES

# Measured against the writing that the approved text goes back to. Each approval counts: each let a text go.
CHANGED = """
SELECT month, kind, writer, grouping(month), count(*), count(*) FILTER (WHERE changed_words = 0),
    100 * percentile_cont(0.5) WITHIN GROUP (ORDER BY changed_words / greatest(written_words, 1)::float)
FROM (
    SELECT date_trunc('month', approval.at AT TIME ZONE %(zone)s)::date AS month, draft.communication_type AS kind, generation.writer,
        changed_words, written_words
    FROM communications_approval approval
    JOIN communications_communicationrevision revision ON revision.id = approval.revision_id
    JOIN communications_generation generation ON generation.id = revision.generation_id
    JOIN communications_communication draft ON draft.id = approval.communication_id
    JOIN accounts_account account ON account.id = draft.account_id
    WHERE draft.tenant_id = %(tenant)s AND approval.at >= %(since)s AND (%(owner)s::bigint IS NULL OR account.owner_id = %(owner)s)
) AS approved
GROUP BY GROUPING SETS ((month, kind, writer), (writer))"""


class Changed(NamedTuple):
    """Of the approvals of one writer's texts. `median` is the share of its words that were changed, in percent."""

    approvals: int = 0
    untouched: int = 0
    median: float | None = None

    @property
    def untouched_share(self) -> float | None:
        return 100 * self.untouched / self.approvals if self.approvals else None


@dataclass(frozen=True)
class Line:
    month: date
    kind: str
    model: Changed
    offline: Changed


@dataclass(frozen=True)
class Edits:
    model: Changed
    offline: Changed
    lines: list[Line]  # the latest month first


def edits(user: User, owner: str, now: datetime) -> Edits:
    """`owner`: of the accounts, "all" or a user's id."""
    asked = months.values(user, now) | {"owner": None if owner == "all" else int(owner)}
    totals, found = dict[str, Changed](), dict[months.Key, dict[str, Changed]]()
    for month, kind, writer, is_total, *figures in months.ask(CHANGED, asked):
        if is_total:
            totals[writer] = Changed(*figures)
        else:
            found.setdefault((month, kind), {})[writer] = Changed(*figures)
    lines = [Line(key[0], TYPES[key[1]], *pair(found[key])) for key in sorted(found, key=months.place)]
    return Edits(*pair(totals), lines)


def pair(found: dict[str, Changed]) -> tuple[Changed, Changed]:
    return found.get("model", Changed()), found.get("offline", Changed())
