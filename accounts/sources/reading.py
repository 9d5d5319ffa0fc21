"""What a format is, and how values that several formats share are read. Every reading refuses in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.ingest import RefusedRow, SourceTicket
from accounts.ingest.mapping import Words, quoted

Cells = Mapping[str, str]  # a row's values by our name of the column, stripped; "" where the file has no such column


@dataclass(frozen=True)
class Format:
    """A file format. `columns` names, for each value we read, the headings it may stand under, compared without case.

    `account_kinds` are those of them that may name a ticket's account: the tenant's mapping says which does, unless the person importing
    names another column.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]
    ticket: Callable[[Cells], SourceTicket]
    words: Words
    account_kinds: tuple[str, ...]

    def account_values(self, cells: Cells) -> tuple[tuple[str, str], ...]:
        return tuple((kind, cells[kind]) for kind in self.account_kinds)


def read_date(reading: Callable[[str], datetime], value: str, what: str, form: str) -> datetime:
    """The instant in UTC; a date that names no zone is UTC already."""
    try:
        moment = reading(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise RefusedRow(f"{what} {quoted(value)} is not a date such as {form}" if value else f"{what} has no date") from None


def iso(value: str) -> datetime:
    return datetime.fromisoformat(value)
