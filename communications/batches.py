"""Many drafts at once: one statement queues them, and workers are told so many at a time."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from communications import drafts
from communications.models import Communication
from tamdash import broker
from tamdash.alone import alone

Status = Communication.Status
TELL = "communications.tasks.tell_of_waiting_drafts"
AT_ONCE = 2_000  # messages that wait in the broker: more than all workers write until the next sweep

# `accounts` is a SELECT of account ids. Where an account has such a draft already, a constraint leaves it at that.
QUEUE = """
{accounts}
queued AS (
    INSERT INTO communications_communication (tenant_id, account_id, release_id, communication_type, period, status, version,
        requested_by_id, instruction, chosen_path, recipients, subject, body_html, open_flags, failure, reject_reason, outcome,
        message_id, attempts, created_at, updated_at)
    SELECT %(tenant)s, chosen.id, %(release)s, %(communication_type)s, %(period)s::date, 'queued', 0,
        %(by)s, '', '[]', '', '', '', 0, '', '', '', gen_random_uuid(), 0, %(now)s, %(now)s
    FROM chosen ORDER BY chosen.id
    ON CONFLICT DO NOTHING
    RETURNING id
),
noted AS (
    INSERT INTO communications_communicationevent (communication_id, at, actor_id, status, note)
    SELECT id, %(now)s, %(by)s, 'queued', %(note)s FROM queued
    RETURNING communication_id
)
SELECT count(*) FROM noted"""

# A message of a draft that the broker holds already does no harm, but one that it does not hold must come first: what was told of
# longest ago. Somebody sits waiting for what they asked for singly.
WAITING = """
WITH next AS MATERIALIZED (
    SELECT id FROM communications_communication WHERE status = 'queued' AND updated_at < %(before)s
    ORDER BY (release_id IS NULL AND period IS NULL AND requested_by_id IS NOT NULL) DESC, updated_at, id LIMIT %(room)s
    FOR UPDATE SKIP LOCKED
)
UPDATE communications_communication draft SET updated_at = %(now)s FROM next WHERE draft.id = next.id
RETURNING draft.id, (release_id IS NOT NULL OR period IS NOT NULL OR requested_by_id IS NULL)"""


def queue(
    chosen: str,
    values: Mapping[str, Any],
    *,
    tenant: int,
    communication_type: str,
    now: datetime,
    note: str,
    release: int | None = None,
    period: date | None = None,
    by: int | None = None,
) -> int:
    """Queues a draft for every account that `chosen` finds and has none yet, and answers how many.

    `chosen` is the beginning of a statement up to a `chosen (id)` of accounts. To be called in a transaction.
    """
    given: dict[str, Any] = {
        "tenant": tenant,
        "communication_type": communication_type,
        "now": now,
        "note": note,
        "release": release,
        "period": period,
    }
    with connection.cursor() as cursor:
        cursor.execute(QUEUE.format(accounts=chosen), {**values, **given, "by": by})
        (count,) = cursor.fetchone() or (0,)
    if count:
        transaction.on_commit(tell_workers)
    return int(count)


def tell_workers() -> None:
    """That there are drafts waiting: whoever takes it tells the others."""
    broker.tell(TELL)


def tell_of_waiting(now: datetime, before: datetime) -> None:
    """Tells workers of queued drafts that nobody was told of since then, as many as the broker has room for."""
    with alone("telling of waiting drafts") as is_alone:
        room = AT_ONCE - broker.waiting() if is_alone else 0
        if room <= 0:
            return
        with connection.cursor() as cursor:
            cursor.execute(WAITING, {"now": now, "before": before, "room": room})
            found = cursor.fetchall()
        for draft_id, can_wait in sorted(found):
            broker.tell(drafts.GENERATE, draft_id, takes_long=True, can_wait=can_wait)
