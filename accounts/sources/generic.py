"""tamdash's own CSV: ticket_id, account, priority, status, created_at, closed_at, updated_at, subject; dates ISO, UTC by default."""

from datetime import datetime

from accounts.ingest import TicketRow
from accounts.sources.reading import Cells, Format, iso, look_up, read_date, version

PRIORITIES = {"p1": 1, "p2": 2, "p3": 3, "p4": 4}
STATUSES = {status: status for status in ("open", "pending", "resolved", "closed")}


def ticket(cells: Cells) -> TicketRow:
    status = look_up(STATUSES, cells["status"], "status")
    updated_at = date(cells, "updated_at") if cells["updated_at"] else None
    closed_at = date(cells, "closed_at") if cells["closed_at"] else updated_at
    return TicketRow(
        external_id=cells["ticket_id"],
        account_key=cells["account"],
        priority=look_up(PRIORITIES, cells["priority"], "priority"),
        status=status,
        subject=cells["subject"],
        created_at=date(cells, "created_at"),
        closed_at=closed_at if status in ("resolved", "closed") else None,
        source_version=version(updated_at),
    )


def date(cells: Cells, name: str) -> datetime:
    return read_date(iso, cells[name], name, "2026-11-21T14:05Z")


FORMAT = Format(
    name="generic",
    columns={name: (name,) for name in ("ticket_id", "priority", "status", "created_at", "closed_at", "updated_at", "subject", "account")},
    needed=frozenset({"ticket_id", "priority", "status", "created_at"}),
    ticket=ticket,
)
