"""Jira's CSV export of issues. Dates are “21/Nov/26 2:05 PM” (Jira's own form, in many languages), in numbers or ISO.

Without a time zone they are taken as UTC. Jira repeats a heading for each label, component or comment that an issue has.
"""

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Format, Row

# An issue type whose scheme has no priority exports an empty one: neither urgent nor lowest. Statuses are each project's own; these are
# Jira's and Service Management's, for the others their category speaks.
WORDS = Words(
    priorities={
        "highest": 1,
        "blocker": 1,
        "high": 2,
        "critical": 2,
        "medium": 3,
        "major": 3,
        "": 3,
        "none": 3,
        "low": 4,
        "lowest": 4,
        "minor": 4,
        "trivial": 4,
    },
    statuses={
        "waiting for customer": "pending",
        "waiting for support": "open",
        "waiting for approval": "pending",
        "pending": "pending",
        "on hold": "pending",
        "resolved": "resolved",
        "done": "resolved",
        "closed": "closed",
        "canceled": "closed",
        "cancelled": "closed",
        "declined": "closed",
    },
    categories={
        "to do": False,
        "new": False,
        "undefined": False,
        "no category": False,
        "in progress": False,
        "indeterminate": False,
        "done": True,
    },
    account_by=("organization", "component", "label", "project", "domain"),
    open_statuses_vary=True,
)


def ticket(row: Row) -> SourceTicket:
    cells = row.cells
    return SourceTicket(
        external_id=cells["key"],
        created_at=row.date("created"),
        updated_at=row.date_if_told("updated"),
        priority=cells["priority"],
        status=cells["status"],
        category=cells["category"],
        resolved_at=row.date_if_told("resolved"),
        subject=cells["summary"],
        account_values=row.account_values,
    )


FORMAT = Format(
    name="jira",
    title="Jira issues",
    columns={
        "key": ("issue key", "key"),
        "priority": ("priority",),
        "status": ("status",),
        "category": ("status category",),
        "created": ("created",),
        "updated": ("updated",),
        "resolved": ("resolved",),
        "summary": ("summary",),
    },
    needed=frozenset({"key", "priority", "status", "created"}),
    dates=frozenset({"created", "updated", "resolved"}),
    date_form="21/Nov/26 2:05 PM or 2026-11-21 14:05",
    accounts={
        "organization": ("custom field (organizations)", "organizations", "organization"),
        "component": ("component/s", "components", "component"),
        "label": ("labels", "label"),
        "project": ("project key",),
        "requester": ("reporter email", "reporter email address"),
    },
    ticket=ticket,
    words=WORDS,
)
