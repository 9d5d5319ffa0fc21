"""Reading stored events into tickets: claimed some hundred at a time, one upsert for each tenant and source.

Tenants take turns in a claim, so that one that sends much holds up no other, and its bodies together are bounded, so that reading them
takes seconds where the lease lasts minutes.

A claim is a lease: what a killed worker held is taken again when it has run out, in smaller numbers each time, so that whatever kills a
worker costs no other event. Processing an event twice changes nothing.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.hooks import hints, tokens, writing
from accounts.hooks.outcomes import MAX_ATTEMPTS, Event, Outcome, Status
from accounts.hooks.systems import SYSTEMS
from accounts.ingest import RefusedRow
from accounts.ingest.mapping import Mapping
from accounts.models import Tenant
from accounts.sources import mapping_of, payload

logger = logging.getLogger(__name__)

# How many events at once, by how often they were tried before: what killed a worker among others comes back among fewer, then alone.
TURNS = ((0, 0, 300), (1, 1, 30), (2, 32_767, 1))
BYTES_AT_ONCE = 4 << 20  # of bodies; the last may go beyond
LOOKED_AT = 20_000  # events, the longest due first, among which tenants take turns
AT_A_STRETCH = 25.0  # seconds: then others of the worker's tasks have their turn
LEASE = timedelta(minutes=5)
UNEXPECTED = "An unexpected error. An admin finds it in the log."
WENT_AWAY = f"Its worker went away {MAX_ATTEMPTS} times while reading it."

DUE = "event.status = 'waiting' AND event.next_try_at <= %(now)s AND event.attempts BETWEEN %(least)s AND %(highest)s"
# Materialized: a plan that asks the subquery twice would skip what it locked itself. What is locked is asked again whether it is still due:
# another worker may have taken it since it was looked at.
CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id, tenant_id, next_try_at, length(body) AS size FROM accounts_inboundevent event
    WHERE {DUE} ORDER BY next_try_at, id LIMIT {LOOKED_AT}
),
turns AS (
    SELECT id, next_try_at, size, row_number() OVER (PARTITION BY tenant_id ORDER BY next_try_at, id) AS turn FROM due
),
first AS MATERIALIZED (
    SELECT id, sum(size) OVER (ORDER BY turn, next_try_at, id) - size AS bytes_before FROM turns ORDER BY turn, next_try_at, id LIMIT %(most)s
),
held AS MATERIALIZED (
    SELECT event.id FROM accounts_inboundevent event JOIN first ON event.id = first.id
    WHERE bytes_before < {BYTES_AT_ONCE} AND {DUE} FOR UPDATE OF event SKIP LOCKED
)
UPDATE accounts_inboundevent event SET attempts = attempts + 1, next_try_at = %(until)s
FROM held WHERE event.id = held.id
RETURNING event.id, tenant_id, source, token_id, received_at, body, attempts"""  # noqa: S608 figures of this module


def drain() -> int:
    """Processes what is due until nothing is, or it has taken long enough; another message then goes on. Answers how many events."""
    hints.taken()
    began, count = time.monotonic(), 0
    while time.monotonic() - began < AT_A_STRETCH:
        events = next((found for turn in TURNS if (found := claim(*turn))), None)
        if not events:
            return count
        process(events)
        count += len(events)
    hints.hint()
    return count


def claim(least: int, highest: int, most: int) -> list[Event]:
    """Events that are due and were tried so often, held by the caller alone until the lease runs out."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": now + LEASE, "least": least, "highest": highest, "most": most})
        rows = cursor.fetchall()
    return [Event(pk, tenant, source, token, at, bytes(body), tries) for pk, tenant, source, token, at, body, tries in sorted(rows)]


def process(events: Sequence[Event]) -> None:
    """Reads them and brings the tickets up to them, each tenant and source in a transaction of its own."""
    groups: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.tenant_id, event.source].append(event)
    tenants = Tenant.objects.in_bulk({tenant for tenant, _ in groups})
    tokens.note_use((event.token_id, event.received_at) for event in events)
    for (tenant, source), group in groups.items():
        if tenant in tenants:
            take_in(tenants[tenant], source, group)


def take_in(tenant: Tenant, source: str, events: Sequence[Event]) -> None:
    mapping = mapping_of(tenant, source)
    write(tenant, source, [read(event, mapping) for event in events], mapping.account_by)


def write(tenant: Tenant, source: str, outcomes: Sequence[Outcome], account_by: tuple[str, ...]) -> None:
    """All at once; if the database refuses that, in halves, until the one that is to blame stands alone."""
    try:
        writing.write(tenant, source, outcomes, account_by)
    except DatabaseError as fault:
        if len(outcomes) == 1:
            put_off(outcomes[0], fault)
            return
        half = len(outcomes) // 2
        write(tenant, source, outcomes[:half], account_by)
        write(tenant, source, outcomes[half:], account_by)


def read(event: Event, mapping: Mapping) -> Outcome:
    """What the event says to this tenant, or why that cannot be known."""
    if event.attempts > MAX_ATTEMPTS:
        return Outcome(event, Status.FAILED, error=WENT_AWAY)
    told = None
    try:
        told = SYSTEMS[event.source].read(payload.parsed(event.body), event.received_at)
        rows = tuple(mapping.row(ticket) for ticket in told.tickets)
    except RefusedRow as reason:
        return Outcome(event, Status.FAILED, told, error=str(reason))
    except Exception:  # one event's fault must not hold up the others: it is kept and shown, and stands in the log
        logger.exception("Event %s of %s could not be read", event.pk, event.source)
        return Outcome(event, Status.FAILED, told, error=UNEXPECTED)
    return Outcome(event, Status.IGNORED if told.ignored else Status.DONE, told, rows, told.ignored)


def put_off(outcome: Outcome, fault: DatabaseError) -> None:
    """The database did not take it: again later, and given up in the end. Without a database at all the lease brings it back."""
    event = outcome.event
    logger.warning("Event %s was not written at attempt %s: %s", event.pk, event.attempts, type(fault).__name__)
    if event.attempts >= MAX_ATTEMPTS:
        ended = Outcome(event, Status.FAILED, outcome.told, error=f"The database did not take it: {type(fault).__name__}.")
    else:
        again_at = timezone.now() + writing.delay(event.attempts)
        ended = Outcome(event, Status.WAITING, outcome.told, error="The database did not take it yet.", next_try_at=again_at)
    try:
        writing.note([ended])
    except DatabaseError as again:
        logger.error("Event %s waits for its lease to run out: %s", event.pk, again)
