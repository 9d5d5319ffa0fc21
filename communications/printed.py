"""What a draft shows on paper beside its text: who, when, the score of the 90 days before, open tickets and integrations.

All of it is as of the instant the text was written from, as its context has it; the scores are those that scans stored up to then.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from accounts import recorded
from accounts.models import Account
from accounts.models.profile import CommunicationType
from accounts.pages.charts import DAYS
from communications.models import Approval, Communication
from communications.print_chart import PrintChart, chart

MOST_TICKETS = 400
MOST_SCANS = 1000  # of 90 days; one a day, and those on demand
APPROVED = (Communication.Status.APPROVED, Communication.Status.DELIVERED, Communication.Status.SENT)


@dataclass(frozen=True)
class Printed:
    draft: Communication
    as_of: datetime
    rep: str
    approval: Approval | None  # of the text that is printed
    chart: PrintChart | None
    tickets: list[dict[str, Any]]
    left_out: int  # tickets that were open too
    integrations: list[dict[str, Any]]

    @property
    def is_review(self) -> bool:
        """Of other types the letter alone goes on paper: their readers were not meant to see scores and tickets."""
        return self.draft.communication_type == CommunicationType.CUSTOMER_SUCCESS_REVIEW


def of(draft: Communication) -> Printed:
    """In three queries at most."""
    given = draft.context
    as_of = datetime.fromisoformat(given["as_of"]) if "as_of" in given else draft.updated_at
    as_of = as_of.astimezone(draft.tenant.zone)
    tickets = given.get("tickets", [])
    return Printed(
        draft,
        as_of,
        (given.get("rep") or {}).get("name") or str(draft.account.owner or ""),
        draft.approvals.select_related("by").last() if draft.status in APPROVED else None,
        drawn(draft.account, as_of, given.get("limits") or {}),
        tickets[:MOST_TICKETS],
        len(tickets[MOST_TICKETS:]) + int(given.get("tickets_left_out", 0)),
        (given.get("relationship_profile") or {}).get("integrations", []),
    )


def beside(draft: Communication) -> Printed | None:
    """What the page of a draft carries to be printed: of the type that is made for paper, once it has a text."""
    is_review = draft.communication_type == CommunicationType.CUSTOMER_SUCCESS_REVIEW
    return of(draft) if is_review and draft.body_html else None


def drawn(account: Account, as_of: datetime, limits: dict[str, int]) -> PrintChart | None:
    if not limits:
        return None  # no scan had seen the account
    last = as_of.date()
    found = recorded.snapshots(account).filter(scan__at__lte=as_of, scan__local_date__gt=last - timedelta(days=DAYS))
    rows: list[tuple[date, int]] = list(found.values_list("scan__local_date", "score")[:MOST_SCANS])
    # The latest comes first, and of a day the latest counts.
    return chart(dict(reversed(rows)), last, limits["red_below"], limits["amber_below"])
