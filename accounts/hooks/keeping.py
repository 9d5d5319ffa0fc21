"""What is kept of events that were processed, and events that are to be read again."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.hooks import hints
from accounts.models import InboundEvent
from accounts.models.inbound import InboundEventQuerySet

DONE_FOR = timedelta(days=30)
BODY_FOR = timedelta(days=7)  # of one that is done
FAILED_FOR = timedelta(days=90)
IGNORED_FOR = timedelta(days=7)
AT_ONCE = 5_000
SET_ASIDE = "Set aside"

PRUNE = """
DELETE FROM accounts_inboundevent WHERE id IN (
    SELECT id FROM accounts_inboundevent
    WHERE (status = 'done' AND processed_at < %(done)s) OR (status = 'ignored' AND processed_at < %(ignored)s)
        OR (status = 'failed' AND processed_at < %(failed)s)
    ORDER BY id LIMIT %(most)s)"""
EMPTY = """
UPDATE accounts_inboundevent SET body = '' WHERE id IN (
    SELECT id FROM accounts_inboundevent
    WHERE status = 'done' AND processed_at < %(body)s AND length(body) > 0
    ORDER BY id LIMIT %(most)s)"""


def replay(rows: InboundEventQuerySet) -> int:
    """Has those of them that were not understood read again from the start, as after the mapping was mended. Answers how many."""
    failed = rows.filter(status=InboundEvent.Status.FAILED)
    count = failed.update(status=InboundEvent.Status.WAITING, attempts=0, next_try_at=timezone.now(), error="", processed_at=None)
    if count:
        hints.hint()
    return int(count)


def set_aside(rows: InboundEventQuerySet, by: str) -> int:
    """Those of them that were not understood and never will be: ignored, and forgotten like others that are. Answers how many."""
    failed = rows.filter(status=InboundEvent.Status.FAILED)
    return failed.update(status=InboundEvent.Status.IGNORED, error=f"{SET_ASIDE} by {by}."[:500], processed_at=timezone.now())


def prune(now: datetime) -> int:
    """Forgets what was read long ago, and what nobody had read again in three months. Answers how many."""
    count = in_batches(PRUNE, {"done": now - DONE_FOR, "ignored": now - IGNORED_FOR, "failed": now - FAILED_FOR})
    in_batches(EMPTY, {"body": now - BODY_FOR})
    return count


def in_batches(statement: str, values: dict[str, Any]) -> int:
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, values | {"most": AT_ONCE})
            changed = int(cursor.rowcount)
        count += changed
        if changed < AT_ONCE:
            return count
