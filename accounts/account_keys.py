"""Values of tickets that mean an account: mapped once, for all tickets there are and all to come."""

from dataclasses import dataclass

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import connection, transaction

from accounts import remapping
from accounts import remapping_sql as sql
from accounts.models import Account, AccountKey, Tenant, User
from accounts.sources import mapping_of

MOST_AT_ONCE = 2_000  # tickets that wait for one value; whoever maps it waits for them


class KeyTaken(Exception):
    """The value means another account by now; `row` says which, and the message whose doing it was."""

    def __init__(self, row: AccountKey) -> None:
        by = f" by {row.created_by}" if row.created_by else ""
        super().__init__(f"“{value_of(row.key)}” was mapped to {row.account}{by}. Nothing was changed.")
        self.row = row


@dataclass(frozen=True)
class Mapped:
    """`tickets`: how many changed at once; `are_more`: others follow with the next sweep, as do those that had another account."""

    row: AccountKey
    tickets: int
    are_more: bool


def map_key(tenant: Tenant, source: str, key: str, account: Account, by: User, *, instead: bool = False) -> Mapped:
    """Maps a value, given as kind:value, to the account and matches the tickets that wait with it.

    Raises KeyTaken where it means another account, unless this one is meant to come `instead`. Of two who come at once the second finds
    what the first did.
    """
    with transaction.atomic():
        remapping.mark(tenant, source)  # holds the mapping before any ticket, and others who map
        key = normal(key)
        row = AccountKey.objects.select_related("account", "created_by").filter(tenant=tenant, source=source, key=key).first()
        if row and row.account_id != account.pk and not instead:
            raise KeyTaken(row)
        before = row.account_id if row else None
        if row is None:
            row = AccountKey.objects.create(tenant=tenant, source=source, key=key, account=account, created_by=by)
            note(row, by, ADDITION, f"Mapped to {account}.")
        elif before != account.pk:
            row.account, row.created_by = account, by
            row.save(update_fields=["account", "created_by"])
            note(row, by, CHANGE, f"Mapped to {account} instead.")
        read = mapping_of(tenant, source)
        changed = remapping.settle(tenant, source, read, sql.OF_KEY, {"key": key, "most": MOST_AT_ONCE})
        if before not in (None, account.pk):
            changed += remapping.settle(tenant, source, read, sql.OF_ACCOUNT, {"forgotten": before, "key": key})
    return Mapped(row, changed, changed >= MOST_AT_ONCE)


def unmap_key(row: AccountKey, by: User) -> int:
    """The value means nothing any more: its tickets go where their other values say, or wait again. Answers how many changed."""
    with transaction.atomic():
        remapping.mark(row.tenant, row.source)
        if not AccountKey.objects.filter(pk=row.pk).delete()[0]:
            return 0
        note(row, by, DELETION, f"No longer mapped to {row.account}.")
        chosen = {"key": row.key, "forgotten": row.account_id}
        return remapping.settle(row.tenant, row.source, mapping_of(row.tenant, row.source), sql.OF_ACCOUNT, chosen)


def normal(key: str) -> str:
    """As keys are kept and compared: by the database's idea of lower case, which is not Python's in every script."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(%s)", [key])
        ((found,),) = cursor.fetchall()
    return str(found)


def value_of(key: str) -> str:
    return key.partition(":")[2]


def kind_of(key: str) -> str:
    return key.partition(":")[0]


def note(row: AccountKey, by: User, flag: int, words: str) -> None:
    """Who did it, where the admin site keeps such things: that stays when the row is gone."""
    LogEntry.objects.log_actions(by.pk, [row], flag, change_message=words, single_object=True)
