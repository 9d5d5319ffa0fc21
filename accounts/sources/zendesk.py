"""Zendesk's CSV export of tickets. Dates are ISO, with or without a zone: “2026-11-21 14:05”, “2026-11-21 14:05:33 UTC”."""

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Format, Row

# Zendesk leaves the priority of a ticket empty until an agent sets one.
WORDS = Words(
    priorities={"urgent": 1, "high": 2, "normal": 3, "low": 4, "": 3, "-": 3},
    statuses={
        "new": "open",
        "open": "open",
        "pending": "pending",
        "hold": "pending",
        "on-hold": "pending",
        "on hold": "pending",
        "solved": "resolved",
        "closed": "closed",
    },
    account_by=("organization", "label", "domain"),
)


def ticket(row: Row) -> SourceTicket:
    cells = row.cells
    return SourceTicket(
        external_id=cells["id"],
        created_at=row.date("created at"),
        updated_at=row.date_if_told("updated at"),
        priority=cells["priority"],
        status=cells["status"],
        resolved_at=row.date_if_told("solved at"),
        subject=cells["subject"],
        account_values=row.account_values,
    )


FORMAT = Format(
    name="zendesk",
    title="Zendesk tickets",
    columns={
        "id": ("id", "ticket id"),
        "priority": ("priority", "ticket priority"),
        "status": ("status", "ticket status"),
        "created at": ("created at", "ticket created - timestamp", "requested"),
        "updated at": ("updated at", "ticket updated - timestamp", "updated"),
        "solved at": ("solved at", "ticket solved - timestamp", "solved"),
        "subject": ("subject", "ticket subject"),
    },
    needed=frozenset({"id", "priority", "status", "created at"}),
    dates=frozenset({"created at", "updated at", "solved at"}),
    date_form="2026-11-21 14:05",
    accounts={
        "organization": ("organization", "organization name", "ticket organization name"),
        "label": ("tags", "ticket tags"),
        "requester": ("requester email",),
    },
    ticket=ticket,
    words=WORDS,
    unknown=frozenset({"", "-"}),
    date_order="mdy",
)
