"""tamdash's own CSV: ticket_id, account, priority, status, created_at, closed_at, updated_at, subject; dates ISO, UTC by default."""

from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Words
from accounts.sources.reading import Format, Row

WORDS = Words(
    priorities={"p1": 1, "p2": 2, "p3": 3, "p4": 4},
    statuses={status: status for status in ("open", "pending", "resolved", "closed")},
    account_by=("account",),
)


def ticket(row: Row) -> SourceTicket:
    cells = row.cells
    return SourceTicket(
        external_id=cells["ticket_id"],
        created_at=row.date("created_at"),
        updated_at=row.date_if_told("updated_at"),
        priority=cells["priority"],
        status=cells["status"],
        resolved_at=row.date_if_told("closed_at"),
        subject=cells["subject"],
        account_values=row.account_values,
    )


FORMAT = Format(
    name="generic",
    title="Tickets of another system",
    columns={name: (name,) for name in ("ticket_id", "priority", "status", "created_at", "closed_at", "updated_at", "subject")},
    needed=frozenset({"ticket_id", "priority", "status", "created_at"}),
    dates=frozenset({"created_at", "closed_at", "updated_at"}),
    date_form="2026-11-21T14:05Z",
    accounts={"account": ("account",)},
    ticket=ticket,
    words=WORDS,
)
