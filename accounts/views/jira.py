"""`/jira/`: how the syncs with a tenant's Jiras stand, for who leads."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import JiraConnection
from tamdash.pages import leader, template


@dataclass(frozen=True)
class Line:
    """A connection as the page shows it."""

    row: JiraConnection

    @property
    def is_under_way(self) -> bool:
        return self.row.status == JiraConnection.Status.RUNNING

    @property
    def expected(self) -> int | None:
        """As Jira counted it at the start; more may have come since."""
        return max(self.row.expected, self.row.read) if self.row.expected else None

    @property
    def read(self) -> str:
        if self.expected:
            return f"{self.row.read:,} of about {self.expected:,} issues read"
        return f"{self.row.read:,} {'issue' if self.row.read == 1 else 'issues'} read"

    @property
    def written(self) -> str:
        return f"{self.row.written:,} {'ticket' if self.row.written == 1 else 'tickets'} new or changed"


@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    lines = [Line(row) for row in JiraConnection.objects.visible_to(user)]
    waits = any(line.is_under_way or (line.row.is_active and line.row.synced_to is None and line.row.next_run_at) for line in lines)
    context = {"section": "signals", "lines": lines, "watch": waits, "may_change": user.is_staff}
    return render(request, template(request, "accounts/jira.html", "states"), context)
