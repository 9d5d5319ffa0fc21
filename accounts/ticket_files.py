"""Importing a file of tickets: it is read in a stream, a broken row is refused by its line and reason, and the good ones go on.

What the rows mean is a format's (`accounts.sources`), storing them is `accounts.ingest`.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path

from accounts import ingest
from accounts.ingest import RefusedRow, TicketRow, mapping
from accounts.ingest.mapping import Mapping, quoted
from accounts.models import Tenant
from accounts.sources.reading import Cells, Format
from accounts.sources.text import Lines, encoding_of

LONGEST_VALUE = 131_072  # characters
REFUSALS_KEPT = 1_000
DELIMITERS = ",;\t"


class UnreadableFile(Exception):
    """Nothing of the file can be imported; the message says why."""


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str


@dataclass
class Report:
    """What an import did. Rows are those of the file, tickets those it tells of. The first refusals are kept, all are counted."""

    encoding: str
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


@dataclass(frozen=True)
class Layout:
    """Where in a row of this file the values of its format stand."""

    delimiter: str
    width: int
    positions: dict[str, int]
    absent: dict[str, str]

    def cells(self, row: list[str]) -> Cells:
        if len(row) != self.width:
            raise RefusedRow(f"it has {len(row)} columns where the heading has {self.width}")
        return self.absent | {name: row[position].strip() for name, position in self.positions.items()}


def import_file(
    tenant: Tenant,
    path: Path,
    format: Format,
    *,
    account_column: str = "",
    create_accounts: bool = False,
    progress: Callable[[int], object] = lambda _position: None,
) -> Report:
    """Imports the file and reports. `progress` is told how many bytes have been read. Raises UnreadableFile."""
    try:
        report = Report(encoding_of(path))
        read = mapping.of(tenant, format.name, format.words)
        with path.open("rb") as raw:
            lines = Lines(TextIOWrapper(raw, report.encoding, errors="replace", newline=""))
            layout = read_heading(lines, format, account_column)
            rows = tickets(lines, layout, format, read, report, lambda: progress(raw.tell()))
            done = ingest.upsert(tenant, format.name, rows, account_by=read.account_by, create_accounts=create_accounts)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error
    report.tickets_written, report.unchanged = done.written, done.unchanged
    report.unmatched, report.accounts_created = done.unmatched, done.accounts_created
    return report


def read_heading(lines: Lines, format: Format, account_column: str) -> Layout:
    """The layout by the first line, whose delimiter is the one that makes the most columns of it."""
    try:
        line = next(lines)
        found = {delimiter: next(csv.reader([line], delimiter=delimiter)) for delimiter in DELIMITERS}
    except StopIteration:
        raise UnreadableFile("The file is empty.") from None
    except (csv.Error, RefusedRow) as error:
        raise UnreadableFile(f"The first line cannot be read as the names of columns: {error}.") from None
    delimiter, headings = max(found.items(), key=lambda item: len(item[1]))
    at = {heading.strip().casefold(): position for position, heading in reversed(list(enumerate(headings)))}
    wanted = dict(format.columns) | ({"column": (account_column.strip().casefold(),)} if account_column else {})
    positions = {name: at[heading] for name, known in wanted.items() for heading in reversed(known) if heading in at}
    missing = [" or ".join(map(quoted, wanted[name])) for name in wanted if name in format.needed and name not in positions]
    if account_column and "column" not in positions:
        missing.append(quoted(account_column))
    if missing:
        have = ", ".join(quoted(heading) for heading in headings if heading.strip())[:500] or "none"
        raise UnreadableFile(f"The file has no column {', '.join(missing)}, which {format.name} needs. Its columns: {have}.")
    return Layout(delimiter, len(headings), positions, dict.fromkeys(wanted.keys() - positions.keys(), ""))


def tickets(
    lines: Lines, layout: Layout, format: Format, read: Mapping, report: Report, progress: Callable[[], object]
) -> Iterator[TicketRow]:
    for line, cells in records(lines, layout, report):
        if report.rows_read % 1000 == 0:
            progress()
        try:
            told = format.ticket(cells)
            ticket = read.row(replace(told, account_values=(("column", cells["column"]),)) if "column" in cells else told)
        except RefusedRow as refusal:
            report.refuse(line, str(refusal))
        else:
            yield ticket
    progress()


def records(lines: Lines, layout: Layout, report: Report) -> Iterator[tuple[int, Cells]]:
    """Each whole row with the number of its first line.

    Strict about quotation marks, because one left open takes the following rows in: when a row of several lines is broken, only its
    first line is refused and the others are read again as rows.
    """
    csv.field_size_limit(LONGEST_VALUE)
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    while True:
        line = lines.begin()
        try:
            row = next(reader)
            cells = layout.cells(row) if any(row) else None
        except StopIteration:
            return
        except (RefusedRow, csv.Error) as error:
            report.rows_read += 1
            report.refuse(line, str(error) if isinstance(error, RefusedRow) else in_plain_words(error))
            lines.keep_first()
        else:
            if cells is not None:
                report.rows_read += 1
                yield line, cells


def in_plain_words(error: csv.Error) -> str:
    too_long = "field larger than" in str(error)
    return f"a value is longer than {LONGEST_VALUE:,} characters" if too_long else "its quotation marks do not close"
