"""Zendesk's CSV export of tickets. Dates are ISO, with or without a zone: “2026-11-21 14:05”, “2026-11-21 14:05:33 UTC”."""

from datetime import datetime

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Cells, Format, iso, read_date

# Zendesk leaves the priority of a ticket empty until an agent sets one.
WORDS = Words(
    priorities={"urgent": 1, "high": 2, "normal": 3, "low": 4, "": 3, "-": 3},
    statuses={
        "new": "open",
        "open": "open",
        "pending": "pending",
        "hold": "pending",
        "on-hold": "pending",
        "solved": "resolved",
        "closed": "closed",
    },
    account_by=("organization", "label", "domain"),
)
UNKNOWN = ("", "-")


def ticket(cells: Cells) -> SourceTicket:
    return SourceTicket(
        external_id=cells["id"],
        created_at=date(cells, "created at"),
        updated_at=date(cells, "updated at") if cells["updated at"] not in UNKNOWN else None,
        priority=cells["priority"],
        status=cells["status"],
        resolved_at=date(cells, "solved at") if cells["solved at"] not in UNKNOWN else None,
        subject=cells["subject"],
        account_values=FORMAT.account_values(cells),
    )


def date(cells: Cells, name: str) -> datetime:
    return read_date(zendesk_date, cells[name], name.capitalize(), "2026-11-21 14:05")


def zendesk_date(value: str) -> datetime:
    return iso(value.removesuffix(" UTC").replace(" +", "+").replace(" -", "-"))


FORMAT = Format(
    name="zendesk",
    columns={
        "id": ("id", "ticket id"),
        "priority": ("priority", "ticket priority"),
        "status": ("status", "ticket status"),
        "created at": ("created at", "ticket created - timestamp", "requested"),
        "updated at": ("updated at", "ticket updated - timestamp", "updated"),
        "solved at": ("solved at", "ticket solved - timestamp", "solved"),
        "subject": ("subject", "ticket subject"),
        "organization": ("organization", "organization name", "ticket organization name"),
    },
    needed=frozenset({"id", "priority", "status", "created at"}),
    ticket=ticket,
    words=WORDS,
    account_kinds=("organization",),
)
