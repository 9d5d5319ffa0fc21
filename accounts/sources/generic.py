"""tamdash's own CSV: ticket_id, account, priority, status, created_at, closed_at, updated_at, subject; dates ISO, UTC by default."""

from datetime import datetime

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Cells, Format, iso, read_date

WORDS = Words(
    priorities={"p1": 1, "p2": 2, "p3": 3, "p4": 4},
    statuses={status: status for status in ("open", "pending", "resolved", "closed")},
    account_by=("account",),
)


def ticket(cells: Cells) -> SourceTicket:
    return SourceTicket(
        external_id=cells["ticket_id"],
        created_at=date(cells, "created_at"),
        updated_at=date(cells, "updated_at") if cells["updated_at"] else None,
        priority=cells["priority"],
        status=cells["status"],
        resolved_at=date(cells, "closed_at") if cells["closed_at"] else None,
        subject=cells["subject"],
        account_values=FORMAT.account_values(cells),
    )


def date(cells: Cells, name: str) -> datetime:
    return read_date(iso, cells[name], name, "2026-11-21T14:05Z")


FORMAT = Format(
    name="generic",
    columns={name: (name,) for name in ("ticket_id", "priority", "status", "created_at", "closed_at", "updated_at", "subject", "account")},
    needed=frozenset({"ticket_id", "priority", "status", "created_at"}),
    ticket=ticket,
    words=WORDS,
    account_kinds=("account",),
)
