"""Being at work on a draft, for others to see: its row is touched for as long as its writer lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

from django.db import connection
from django.utils import timezone

from communications import llm
from communications.models import Communication

RENEWED_EVERY = 5.0  # seconds
LEASE = timedelta(seconds=20)  # a writer that has not been heard of for so long is gone
SLACK = 60.0  # seconds on top of the model's own limit: reading the data and writing the draft


@contextmanager
def held(draft_id: int) -> Iterator[None]:
    """Inside, the draft counts as being written; a writer that hangs for good gives it up nevertheless."""
    ended = Event()
    # Most are written before the first renewal is due, so that the thread asks nothing of the database.
    thread = Thread(target=renew, args=(draft_id, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def renew(draft_id: int, ended: Event) -> None:
    until = monotonic() + llm.longest_seconds() + SLACK
    try:
        while not ended.wait(RENEWED_EVERY) and monotonic() < until:
            Communication.objects.filter(pk=draft_id, status=Communication.Status.GENERATING).update(updated_at=timezone.now())
    finally:
        connection.close()
