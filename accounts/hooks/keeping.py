"""What is kept of events that were processed, and events that are to be read again."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.hooks import hints
from accounts.models import InboundEvent
from accounts.models.inbound import InboundEventQuerySet

DONE_FOR = timedelta(days=30)
IGNORED_FOR = timedelta(days=7)
AT_ONCE = 5_000
SET_ASIDE = "Set aside"

PRUNE = """
DELETE FROM accounts_inboundevent WHERE id IN (
    SELECT id FROM accounts_inboundevent
    WHERE (status = 'done' AND processed_at < %(done)s) OR (status = 'ignored' AND processed_at < %(ignored)s)
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
    """Forgets what was read long ago; what was not understood stays. Answers how many."""
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(PRUNE, {"done": now - DONE_FOR, "ignored": now - IGNORED_FOR, "most": AT_ONCE})
            gone = int(cursor.rowcount)
        count += gone
        if gone < AT_ONCE:
            return count
