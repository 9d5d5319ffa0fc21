"""Jira's CSV export of issues. Dates are “21/Nov/26 2:05 PM” (Jira's own form) or ISO, taken as UTC where they name no zone."""

import re
from datetime import datetime

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Cells, Format, iso, read_date

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

JIRA_DATE = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}|\d{2}) (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AaPp])[Mm])?", re.ASCII)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def ticket(cells: Cells) -> SourceTicket:
    return SourceTicket(
        external_id=cells["key"],
        created_at=date(cells, "created"),
        updated_at=date(cells, "updated") if cells["updated"] else None,
        priority=cells["priority"],
        status=cells["status"],
        category=cells["category"],
        resolved_at=date(cells, "resolved") if cells["resolved"] else None,
        subject=cells["summary"],
        account_values=FORMAT.account_values(cells),
    )


def date(cells: Cells, name: str) -> datetime:
    return read_date(jira_date, cells[name], name.capitalize(), "21/Nov/26 2:05 PM or 2026-11-21 14:05")


def jira_date(value: str) -> datetime:
    found = JIRA_DATE.fullmatch(value)
    if not found:
        return iso(value)
    day, month, year, hour, minute, second, half = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(value)
        hours = hours % 12 + (12 if half in "Pp" else 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    return datetime(full_year, MONTHS.index(month.lower()) + 1, int(day), hours, int(minute), int(second or 0))


FORMAT = Format(
    name="jira",
    columns={
        "key": ("issue key", "key"),
        "priority": ("priority",),
        "status": ("status",),
        "category": ("status category",),
        "created": ("created",),
        "updated": ("updated",),
        "resolved": ("resolved",),
        "summary": ("summary",),
        "organization": ("custom field (organizations)", "organizations", "organization"),
        "project": ("project key",),
    },
    needed=frozenset({"key", "priority", "status", "created"}),
    ticket=ticket,
    words=WORDS,
    account_kinds=("organization", "project"),
)
