"""A ticket's state: as its source tells it, and as tamdash reads that."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from accounts.models.signals import LIVE, Ticket

KEY_LENGTH = 120  # of a ticket's and of an account's id
KIND_LENGTH = 79  # of what a value is: “organization”, “customfield_10010”
WORD_LENGTH = 60  # of a source's own word for a priority or status
AHEAD = timedelta(days=1)  # what a wrong clock or zone may add; what lies further ahead would hide all that is told after it
OF_ANYBODY = frozenset({"label", "domain"})  # kinds of values that anybody may write: no account's id, unless mapped
MOST_KEYS = 50  # values of one ticket that may name its account


class RefusedRow(ValueError):
    """What cannot be a ticket; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class SourceTicket:
    """What a source says of a ticket, in its own words. Times are UTC.

    `updated_at` is the source's own; `version` orders the states of a ticket where the source counts them instead. `account_values` are
    pairs of what a value is and the value, in any order: the tenant's mapping says which of them name the account.
    """

    external_id: str
    created_at: datetime
    updated_at: datetime | None = None
    version: int | None = None
    priority: str = ""
    status: str = ""
    category: str = ""
    resolved_at: datetime | None = None
    subject: str = ""
    account_values: tuple[tuple[str, str], ...] = ()
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket's state in tamdash's words, beside those of its source. Times are UTC; `source_version` orders the states of one ticket.

    `closed_at` may lie in the future (a planned closing, a clock ahead): it counts as closed at the time of the import.
    """

    external_id: str
    account_keys: list[str]
    priority: int
    status: str
    subject: str
    created_at: datetime
    closed_at: datetime | None
    source_version: int = 0
    source_updated_at: datetime | None = None
    source_priority: str = ""
    source_status: str = ""
    source_category: str = ""
    deleted_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.external_id:
            raise RefusedRow("the ticket id is missing")
        if len(self.external_id) > KEY_LENGTH:
            raise RefusedRow(f"the ticket id is longer than {KEY_LENGTH} characters")
        if any(len(value_of(key)) > KEY_LENGTH for key in self.account_keys):
            raise RefusedRow(f"the account is longer than {KEY_LENGTH} characters")
        if any(len(word) > WORD_LENGTH for word in (self.source_priority, self.source_status, self.source_category)):
            raise RefusedRow(f"its priority or status is longer than {WORD_LENGTH} characters")
        if not 0 <= self.source_version < 2**63:
            raise RefusedRow(f"the version {self.source_version} is out of range")
        latest = datetime.now(UTC) + AHEAD
        for moment in (self.created_at, self.source_updated_at, self.deleted_at):  # a closing date comes after it, and is cut off at now
            if moment and moment.year < 1990:
                raise RefusedRow(f"the year {moment.year} is out of range")
            if moment and moment > latest:
                raise RefusedRow(f"the date {moment:%Y-%m-%d %H:%M} lies in the future")
        if self.status in LIVE:
            if self.closed_at is not None:
                raise RefusedRow(f"the ticket is {self.status}, yet has a closing date")
        elif self.closed_at is None:
            raise RefusedRow(f"the ticket is {self.status}, but no date says since when")
        elif self.closed_at < self.created_at:
            raise RefusedRow(f"it was closed ({self.closed_at:%Y-%m-%d %H:%M}) before it was opened ({self.created_at:%Y-%m-%d %H:%M})")


COLUMNS = tuple(column.name for column in fields(TicketRow))
values_of = attrgetter(*COLUMNS)  # `astuple` copies every value: it cost a third of an import


def ended(ticket: Ticket, at: datetime) -> TicketRow:
    """The ticket as it is, ended by its deletion at that instant."""
    return TicketRow(
        external_id=ticket.external_id,
        account_keys=ticket.account_keys,
        priority=ticket.priority,
        status=ticket.status if ticket.closed_at else "closed",
        subject=ticket.subject,
        created_at=ticket.created_at,
        closed_at=ticket.closed_at or at,
        source_version=max(0, int(at.timestamp() * 1000)),
        source_updated_at=at,
        source_priority=ticket.source_priority,
        source_status=ticket.source_status,
        source_category=ticket.source_category,
        deleted_at=at,
    )


def key_of(kind: str, value: str) -> str:
    """What may name an account, as it is kept: the kind in lower case, the value as the source writes it."""
    return f"{kind.casefold().replace(':', ' ')[:KIND_LENGTH]}:{value}"


def value_of(key: str) -> str:
    return key.partition(":")[2]
