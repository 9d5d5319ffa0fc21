"""An import from beginning to end: claimed, read and staged in steps, merged whole or not at all, and taken up again where it was cut off.

The row is the queue; a message to a worker only says that there is work.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.imports import content, lease
from accounts.imports.choices import Choices
from accounts.imports.detecting import headings_of
from accounts.imports.layout import UnreadableFile, layout_of
from accounts.imports.lease import Status
from accounts.imports.reading import Report
from accounts.imports.staging import Kept, stage
from accounts.ingest import merge_staged
from accounts.models import StagedTicket, TicketImport, User
from accounts.sources import mapping_of
from tamdash.broker import tell

logger = logging.getLogger(__name__)

RUN = "accounts.tasks.run_import"
UPLOAD, COMMAND = "upload", "command"
MAX_ATTEMPTS = 3  # in a row without a single step
FORGOTTEN_AFTER = timedelta(days=7)
SWEPT_EVERY = 30.0  # seconds
AT_ONCE = 100
STUCK = f"It stopped {MAX_ATTEMPTS} times without getting further. Upload it again; if that stops too, tell whoever runs tamdash the time."
FORGOTTEN = f"Nobody went on with it for {FORGOTTEN_AFTER.days} days. Nothing of it was imported."


def choices_of(row: TicketImport) -> Choices:
    return Choices(**row.options["read_as"])


def go_on(row: TicketImport, raw: BinaryIO, progress: Callable[[int], object] = lambda _position: None) -> Report:
    """Brings a claimed import to its end. Raises UnreadableFile, and Lost if it was taken away."""
    with lease.held(row):
        choices = choices_of(row)
        _, headings = headings_of(raw, choices.encoding, choices.delimiter)
        layout = layout_of(headings, choices)
        layout.require()
        read = mapping_of(row.tenant, row.source)
        kept = stage(row, raw, choices, layout, read, progress)
        return merge(row, kept, read.account_by, create_accounts=choices.create_accounts)


def merge(row: TicketImport, kept: Kept, account_by: tuple[str, ...], *, create_accounts: bool) -> Report:
    """In one transaction: the tickets, the report, and that the import is over."""
    lease.go_on(row, becomes=Status.MERGING)
    with transaction.atomic():
        done = merge_staged(row.tenant, row.source, row.pk, account_by=account_by, create_accounts=create_accounts)
        report = replace(
            kept.report,
            tickets_written=done.written,
            unchanged=done.unchanged,
            unmatched=done.unmatched,
            accounts_created=done.accounts_created,
        )
        clear(row)
        over = {"report": report.as_json(), "bytes_read": row.size, "finished_at": timezone.now(), "claimed_until": None}
        lease.go_on(row, Status.MERGING, becomes=Status.DONE, **over)
    return report


def clear(row: TicketImport) -> None:
    """Removes what only the way in needed."""
    StagedTicket.objects.filter(ticket_import=row).delete()
    row.parts.all().delete()


def end(row: TicketImport, error: str, *before: str) -> bool:
    """Gives up an import that is in one of these states; nothing of it is in the tickets. Says whether it did."""
    with transaction.atomic():
        rows = TicketImport.objects.filter(pk=row.pk, status__in=before)
        if not rows.update(status=Status.FAILED, error=error[:500], finished_at=timezone.now(), claimed_until=None):
            return False
        clear(row)
    return True


def start(row: TicketImport, choices: Choices) -> bool:
    """Queues an uploaded file to be imported as its preview showed. False if that was done already, or it is gone."""
    with transaction.atomic():
        waiting = TicketImport.objects.filter(pk=row.pk, status=Status.UPLOADED)
        done = waiting.update(status=Status.QUEUED, source=choices.format, options=row.options | {"read_as": choices.as_json()})
        if done:
            transaction.on_commit(partial(tell, RUN, str(row.pk), takes_long=True))
    return bool(done)


def cancel(row: TicketImport, by: User) -> bool:
    """False once its tickets are being written, or it is over."""
    return end(row, f"Cancelled by {by}. Nothing of it was imported.", Status.UPLOADED, Status.QUEUED, Status.READING)


def run(import_id: str) -> None:
    """A worker's turn at an uploaded file. Does nothing if another has it, or it is over."""
    row = lease.claim(UUID(import_id))
    if row is None:
        return
    if row.attempts - row.report.get("attempt", 0) > MAX_ATTEMPTS:
        end(row, STUCK, *lease.AT_WORK)
        return
    try:
        go_on(row, content.opened(row.pk, row.size))
    except UnreadableFile as unreadable:
        end(row, str(unreadable), *lease.AT_WORK)
    except lease.Lost:
        logger.info("Import %s was cancelled, or another worker took it up", row.pk)


def sweep(now: datetime) -> None:
    """Finds what a lost message or a killed worker left behind, and clears away what nobody goes on with."""
    uploads = TicketImport.objects.filter(options__way=UPLOAD, status__in=(Status.QUEUED, *lease.AT_WORK))
    for row in uploads.filter(Q(claimed_until=None) | Q(claimed_until__lt=now)).order_by("created_at")[:AT_ONCE]:
        tell(RUN, str(row.pk), expires=SWEPT_EVERY, takes_long=True)
    old = TicketImport.objects.filter(created_at__lt=now - FORGOTTEN_AFTER)
    forgotten = Q(status=Status.UPLOADED) | Q(status__in=lease.AT_WORK, options__way=COMMAND, claimed_until=None)
    left = Q(status__in=lease.AT_WORK, options__way=COMMAND, claimed_until__lt=now - FORGOTTEN_AFTER)
    for row in old.filter(forgotten | left)[:AT_ONCE]:
        end(row, FORGOTTEN, row.status)
