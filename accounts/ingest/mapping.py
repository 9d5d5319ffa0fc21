"""What a source's words mean to a tenant: priorities, statuses, and which of a ticket's values name its account.

Each source module has its `Words`, sensible defaults; a tenant's `SourceMapping` row overrides them word by word.
"""

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import TypeVar

from accounts.ingest.rows import MOST_KEYS, RefusedRow, SourceTicket, TicketRow, key_of

T = TypeVar("T")
OUTRIGHT = ("column", "account")


@dataclass(frozen=True)
class Words:
    """A source's words by default, in lower case. `categories`: status categories, and whether one means that a ticket is over.

    `account_by`: which kinds of values name an account, the best first. `open_statuses_vary`: statuses are each customer's own, so that
    one nobody knows is open until the source gives a date of resolution.
    """

    priorities: Table[str, int]
    statuses: Table[str, str]
    account_by: tuple[str, ...]
    categories: Table[str, bool] = field(default_factory=dict)
    open_statuses_vary: bool = False


@dataclass(frozen=True)
class Mapping:
    """A source's words as one tenant reads them. `own_statuses` are those the tenant mapped: they stand above a category."""

    words: Words
    own_priorities: Table[str, int] = field(default_factory=dict)
    own_statuses: Table[str, str] = field(default_factory=dict)
    own_account_by: tuple[str, ...] = ()

    @property
    def account_by(self) -> tuple[str, ...]:
        """What a person or a caller named outright comes first."""
        return tuple(dict.fromkeys((*OUTRIGHT, *(self.own_account_by or self.words.account_by))))

    def row(self, told: SourceTicket) -> TicketRow:
        """The ticket in tamdash's words. Raises RefusedRow where a word is not known or a date is missing."""
        priority = self.priority(told.priority)
        status = self.status(told.status, told.category, is_resolved=told.resolved_at is not None)
        closed_at = told.resolved_at or told.updated_at if status in ("resolved", "closed") else None
        if told.deleted_at:
            status, closed_at = ("closed", told.deleted_at) if closed_at is None else (status, closed_at)
        return TicketRow(
            external_id=told.external_id,
            account_keys=list(dict.fromkeys(key_of(kind, value) for kind, value in told.account_values if value))[:MOST_KEYS],
            priority=priority,
            status=status,
            subject=told.subject,
            created_at=told.created_at,
            closed_at=closed_at,
            source_version=milliseconds(told) if told.version is None else told.version,
            source_updated_at=told.updated_at,
            source_priority=told.priority,
            source_status=told.status,
            source_category=told.category,
            deleted_at=told.deleted_at,
        )

    def priority(self, word: str) -> int:
        own = self.own_priorities.get(word.casefold())
        return own if own is not None else look_up(self.words.priorities, word, "priority")

    def status(self, word: str, category: str, *, is_resolved: bool) -> str:
        """What the tenant mapped stands. Else the category decides whether it is over, and the name how."""
        if own := self.own_statuses.get(word.casefold()):
            return own
        by_name = self.words.statuses.get(word.casefold())
        if category and self.words.categories:
            if look_up(self.words.categories, category, "status category"):
                return "closed" if by_name == "closed" else "resolved"
            return "pending" if by_name == "pending" else "open"
        if by_name is None and self.words.open_statuses_vary:
            return "resolved" if is_resolved else "open"
        return by_name or look_up(self.words.statuses, word, "status")


def milliseconds(told: SourceTicket) -> int:
    """The order of a ticket's states by its last change; 0 where the source doesn't tell."""
    return max(0, int(told.updated_at.timestamp() * 1000)) if told.updated_at else 0


def look_up(table: Table[str, T], value: str, what: str) -> T:
    found = table.get(value.casefold())
    if found is None:
        raise RefusedRow(f"the {what} {quoted(value)} is not known" if value else f"the {what} is missing")
    return found


UNKNOWN = re.compile(r"the (priority|status category|status) (?:“(.*)” is not known|is missing)", re.DOTALL)


def unknown_word(reason: str) -> tuple[str, str] | None:
    """The inverse of `look_up`: what was not known, by the reason that a ticket was refused for. None for any other reason."""
    found = UNKNOWN.search(reason)
    return (found[1], found[2] or "") if found else None


def quoted(value: str) -> str:
    return f"“{value[:60]}…”" if len(value) > 60 else f"“{value}”"
