"""The one door for tickets: normalised rows in, set-based upsert, the same whichever source they come from."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.models import Account, PortfolioChange, Tenant
from accounts.models.signals import LIVE

KEY_LENGTH = 120  # of a ticket's and of an account's id
SUBJECT_LENGTH = 500
NEW_ACCOUNTS_AT_ONCE = 5_000


class RefusedRow(ValueError):
    """A row that cannot be a ticket; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket's state as its source tells it. Times are UTC; `source_version` orders the states of one ticket.

    `closed_at` may lie in the future (a planned closing, a clock ahead): it counts as closed at the time of the import.
    """

    external_id: str
    account_key: str
    priority: int
    status: str
    subject: str
    created_at: datetime
    closed_at: datetime | None
    source_version: int = 0

    def __post_init__(self) -> None:
        if not self.external_id:
            raise RefusedRow("the ticket id is missing")
        for what, value in (("ticket id", self.external_id), ("account", self.account_key)):
            if len(value) > KEY_LENGTH:
                raise RefusedRow(f"the {what} is longer than {KEY_LENGTH} characters")
        if not 0 <= self.source_version < 2**63:
            raise RefusedRow(f"the version {self.source_version} is out of range")
        if not 1990 <= self.created_at.year <= 2100:  # a closing date comes after it, and is cut off at now
            raise RefusedRow(f"the year {self.created_at.year} is out of range")
        if self.status in LIVE:
            if self.closed_at is not None:
                raise RefusedRow(f"the ticket is {self.status}, yet has a closing date")
        elif self.closed_at is None:
            raise RefusedRow(f"the ticket is {self.status}, but no date says since when")
        elif self.closed_at < self.created_at:
            raise RefusedRow(f"it was closed ({self.closed_at:%Y-%m-%d %H:%M}) before it was opened ({self.created_at:%Y-%m-%d %H:%M})")


values_of = attrgetter(*(column.name for column in fields(TicketRow)))  # `astuple` copies every value: it cost a third of an import


@dataclass(frozen=True)
class Upserted:
    """What an upsert did, in tickets: `written` are new or changed. `unmatched` of them all belong to no known account."""

    written: int
    unchanged: int
    unmatched: int
    accounts_created: int


INCOMING = """
CREATE TEMP TABLE incoming_ticket (
    external_id text NOT NULL, account_key text NOT NULL, priority smallint NOT NULL, status text NOT NULL, subject text NOT NULL,
    created_at timestamptz NOT NULL, closed_at timestamptz, source_version bigint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY
) ON COMMIT DROP"""
COPY = """
COPY incoming_ticket (external_id, account_key, priority, status, subject, created_at, closed_at, source_version) FROM STDIN"""

# The last state of each ticket: the highest version, and of equals the one that came last.
LATEST = """
CREATE TEMP TABLE latest_ticket ON COMMIT DROP AS
SELECT DISTINCT ON (external_id) external_id, account_key, priority, status, left(subject, %(subject_length)s) AS subject, created_at,
    CASE WHEN closed_at IS NOT NULL THEN greatest(least(closed_at, %(now)s), created_at) END AS closed_at, source_version
FROM incoming_ticket ORDER BY external_id, source_version DESC, position DESC"""

NEW_ACCOUNTS = """
SELECT DISTINCT account_key FROM latest_ticket
WHERE account_key <> '' AND account_key NOT IN (SELECT external_id FROM accounts_account WHERE tenant_id = %(tenant)s)
ORDER BY account_key"""

# An account someone matched by hand stays while the source goes on naming the same key.
KEPT_ACCOUNT = "coalesce(excluded.account_id, CASE WHEN excluded.account_key = known.account_key THEN known.account_id END)"
# A closing date that was cut off at an earlier import's present is not moved along by the next.
KEPT_CLOSING = "CASE WHEN excluded.closed_at = %(now)s THEN coalesce(known.closed_at, excluded.closed_at) ELSE excluded.closed_at END"
UPSERT = """
WITH upserted AS (
    INSERT INTO accounts_ticket AS known (tenant_id, source, external_id, account_id, account_key, priority, status, subject,
        created_at, closed_at, source_version)
    SELECT %(tenant)s, %(source)s, latest.external_id, account.id, latest.account_key, latest.priority, latest.status, latest.subject,
        latest.created_at, latest.closed_at, latest.source_version
    FROM latest_ticket latest
    LEFT JOIN accounts_account account ON account.tenant_id = %(tenant)s AND account.external_id = latest.account_key
    ORDER BY latest.external_id
    ON CONFLICT (tenant_id, source, external_id) DO UPDATE SET
        account_id = {account}, account_key = excluded.account_key, priority = excluded.priority, status = excluded.status,
        subject = excluded.subject, created_at = excluded.created_at, closed_at = {closing}, source_version = excluded.source_version
    WHERE excluded.source_version >= known.source_version AND
        (known.account_id, known.account_key, known.priority, known.status, known.subject, known.created_at, known.closed_at,
            known.source_version)
        IS DISTINCT FROM ({account}, excluded.account_key, excluded.priority, excluded.status, excluded.subject, excluded.created_at,
            {closing}, excluded.source_version)
    RETURNING 1
)
SELECT count(*) FROM upserted"""

TOTALS = """
SELECT count(*), count(*) FILTER (WHERE known.account_id IS NULL)
FROM latest_ticket latest
JOIN accounts_ticket known ON known.tenant_id = %(tenant)s AND known.source = %(source)s AND known.external_id = latest.external_id"""

# Last of all, so that two imports of one source wait for each other only for an instant.
REPORTED = """
INSERT INTO accounts_ticketsource AS known (tenant_id, source, reported_at, is_in_use) VALUES (%(tenant)s, %(source)s, %(now)s, true)
ON CONFLICT (tenant_id, source) DO UPDATE SET reported_at = greatest(known.reported_at, excluded.reported_at)"""


def upsert(tenant: Tenant, source: str, rows: Iterable[TicketRow], *, create_accounts: bool = False) -> Upserted:
    """Brings the tenant's tickets of that source to the last state that the rows tell; repeating it writes nothing.

    Rows stream into a temporary table and meet the tickets in one statement: any number of them takes bounded memory here. It is
    one transaction, so that a reader or a crash never sees half a file; up to the merge it holds no lock that anyone waits for.
    """
    values: dict[str, Any] = {"tenant": tenant.pk, "source": source, "now": timezone.now(), "subject_length": SUBJECT_LENGTH}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(INCOMING)
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(values_of(row))
        cursor.execute(LATEST, values)
        cursor.execute("ANALYZE latest_ticket")
        created = create_missing_accounts(tenant, cursor) if create_accounts else 0
        (written,) = one(cursor, UPSERT.format(account=KEPT_ACCOUNT, closing=KEPT_CLOSING), values)
        total, unmatched = one(cursor, TOTALS, values)
        cursor.execute("DROP TABLE incoming_ticket, latest_ticket")
        cursor.execute(REPORTED, values)
        if written:
            PortfolioChange.objects.create(tenant=tenant)  # the plan and the reasons of what is projected read tickets as they are
    return Upserted(written, total - written, unmatched, created)


def create_missing_accounts(tenant: Tenant, cursor: CursorWrapper) -> int:
    """Accounts named like their key, without an owner: an admin completes them."""
    cursor.execute(NEW_ACCOUNTS, {"tenant": tenant.pk})
    created = 0
    while keys := cursor.fetchmany(NEW_ACCOUNTS_AT_ONCE):
        accounts = [Account(tenant=tenant, external_id=key, name=key) for (key,) in keys]
        Account.objects.bulk_create(accounts, ignore_conflicts=True)
        created += len(accounts)
    return created


def one(cursor: CursorWrapper, sql: str, values: dict[str, Any]) -> tuple[int, ...]:
    cursor.execute(sql, values)
    row: tuple[int, ...] | None = cursor.fetchone()
    assert row is not None
    return row
