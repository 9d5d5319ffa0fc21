"""A file's rows made tickets, in steps. A broken row is refused by its line and reason, and the good ones go on."""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from accounts.imports.choices import Choices
from accounts.imports.detecting import LONGEST_VALUE, first_line
from accounts.imports.layout import Cells, Layout
from accounts.ingest import RefusedRow, TicketRow
from accounts.ingest.mapping import Mapping
from accounts.sources.dates import Dates
from accounts.sources.reading import Row

REFUSALS_KEPT = 1_000


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str


@dataclass
class Report:
    """What an import did. Rows are those of the file, tickets those it tells of. The first refusals are kept, all are counted."""

    encoding: str
    delimiter: str = ","
    date_order: str = "dmy"
    rows_read: int = 0
    tickets_written: int = 0
    unchanged: int = 0
    unmatched: int = 0
    accounts_created: int = 0
    refused_count: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.refused_count += 1
        if len(self.refused) < REFUSALS_KEPT:
            self.refused.append(Refusal(line, reason))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Report":
        return cls(**kept | {"refused": [Refusal(**refusal) for refusal in kept["refused"]]})


@dataclass(frozen=True)
class Place:
    """A place between two rows, from where another process can go on: the line read last, and the text's own mark of what follows."""

    line: int
    mark: int


class Tickets:
    """The tickets of an open file from a place on. Rows refused on the way are in the report."""

    def __init__(
        self, raw: BinaryIO, choices: Choices, layout: Layout, mapping: Mapping, report: Report, place: Place | None = None
    ) -> None:
        self.raw, self.report, self.mapping = raw, report, mapping
        self.ticket = layout.format.ticket
        self.cells = Cells(layout, Dates(choices.date_order, choices.zone))
        _, _, self.lines = first_line(raw, choices.encoding, choices.delimiter)
        if place:
            self.lines.text.seek(place.mark)
            self.lines.number = place.line
        self.reader = csv.reader(self.lines, delimiter=choices.delimiter, strict=True)
        self.is_at_end = False

    def place(self) -> Place:
        """After a step."""
        return Place(self.lines.number, self.lines.text.tell())

    def step(self, rows: int, size: int) -> list[tuple[int, TicketRow]]:
        """The next rows, each with its number in the file: about so many, or of so many characters. It ends where another can go on."""
        found = []
        end, characters = self.report.rows_read + rows, 0
        for line, row in self.rows():
            number = self.report.rows_read
            characters += self.lines.length
            try:
                if row:
                    found.append((number, self.mapping.row(self.ticket(row))))
            except RefusedRow as refusal:
                self.report.refuse(line, str(refusal))
            if (number >= end or characters >= size) and not self.lines.are_taken_back:
                return found
        self.is_at_end = True
        return found

    def rows(self) -> Iterator[tuple[int, Row | None]]:
        """Each row with the number of its first line, None for a broken one, which is refused.

        Strict about quotation marks, because one left open takes the following rows in: when a row of several lines is broken, only
        its first line is refused and the others are read again as rows.
        """
        lines, reader, make, report = self.lines, self.reader, self.cells.row, self.report
        while True:
            line, row = lines.begin(), None
            try:
                cells = next(reader)
                if not any(cells):
                    continue
                row = make(cells)
            except StopIteration:
                return
            except (RefusedRow, csv.Error) as error:
                report.refuse(line, str(error) if isinstance(error, RefusedRow) else in_plain_words(error))
                lines.keep_first()
            report.rows_read += 1
            yield line, row


def in_plain_words(error: csv.Error) -> str:
    too_long = "field larger than" in str(error)
    return f"a value is longer than {LONGEST_VALUE:,} characters" if too_long else "its quotation marks do not close"
