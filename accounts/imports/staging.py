"""Keeping what was read of a file, step by step, so that whoever takes up an import that was cut off goes on where it was."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.db import connection, transaction

from accounts.imports import lease
from accounts.imports.choices import Choices
from accounts.imports.layout import Layout
from accounts.imports.reading import Place, Report, Tickets
from accounts.ingest import TicketRow
from accounts.ingest.mapping import Mapping
from accounts.ingest.rows import COLUMNS, values_of
from accounts.models import StagedTicket, TicketImport

STEP_ROWS = 10_000
STEP_CHARACTERS = 8 << 20
COPY = f"COPY accounts_stagedticket (ticket_import_id, position, {', '.join(COLUMNS)}) FROM STDIN"


@dataclass(frozen=True)
class Kept:
    """How far an import is, as its row's `report` has it while it is read: up to a place, with so many rows staged.

    `attempt` is the one that got there.
    """

    report: Report
    staged: int = 0
    attempt: int = 0
    is_whole: bool = False
    place: Place | None = None

    def as_json(self) -> dict[str, Any]:
        place = {"line": self.place.line, "mark": self.place.mark} if self.place else None
        return {
            "report": self.report.as_json(),
            "staged": self.staged,
            "attempt": self.attempt,
            "is_whole": self.is_whole,
            "place": place,
        }

    @classmethod
    def of(cls, row: TicketImport, choices: Choices) -> "Kept":
        if "report" not in row.report:
            return cls(Report(choices.encoding, choices.delimiter, choices.date_order))
        kept = dict(row.report)
        place = Place(**kept.pop("place")) if kept["place"] else kept.pop("place")
        return cls(**kept | {"report": Report.from_json(kept["report"]), "place": place})


def stage(row: TicketImport, raw: BinaryIO, choices: Choices, layout: Layout, mapping: Mapping, progress: Callable[[int], object]) -> Kept:
    """Reads the file to its end. `progress` is told how many bytes have been read. Raises Lost if the import was taken away."""
    kept = Kept.of(row, choices)
    if StagedTicket.objects.filter(ticket_import=row).count() != kept.staged:
        kept = start_over(row, choices)  # a crash of the server emptied the table, which is not logged
    tickets = Tickets(raw, choices, layout, mapping, kept.report, kept.place)
    while not kept.is_whole:
        found = tickets.step(STEP_ROWS, STEP_CHARACTERS)
        kept = Kept(tickets.report, kept.staged + len(found), row.attempts, tickets.is_at_end, tickets.place())
        keep(row, found, kept, raw.tell())
        progress(raw.tell())
    return kept


def start_over(row: TicketImport, choices: Choices) -> Kept:
    row.report = {}
    with transaction.atomic():
        lease.go_on(row, rows_read=0, bytes_read=0, report={})
        StagedTicket.objects.filter(ticket_import=row).delete()
    return Kept.of(row, choices)


def keep(row: TicketImport, found: list[tuple[int, TicketRow]], kept: Kept, position: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for number, ticket in found:
                copy.write_row((row.pk, number, *values_of(ticket)))
        lease.go_on(row, rows_read=kept.report.rows_read, bytes_read=position, report=kept.as_json())
