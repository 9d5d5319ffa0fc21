"""The words that a tenant's tickets of a source have, and those that could not be understood, with how often each was seen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count

from accounts.ingest.mapping import unknown_word
from accounts.models import InboundEvent, Tenant

MOST_ERRORS = 1_000
LATEST = 5_000  # tickets looked at for the kinds of their values

WORDS = """
SELECT {column}, count(*) FROM accounts_ticket WHERE tenant_id = %(tenant)s AND source = %(source)s AND {column} <> ''
GROUP BY {column} ORDER BY count(*) DESC LIMIT 500"""
KINDS = """
SELECT DISTINCT split_part(given.key, ':', 1) FROM (
    SELECT account_keys FROM accounts_ticket WHERE tenant_id = %(tenant)s AND source = %(source)s ORDER BY id DESC LIMIT %(latest)s
) AS latest, unnest(account_keys) AS given (key) ORDER BY 1 LIMIT 50"""
NOT_CHOSEN = ("account", "column", "requester")


@dataclass
class Seen:
    """`refused`: events that could not be understood for want of the word."""

    tickets: int = 0
    refused: int = 0


@dataclass(frozen=True)
class WordsSeen:
    """By word, in lower case; and the kinds of values that may name an account."""

    priorities: dict[str, Seen] = field(default_factory=dict)
    statuses: dict[str, Seen] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


def of(tenant: Tenant, source: str) -> WordsSeen:
    values: dict[str, Any] = {"tenant": tenant.pk, "source": source, "latest": LATEST}
    with connection.cursor() as cursor:
        cursor.execute(WORDS.format(column="source_priority"), values)
        priorities = counted(cursor.fetchall())
        cursor.execute(WORDS.format(column="source_status"), values)
        statuses = counted(cursor.fetchall())
        cursor.execute(KINDS, values)
        kinds = tuple(kind for (kind,) in cursor.fetchall() if kind and kind not in NOT_CHOSEN)
    for what, word, events in refused(tenant, source):
        table = {"priority": priorities, "status": statuses}.get(what)
        if table is not None:
            table.setdefault(word.casefold(), Seen()).refused += events
    return WordsSeen(priorities, statuses, kinds)


def counted(rows: Iterable[tuple[str, int]]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for word, tickets in rows:
        found.setdefault(word.casefold(), Seen()).tickets += tickets
    return found


def refused(tenant: Tenant, source: str) -> list[tuple[str, str, int]]:
    failed = InboundEvent.objects.filter(tenant=tenant, source=source, status=InboundEvent.Status.FAILED).order_by()
    rows = failed.values_list("error").annotate(events=Count("pk"))[:MOST_ERRORS]
    return [(*unknown, events) for error, events in rows if (unknown := unknown_word(error))]
