"""Tickets in bulk, for the API: each on its own terms, all in one upsert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from accounts.ingest import RefusedRow, SourceTicket, TicketRow, upsert
from accounts.ingest.door import SUBJECT_LENGTH
from accounts.ingest.mapping import Mapping as Reading
from accounts.ingest.rows import ended
from accounts.models import Tenant, Ticket
from accounts.sources import mapping_of
from accounts.sources.told import Gone

MOST = 1000  # a call
NOT_KNOWN = "the ticket is not known, so there is nothing to delete"


@dataclass(frozen=True)
class Taken:
    """What became of one ticket. An unmatched one is kept, too, until somebody maps what it names to an account."""

    ticket_id: str
    result: Literal["written", "unchanged", "unmatched", "refused"]
    reason: str = ""


def take_in(tenant: Tenant, source: str, told: Sequence[SourceTicket | Gone], now: datetime) -> list[Taken]:
    """Brings the tenant's tickets up to what is told, in one upsert; answers what became of each, in their order.

    Each is a state of its ticket: the later `updated_at` decides, whichever comes first. One without is the state of now, unless it says
    nothing new: then nothing is written.
    """
    assert len(told) <= MOST
    mapping = mapping_of(tenant, source)
    timeless = {each.external_id for each in told if isinstance(each, Gone) or each.updated_at is None}
    tickets = Ticket.objects.filter(tenant=tenant, source=source, external_id__in=timeless) if timeless else ()
    known = {ticket.external_id: ticket for ticket in tickets}
    rows = [row_of(each, mapping, known, now) for each in told]
    done = upsert(
        tenant, source, (row for row in rows if isinstance(row, TicketRow)), account_by=mapping.account_by, as_events=True, named=True
    )
    found = []
    for each, row in zip(told, rows, strict=True):
        if isinstance(row, str):
            found.append(Taken(each.external_id, "refused", row))
        elif each.external_id in done.unmatched_ids:
            found.append(Taken(each.external_id, "unmatched", unmatched(row, mapping)))
        else:
            found.append(Taken(each.external_id, "written" if each.external_id in done.written_ids else "unchanged"))
    return found


def row_of(told: SourceTicket | Gone, mapping: Reading, known: Mapping[str, Ticket], now: datetime) -> TicketRow | str:
    """The ticket in tamdash's words, or why it is refused."""
    ticket = known.get(told.external_id)
    try:
        if isinstance(told, Gone):
            return ended(ticket, told.at) if ticket else NOT_KNOWN
        if told.updated_at is None:
            told = repeated(told, ticket) if ticket and says_the_same(told, ticket, mapping) else replace(told, updated_at=now)
        return mapping.row(told)
    except RefusedRow as reason:
        return str(reason)


def says_the_same(told: SourceTicket, ticket: Ticket, mapping: Reading) -> bool:
    """Whether the ticket is known to be just so. What a ticket was closed at need not be told again."""
    row = mapping.row(replace(told, resolved_at=told.resolved_at or ticket.closed_at or told.created_at))
    same = ("account_keys", "priority", "status", "created_at", "source_priority", "source_status", "source_category", "deleted_at")
    return (
        all(getattr(row, name) == getattr(ticket, name) for name in same)
        and row.subject[:SUBJECT_LENGTH] == ticket.subject
        and told.resolved_at in (None, ticket.closed_at)
    )


def repeated(told: SourceTicket, ticket: Ticket) -> SourceTicket:
    return replace(told, updated_at=ticket.source_updated_at, version=ticket.source_version, resolved_at=ticket.closed_at)


def unmatched(row: TicketRow, mapping: Reading) -> str:
    named = [key for key in row.account_keys if key.partition(":")[0] in mapping.account_by]
    if not named:
        return "it names no account"
    return f"no account is mapped to {', '.join(f'“{key}”' for key in named[:5])}"
