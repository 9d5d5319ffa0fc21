"""Whose an import is: whoever works on it holds a lease, which is renewed for as long as that process lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import TicketImport
from tamdash.lease import renewed

Status = TicketImport.Status
LEASE = timedelta(seconds=20)
LONGEST = timedelta(hours=6)  # what has not ended by then hangs: only its steps renew the lease from there on
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
    """Writes what was done, as long as the lease is this one; each has a number of its own. Raises Lost."""
    mine = TicketImport.objects.filter(pk=row.pk, attempts=row.attempts, status=status)
    if not mine.update(**{"claimed_until": timezone.now() + LEASE, "status": becomes or status} | changes):
        raise Lost


@contextmanager
def held(row: TicketImport) -> Iterator[None]:
    """Inside, the lease holds; afterwards, however that went, somebody else may go on at once."""
    mine = TicketImport.objects.filter(pk=row.pk, attempts=row.attempts)
    try:
        with renewed(lambda: mine.filter(status__in=AT_WORK).update(claimed_until=timezone.now() + LEASE), LONGEST.total_seconds()):
            yield
    finally:
        mine.update(claimed_until=None)
