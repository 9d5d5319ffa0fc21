"""What a format is, and how values that several formats share are read. Every reading refuses in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from accounts.ingest import RefusedRow, TicketRow

T = TypeVar("T")
Cells = Mapping[str, str]  # a row's values by our name of the column, stripped; "" where the file has no such column


@dataclass(frozen=True)
class Format:
    """A file format. `columns` names, for each value we read, the headings it may stand under, compared without case.

    The account is read from the first of the headings of `account` that the file has, unless the person importing names another.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]
    ticket: Callable[[Cells], TicketRow]


def look_up(table: Mapping[str, T], value: str, what: str) -> T:
    found = table.get(value.casefold())
    if found is None:
        raise RefusedRow(f"the {what} {quoted(value)} is not known" if value else f"the {what} is missing")
    return found


def read_date(reading: Callable[[str], datetime], value: str, what: str, form: str) -> datetime:
    """The instant in UTC; a date that names no zone is UTC already."""
    try:
        moment = reading(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise RefusedRow(f"{what} {quoted(value)} is not a date such as {form}" if value else f"{what} has no date") from None


def iso(value: str) -> datetime:
    return datetime.fromisoformat(value)


def version(updated_at: datetime | None) -> int:
    """The order of a ticket's states by its last change, in milliseconds; 0 where the source doesn't tell."""
    return max(0, int(updated_at.timestamp() * 1000)) if updated_at else 0


def quoted(value: str) -> str:
    return f"“{value[:60]}…”" if len(value) > 60 else f"“{value}”"
