"""What an import of a file would do, from its first rows. Nothing is written."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from accounts.imports import content
from accounts.imports.choices import Choices
from accounts.imports.detecting import Detected, detect
from accounts.imports.reading import Report, Tickets
from accounts.ingest import TicketRow
from accounts.ingest.rows import OF_ANYBODY, value_of
from accounts.models import Account, AccountKey, Tenant, TicketImport
from accounts.sources import mapping_of

ROWS, CHARACTERS = 2_000, 2 << 20  # of the file's beginning
SHOWN_ROWS, SHOWN_WORDS = 8, 12
ENOUGH, NEARLY_ALL = 10, 0.9  # tickets, to tell from them that each names an account of its own


@dataclass(frozen=True)
class Word:
    """A word of the source, what it is read as, and how many rows of the sample say it."""

    word: str
    means: str
    rows: int


@dataclass(frozen=True)
class Shown:
    ticket: TicketRow
    account: str
    is_known: bool


@dataclass(frozen=True)
class Preview:
    """`unmatched` are the accounts that nobody knows, with their rows; "" is no account at all."""

    detected: Detected
    report: Report
    tickets: Sequence[TicketRow]
    known: frozenset[str]
    account_by: tuple[str, ...]
    is_whole: bool

    @property
    def choices(self) -> Choices:
        return self.detected.choices

    @cached_property
    def rows(self) -> list[Shown]:
        return [Shown(ticket, self.account(ticket), self.is_matched(ticket)) for ticket in self.tickets[:SHOWN_ROWS]]

    @cached_property
    def priorities(self) -> list[Word]:
        return words((ticket.source_priority, f"P{ticket.priority}") for ticket in self.tickets)

    @cached_property
    def statuses(self) -> list[Word]:
        return words((ticket.source_status, ticket.status) for ticket in self.tickets)

    @cached_property
    def refusals(self) -> list[Word]:
        """Reasons, with the line of the first."""
        lines = {refusal.reason: refusal.line for refusal in reversed(self.report.refused)}
        counted = Counter(refusal.reason for refusal in self.report.refused)
        return [Word(reason, str(lines[reason]), rows) for reason, rows in counted.most_common(SHOWN_WORDS)]

    @cached_property
    def unmatched(self) -> Counter[str]:
        return Counter(self.account(ticket) for ticket in self.tickets if not self.is_matched(ticket))

    @property
    def unmatched_rows(self) -> int:
        return self.unmatched.total()

    @property
    def matched_rows(self) -> int:
        return len(self.tickets) - self.unmatched_rows

    @property
    def unmatched_shown(self) -> list[tuple[str, int]]:
        return [found for found in self.unmatched.most_common() if found[0]][:SHOWN_WORDS]

    @property
    def unmatched_more(self) -> int:
        return self.new_accounts - len(self.unmatched_shown)

    @property
    def are_all_different(self) -> bool:
        """Whether nearly each ticket names an account that is not known and that no other names: as a ticket's own id does."""
        tickets = len({ticket.external_id for ticket in self.tickets})
        return tickets >= ENOUGH and self.new_accounts >= tickets * NEARLY_ALL

    @property
    def without_account(self) -> int:
        return self.unmatched[""]

    @property
    def new_accounts(self) -> int:
        return len(self.unmatched) - ("" in self.unmatched)

    def account(self, ticket: TicketRow) -> str:
        """The value that names it best, as the door will read it."""
        ranked = {kind: rank for rank, kind in enumerate(self.account_by)}
        keys = [key for key in ticket.account_keys if kind_of(key) in ranked]
        return value_of(min(keys, key=lambda key: ranked[kind_of(key)])) if keys else ""

    def is_matched(self, ticket: TicketRow) -> bool:
        return any(key in self.known for key in ticket.account_keys)


def words(said: Iterable[tuple[str, str]]) -> list[Word]:
    return [Word(word, means, rows) for (word, means), rows in Counter(said).most_common(SHOWN_WORDS)]


def kind_of(key: str) -> str:
    return key.partition(":")[0]


def preview(row: TicketImport, choices: Choices) -> Preview:
    """Raises UnreadableFile."""
    raw = content.opened(row.pk, row.size)
    detected = detect(raw, row.size, row.options["encoding"], choices)
    layout, read_as = detected.layout, detected.choices
    report = Report(read_as.encoding, read_as.delimiter, read_as.date_order)
    read = mapping_of(row.tenant, read_as.format)
    if layout.missing:
        return Preview(detected, report, [], frozenset(), read.account_by, False)
    rows = Tickets(raw, read_as, layout, read, report)
    tickets = [ticket for _, ticket in rows.step(ROWS, CHARACTERS)]
    known = known_keys(row.tenant, read_as.format, read.account_by, tickets)
    return Preview(detected, report, tickets, known, read.account_by, rows.is_at_end)


def known_keys(tenant: Tenant, source: str, account_by: tuple[str, ...], tickets: Iterable[TicketRow]) -> frozenset[str]:
    """Those of the tickets' keys that mean an account: mapped to it, or with its own id where not anybody writes it."""
    keys = {key for ticket in tickets for key in ticket.account_keys if kind_of(key) in account_by}
    mapped = AccountKey.objects.filter(tenant=tenant, source=source, key__in={key.lower() for key in keys})
    ids = {key: value_of(key) for key in keys if kind_of(key) not in OF_ANYBODY}
    accounts = Account.objects.filter(tenant=tenant, external_id__in=set(ids.values()))
    by_key, by_id = set(mapped.values_list("key", flat=True)), set(accounts.values_list("external_id", flat=True))
    return frozenset(key for key in keys if key.lower() in by_key or ids.get(key) in by_id)
