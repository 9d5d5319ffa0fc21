"""Past tickets brought up to what their source's words and values mean to the tenant now.

A ticket keeps its source's own words, so it comes out as if it were imported anew under the mapping of now, but for this:
- A word that the mapping no longer knows leaves what it meant. A ticket from before words were kept stays what it is.
- A ticket that is over keeps its closing date. One that becomes over is closed when its source last changed it, or, where the source
  doesn't tell, when tamdash heard of that state; a date of resolution told while it was open is not kept.
- A status that nobody maps any more is open again, unless the closing date may be the source's own date of resolution, which is not kept
  apart: it then stays resolved.
- An account matched by hand stays while the first of the ticket's values that may name one does. A match by hand is one to an account
  that none of its values names.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts import remapping_sql as sql
from accounts.hooks import keeping
from accounts.ingest import RefusedRow, door_sql, intervals, mapping
from accounts.ingest.mapping import Mapping
from accounts.models import Account, InboundEvent, PortfolioChange, SourceMapping, Tenant, TicketImport
from accounts.sources import WORDS, mapping_of
from tamdash.broker import tell

logger = logging.getLogger(__name__)

RUN = "accounts.tasks.remap_source"
AT_ONCE = 20_000  # tickets a transaction
LAST_ID = 2**63 - 1
SETTLED_AFTER = timedelta(minutes=5)  # an upsert under way may have read the mapping before it changed
BROUGHT = "Past tickets were brought up to it: "
LOCK = 0x6D61705F  # of PostgreSQL's advisory locks: a source is remapped once at a time


def remap(tenant: Tenant, source: str) -> int:
    """Brings all of the tenant's tickets of that source up to its mapping and account keys; answers how many changed.

    Some at a time, each in a transaction of its own. It may run twice, at once and beside imports, and be cut off: once more ends the
    same. Where the mapping is changed meanwhile it leaves off; whoever changed it has asked for another. Events that were not
    understood for want of a word that is known now wait to be read again.
    """
    started, version = timezone.now(), version_of(tenant, source)
    read, changed = mapping_of(tenant, source), 0
    for after, upto in pieces(tenant, source):
        with transaction.atomic():
            if version_of(tenant, source, held=True) != version:
                return changed
            changed += settle(tenant, source, read, sql.OF_RANGE, {"after": after, "upto": upto})
    read_again(tenant, source, read)
    SourceMapping.objects.filter(tenant=tenant, source=source, changed_at__in=version).update(applied_at=started)
    return changed


def version_of(tenant: Tenant, source: str, *, held: bool = False) -> list[datetime]:
    """When the mapping was last changed; none without one. `held`: it then waits with its next change for the transaction's end."""
    rows = SourceMapping.objects.filter(tenant=tenant, source=source)
    return list((rows.select_for_update() if held else rows).values_list("changed_at", flat=True))


def pieces(tenant: Tenant, source: str) -> Iterator[tuple[int, int]]:
    """The source's tickets in ranges of their ids: above the first, up to the second."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CUTS, {"tenant": tenant.pk, "source": source, "at_once": AT_ONCE})
        cuts = [0, *(cut for (cut,) in cursor.fetchall()), LAST_ID]
    return pairwise(cuts)


def settle(tenant: Tenant, source: str, read: Mapping, which: str, chosen: dict[str, Any]) -> int:
    """Brings the tickets that meet the condition `which` up to the mapping, in the caller's transaction; answers how many changed.

    The caller holds the source's mapping, if there is one, before any ticket. `chosen`: the condition's values; an account that is
    `forgotten` loses what has the `key`.
    """
    values: dict[str, Any] = {"tenant": tenant.pk, "source": source, "account_by": list(read.account_by), "now": timezone.now()}
    values |= {"forgotten": 0, "key": ""} | chosen
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
        cursor.execute(sql.WANTED.format(which=which), values)
        cursor.execute("ANALYZE wanted_ticket")
        know_words(cursor, read)
        cursor.execute(sql.TOLD_KEYS)
        cursor.execute("ANALYZE told_ticket")
        cursor.execute(door_sql.ACCOUNT_KEYS, values)
        cursor.execute("ANALYZE known_key")
        cursor.execute(sql.HELD, values)
        changed: int = cursor.rowcount
        if changed:
            change(cursor, tenant, values)
        cursor.execute(sql.FORGET)
    return changed


def know_words(cursor: CursorWrapper, read: Mapping) -> None:
    """What each of the words told means now. A word nobody knows means nothing."""
    cursor.execute(sql.WORDS)
    told = cursor.fetchall()
    cursor.execute(sql.KNOWN_WORDS)
    with cursor.copy(sql.COPY_WORDS) as copy:
        for priority, status, category, is_resolved in told:
            copy.write_row(
                (priority, status, category, is_resolved, priority_of(read, priority), status_of(read, status, category, is_resolved))
            )
    cursor.execute("ANALYZE known_word")


def priority_of(read: Mapping, word: str) -> int | None:
    try:
        return read.priority(word)
    except RefusedRow:
        return None


def status_of(read: Mapping, word: str, category: str, is_resolved: bool) -> str | None:
    try:
        return read.status(word, category, is_resolved=is_resolved)
    except RefusedRow:
        return None


def change(cursor: CursorWrapper, tenant: Tenant, values: dict[str, Any]) -> None:
    cursor.execute("ANALYZE held_ticket")
    cursor.execute(sql.CHANGE_TICKETS, values)
    cursor.execute(sql.CHANGE_STATES, values)
    cursor.execute(door_sql.HISTORIES)
    cursor.execute(sql.WITH_STATES)
    intervals.derive(cursor, tenant.pk)
    cursor.execute(sql.HEARD_OF_END, values)
    PortfolioChange.objects.create(tenant=tenant)


def read_again(tenant: Tenant, source: str, read: Mapping) -> None:
    """Events that failed for a word which is known by now wait again."""
    failed = InboundEvent.objects.filter(tenant=tenant, source=source, status=InboundEvent.Status.FAILED)
    mended = [error for error in failed.order_by().values_list("error", flat=True).distinct().iterator() if is_mended(read, error)]
    if mended:
        keeping.replay(failed.filter(error__in=mended))


def is_mended(read: Mapping, error: str) -> bool:
    what, word = mapping.unknown_word(error) or ("", "")
    if what == "priority":
        return priority_of(read, word) is not None
    if what == "status":
        return status_of(read, word, "", False) is not None
    return what == "status category" and bool(read.own_statuses)  # which status it came with, the event alone knows


def match_account(account: Account) -> int:
    """An account that is new takes the tickets which wait for one of its id; answers how many."""
    values, changed = {"value": account.external_id}, 0
    for source in WORDS:
        with transaction.atomic():
            version_of(account.tenant, source, held=True)
            changed += settle(account.tenant, source, mapping_of(account.tenant, source), sql.OF_VALUE, values)
    return changed


def there(tenant: Tenant) -> None:
    """The tenant has a mapping of each source, which at first changes nothing."""
    missing = WORDS.keys() - set(SourceMapping.objects.filter(tenant=tenant).values_list("source", flat=True))
    if missing:
        SourceMapping.objects.bulk_create(
            [SourceMapping(tenant=tenant, source=source) for source in sorted(missing)], ignore_conflicts=True
        )
        new = SourceMapping.objects.filter(tenant=tenant, source__in=missing, applied_at=None)
        new.update(applied_at=F("changed_at"))


def mark(tenant: Tenant, source: str) -> None:
    """Notes, in the caller's transaction, that past tickets have to be brought up to what changed; the sweep sees to it."""
    there(tenant)
    SourceMapping.objects.filter(tenant=tenant, source=source).update(changed_at=timezone.now())


def run(mapping_id: int) -> int | None:
    """Applies a mapping, if that is due. None: it is not, or it is under way in another worker, or gone."""
    row = due(timezone.now()).filter(pk=mapping_id).select_related("tenant").first()
    if row is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK, mapping_id % 2**31))
        if cursor.fetchone() != (True,):
            return None
        try:
            return noted(row, remap(row.tenant, row.source))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK, mapping_id % 2**31))


def noted(row: SourceMapping, changed: int) -> int:
    """Beside who edited the mapping it stands how many tickets that changed, where nobody has edited it meanwhile."""
    edit = history(row).first()
    if edit and (row.applied_at is None or edit.action_time > row.applied_at) and (changed or not edit.change_message.startswith(BROUGHT)):
        words = f"{BROUGHT}{changed:,} changed."
        LogEntry.objects.log_actions(edit.user_id, [row], CHANGE, change_message=words, single_object=True)
    return changed


def history(row: SourceMapping) -> Any:
    kind = ContentType.objects.get_for_model(SourceMapping)
    return LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).order_by("-action_time", "-pk")


def due(now: datetime) -> Any:
    """Mappings that past tickets are not up to, or not for certain: once more when all that was under way has ended."""
    begun_before = TicketImport.objects.filter(
        tenant=OuterRef("tenant"), source=OuterRef("source"), created_at__lt=OuterRef("changed_at"), finished_at__gt=OuterRef("applied_at")
    )
    is_old = Q(applied_at=None) | Q(applied_at__lt=F("changed_at"))
    is_settled = Q(changed_at__lte=now - SETTLED_AFTER, applied_at__gt=F("changed_at"), applied_at__lt=F("changed_at") + SETTLED_AFTER)
    return SourceMapping.objects.filter(is_old | is_settled | Exists(begun_before))


def sweep(now: datetime) -> None:
    """Finds what is to be applied: a lost hint, a killed worker, or a mapping that was only marked."""
    for pk in due(now).order_by("changed_at").values_list("pk", flat=True)[:AT_ONCE]:
        tell(RUN, pk, takes_long=True)
