"""Zendesk's CSV export of tickets. Dates are ISO, with or without a zone: “2026-11-21 14:05”, “2026-11-21 14:05:33 UTC”."""

from datetime import datetime

from accounts.ingest import TicketRow
from accounts.sources.reading import Cells, Format, iso, look_up, read_date, version

# Zendesk leaves the priority of a ticket empty until an agent sets one.
PRIORITIES = {"urgent": 1, "high": 2, "normal": 3, "low": 4, "": 3, "-": 3}
STATUSES = {
    "new": "open",
    "open": "open",
    "pending": "pending",
    "hold": "pending",
    "on-hold": "pending",
    "solved": "resolved",
    "closed": "closed",
}
UNKNOWN = ("", "-")


def ticket(cells: Cells) -> TicketRow:
    status = look_up(STATUSES, cells["status"], "status")
    updated_at = date(cells, "updated at") if cells["updated at"] not in UNKNOWN else None
    closed_at = date(cells, "solved at") if cells["solved at"] not in UNKNOWN else updated_at
    return TicketRow(
        external_id=cells["id"],
        account_key=cells["account"],
        priority=look_up(PRIORITIES, cells["priority"], "priority"),
        status=status,
        subject=cells["subject"],
        created_at=date(cells, "created at"),
        closed_at=closed_at if status in ("resolved", "closed") else None,
        source_version=version(updated_at),
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
        "account": ("organization", "organization name", "ticket organization name"),
    },
    needed=frozenset({"id", "priority", "status", "created at"}),
    ticket=ticket,
)
