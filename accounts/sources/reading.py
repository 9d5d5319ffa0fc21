"""What a file format is, and a row of such a file. Every reading refuses in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.ingest import RefusedRow, SourceTicket
from accounts.ingest.mapping import Words, quoted
from accounts.sources.dates import Dates


@dataclass(slots=True)
class Row:
    """A file's row: its values by our names of the columns, stripped, "" where nothing is known; and what may name its account."""

    cells: Mapping[str, str]
    account_values: tuple[tuple[str, str], ...]
    dates: Dates
    form: str

    def date(self, name: str) -> datetime:
        """The instant in UTC. Raises RefusedRow."""
        value = self.cells[name]
        try:
            return self.dates.read(value)
        except (ValueError, OverflowError):
            told = name[:1].upper() + name[1:] if " " in name or "_" not in name else name
            raise RefusedRow(f"{told} {quoted(value)} is not a date such as {self.form}" if value else f"{told} has no date") from None

    def date_if_told(self, name: str) -> datetime | None:
        return self.date(name) if self.cells[name] else None


@dataclass(frozen=True)
class Format:
    """A file format. `columns` names, for each value we read, the headings it may stand under, compared without case.

    `accounts` does so for the kinds of values that may name a ticket's account, of which a row may have several: the tenant's mapping
    says which does, unless the person importing names another column. `unknown` are the words for nothing.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]
    dates: frozenset[str]
    date_form: str
    accounts: Mapping[str, tuple[str, ...]]
    ticket: Callable[[Row], SourceTicket]
    words: Words
    unknown: frozenset[str] = frozenset({""})
    date_order: str = "dmy"
