"""The upsert behind every way in: set-based, idempotent by (tenant, source, external id), and safe against any order of events.

The source's own version decides which state is the last; the others are kept as `TicketState`, so that what arrives late only fills
in the past. Two states of one version are told apart by their content alone, whichever came first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.ingest import door_sql, intervals
from accounts.ingest.rows import TicketRow, values_of
from accounts.models import Account, PortfolioChange, Tenant

SUBJECT_LENGTH = 500
NEW_ACCOUNTS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Upserted:
    """What an upsert did, in tickets: `written` are new or changed. `unmatched` of them all belong to no known account.

    `written_ids` and `unmatched_ids` name them by external id, where that was asked for.
    """

    written: int
    unchanged: int
    unmatched: int
    accounts_created: int
    written_ids: frozenset[str] = field(default=frozenset())
    unmatched_ids: frozenset[str] = field(default=frozenset())


def upsert(
    tenant: Tenant,
    source: str,
    rows: Iterable[TicketRow],
    *,
    account_by: tuple[str, ...] = ("account",),
    create_accounts: bool = False,
    as_events: bool = False,
    named: bool = False,
) -> Upserted:
    """Brings the tenant's tickets of that source up to what the rows tell; repeating it writes nothing.

    `account_by`: the kinds of values that name an account, the best first. `as_events`: each row is a state of its own; else a ticket's
    last row is its state. `named`: the answer names the tickets. Rows stream into a temporary table and meet the tickets in few
    statements: any number of them takes bounded memory here. It is one transaction, so that a reader or a crash never sees half of it;
    up to the merge it holds no lock that anyone waits for.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(door_sql.INCOMING)
        with cursor.copy(door_sql.COPY) as copy:
            for row in rows:
                copy.write_row(values_of(row))
        told = (door_sql.EVERY_STATE if as_events else door_sql.LAST_ROWS).format(given=door_sql.GIVEN)
        values = parameters(tenant, source, account_by) | {"as_events": as_events}
        return merge(cursor, tenant, told, values, create_accounts=create_accounts, named=named)


def merge_staged(tenant: Tenant, source: str, staged: UUID, *, account_by: tuple[str, ...], create_accounts: bool) -> Upserted:
    """The same for a file's rows that lie in `StagedTicket` under the import's id."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        values = parameters(tenant, source, account_by) | {"as_events": False, "staged": staged}
        return merge(cursor, tenant, door_sql.LAST_ROWS.format(given=door_sql.STAGED), values, create_accounts=create_accounts)


def parameters(tenant: Tenant, source: str, account_by: tuple[str, ...]) -> dict[str, Any]:
    kinds = list(account_by)
    return {"tenant": tenant.pk, "source": source, "now": timezone.now(), "subject_length": SUBJECT_LENGTH, "account_by": kinds}


def merge(
    cursor: CursorWrapper, tenant: Tenant, told: str, values: dict[str, Any], *, create_accounts: bool = False, named: bool = False
) -> Upserted:
    cursor.execute(told, values)
    cursor.execute("ANALYZE told_ticket")
    cursor.execute(door_sql.ACCOUNT_KEYS, values)
    created = create_missing_accounts(tenant, cursor) if create_accounts else 0
    cursor.execute(door_sql.READ, values)
    cursor.execute("ANALYZE read_ticket")
    cursor.execute(door_sql.HISTORIES)
    (inserted,), added = counted(cursor, door_sql.NEW, values, named=named)
    cursor.execute(door_sql.CHANGED, values)
    cursor.execute(door_sql.ADD_HISTORIES.format(kept=door_sql.KEEP_STATES.format(states=door_sql.PASSED)), values)
    (updated,), changed = counted(cursor, door_sql.UPDATE, values, named=named)
    for states in (door_sql.KEEP_STATES.format(states=door_sql.LATE), door_sql.WITH_STATES):
        cursor.execute(door_sql.ADD_HISTORIES.format(kept=states), values)
    histories = intervals.derive(cursor, tenant.pk)
    cursor.execute(door_sql.COUNTS, values)
    total, unmatched = one(cursor)
    names = who(cursor, values) if named else frozenset()
    cursor.execute("DROP TABLE IF EXISTS incoming_ticket, told_ticket, known_key, read_ticket, changed_ticket, history_ticket")
    cursor.execute(door_sql.REPORTED, values)
    if inserted or updated or histories:
        PortfolioChange.objects.create(tenant=tenant)  # the plan and the reasons of what is projected read tickets as they are
    written = inserted + updated
    return Upserted(written, total - written, unmatched, created, added | changed, names)


def create_missing_accounts(tenant: Tenant, cursor: CursorWrapper) -> int:
    """Accounts named like their key, without an owner: an admin completes them."""
    cursor.execute(door_sql.NEW_ACCOUNTS)
    keys = [key for (key,) in cursor.fetchall()]
    for first in range(0, len(keys), NEW_ACCOUNTS_AT_ONCE):
        accounts = [Account(tenant=tenant, external_id=key, name=key) for key in keys[first : first + NEW_ACCOUNTS_AT_ONCE]]
        Account.objects.bulk_create(accounts, ignore_conflicts=True)
    cursor.execute(door_sql.CREATED_ACCOUNTS, {"tenant": tenant.pk})
    return len(keys)


def who(cursor: CursorWrapper, values: dict[str, Any]) -> frozenset[str]:
    """The tickets that belong to no known account."""
    cursor.execute(door_sql.TOTALS, values)
    return frozenset(external_id for external_id, is_unmatched in cursor.fetchall() if is_unmatched)


def counted(cursor: CursorWrapper, sql: str, values: dict[str, Any], *, named: bool) -> tuple[tuple[int, ...], frozenset[str]]:
    """How many tickets a statement wrote, and which, if that is asked for: of a large file that would be too many to hold."""
    if named:
        cursor.execute(sql, values)
        found = frozenset(external_id for (external_id,) in cursor.fetchall())
        return (len(found),), found
    cursor.execute(door_sql.COUNTED.format(written=sql), values)
    return one(cursor), frozenset()


def one(cursor: CursorWrapper) -> tuple[int, ...]:
    row: tuple[int, ...] | None = cursor.fetchone()
    assert row is not None
    return row
