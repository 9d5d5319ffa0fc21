"""Whose an import is: it is claimed for a while by whoever works on it, and the claim renewed for as long as that process lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import TicketImport

Status = TicketImport.Status
LEASE = timedelta(seconds=20)
RENEWED_EVERY = 5.0  # seconds
AT_WORK = (Status.READING, Status.MERGING)


class Lost(Exception):
    """The import is no longer this process's: another took it up, or somebody cancelled it."""


def claim(import_id: UUID) -> TicketImport | None:
    """The import, to be gone on with, or None: it is over, gone, or another process works on it."""
    now = timezone.now()
    free = TicketImport.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), pk=import_id, status__in=(Status.QUEUED, *AT_WORK))
    if not free.update(status=Status.READING, attempts=F("attempts") + 1, claimed_until=now + LEASE):
        return None
    claimed: TicketImport = TicketImport.objects.select_related("tenant").get(pk=import_id)
    return claimed


def go_on(row: TicketImport, status: str = Status.READING, *, becomes: str = "", **changes: Any) -> None:
    """Writes what was done, as long as the claim is this one; each has a number of its own. Raises Lost."""
    mine = TicketImport.objects.filter(pk=row.pk, attempts=row.attempts, status=status)
    if not mine.update(**{"claimed_until": timezone.now() + LEASE, "status": becomes or status} | changes):
        raise Lost


@contextmanager
def held(row: TicketImport) -> Iterator[None]:
    """Inside, the claim holds; afterwards, however that went, somebody else may go on at once."""
    ended = Event()
    thread = Thread(target=renew, args=(row.pk, row.attempts, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        TicketImport.objects.filter(pk=row.pk, attempts=row.attempts).update(claimed_until=None)


def renew(import_id: UUID, attempt: int, ended: Event) -> None:
    mine = TicketImport.objects.filter(pk=import_id, attempts=attempt, status__in=AT_WORK)
    try:
        while not ended.wait(RENEWED_EVERY):
            mine.update(claimed_until=timezone.now() + LEASE)
    finally:
        connection.close()
