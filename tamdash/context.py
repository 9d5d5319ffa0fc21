"""What every page shows around its content, and what tells whether a page is still as it was."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User

MOST_COUNTED = 100  # beyond, a badge says “99+”

# One round trip for what every page asks. Written out, as the ORM takes longer to compose such a query than PostgreSQL to answer it.
PULSE = """
SELECT max(id), count(*),
    (SELECT count(*) FROM (SELECT FROM communications_communication draft {join_drafts} WHERE draft.tenant_id = %(tenant)s
        AND draft.status IN ('queued', 'generating', 'ready', 'failed') {of_drafts} LIMIT %(most)s) AS counted),
    (SELECT count(*) FROM (SELECT FROM accounts_escalation escalation
        JOIN accounts_account account ON account.id = escalation.account_id AND account.is_active {of_escalations}
        WHERE escalation.tenant_id = %(tenant)s AND NOT (escalation.status = 'resolved')
        AND (escalation.muted_until IS NULL OR escalation.muted_until <= now()) LIMIT %(most)s) AS counted),
    (SELECT max(id) FROM accounts_escalationevent)
FROM accounts_portfoliochange WHERE tenant_id = %(tenant)s"""
PULSE_OF_TENANT = PULSE.format(join_drafts="", of_drafts="", of_escalations="")
# As the lists have it: drafts of one's accounts and those one asked for, escalations of one's accounts and those one was given.
PULSE_OF_BOOK = PULSE.format(
    join_drafts="JOIN accounts_account account ON account.id = draft.account_id",
    of_drafts="AND (account.owner_id = %(user)s OR draft.requested_by_id = %(user)s)",
    of_escalations="AND (account.owner_id = %(user)s OR escalation.assignee_id = %(user)s)",
)


@dataclass(frozen=True)
class Pulse:
    """The version of the tenant's portfolio, and what waits for this person: drafts to review, escalations neither resolved nor muted.

    The version changes with every committed change of what a portfolio shows, and at the tenant's midnight. Both the highest mark
    and the number of marks make it: of two transactions that overlap, the one with the lower mark may become visible later.
    """

    version: str
    drafts: int
    escalations: int
    steps: int = field(default=0, repr=False)  # the last step of any escalation; of no concern to a page that is tagged by this

    @property
    def drafts_badge(self) -> str:
        return badge(self.drafts)

    @property
    def escalations_badge(self) -> str:
        return badge(self.escalations)


def badge(count: int) -> str:
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def pulse(request: HttpRequest, user: User) -> Pulse:
    """Read once a request."""
    known: Pulse | None = getattr(request, "pulse", None)
    if known is None:
        with connection.cursor() as cursor:
            sql = PULSE_OF_TENANT if user.leads else PULSE_OF_BOOK
            cursor.execute(sql, {"tenant": user.tenant_id, "user": user.pk, "most": MOST_COUNTED})
            last, marks, drafts, escalations, steps = cursor.fetchone() or (None, 0, 0, 0, 0)
        today = timezone.now().astimezone(user.tenant.zone)
        known = Pulse(f"{user.tenant_id}.{last}.{marks}.{today:%y%j}", drafts, escalations, steps or 0)
        request.pulse = known  # type: ignore[attr-defined]  # no field of a request, but it lives as long
    return known


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The theme and the counts of the top bar. The counts are lazy, so that a partial does not pay for them."""
    theme = request.COOKIES.get("theme", "")
    shared = {"theme": theme if theme in ("light", "dark") else "", "demo": settings.DEMO, "has_mail": settings.EMAIL_IS_SET_UP}
    user = getattr(request, "user", None)
    return shared | {"waiting": lambda: pulse(request, user)} if isinstance(user, User) else shared
