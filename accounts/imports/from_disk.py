"""Importing a file that lies on this machine. The same file with the same choices goes on where an earlier process was cut off."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from accounts.imports import lease, running
from accounts.imports.choices import Choices
from accounts.imports.detecting import detect
from accounts.imports.layout import UnreadableFile
from accounts.imports.reading import Report
from accounts.models import Tenant, TicketImport
from accounts.sources.text import BLOCK, Survey

ASKED_EVERY = 1.0  # seconds
Said = Callable[[str], object]


def import_file(
    tenant: Tenant,
    path: Path,
    choices: Choices,
    *,
    progress: Callable[[int], object] = lambda _position: None,
    say: Said = lambda _words: None,
) -> Report:
    """Imports the file and reports. `progress` is told how many bytes have been read, `say` what a person waits for.

    Where another process imports the same file in the same way, this one waits for it and has the same report. Raises UnreadableFile.
    """
    try:
        with path.open("rb") as raw:
            row = surveyed(tenant, path.name, raw, choices)
            if not claimed(row, say):
                return finished(row)
            row.refresh_from_db()
            if row.rows_read:
                say(f"Going on after row {row.rows_read:,}, where an earlier import of this file was cut off.")
            return brought_in(row, raw, progress)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error


def surveyed(tenant: Tenant, name: str, raw: BinaryIO, choices: Choices) -> TicketImport:
    """The file's import, once all of it was looked at."""
    survey = Survey()
    while block := raw.read(BLOCK):
        survey.feed(block)
    detected = detect(raw, survey.size, survey.encoding, choices)
    detected.layout.require()
    return begun(tenant, name, survey, choices, detected.choices)


def brought_in(row: TicketImport, raw: BinaryIO, progress: Callable[[int], object]) -> Report:
    try:
        return running.go_on(row, raw, progress)
    except UnreadableFile as unreadable:
        running.end(row, str(unreadable), *lease.AT_WORK)
        raise
    except lease.Lost:
        raise UnreadableFile(
            "The import was cancelled meanwhile, or another process took it up. Nothing was imported by this one."
        ) from None


def begun(tenant: Tenant, name: str, survey: Survey, asked: Choices, read_as: Choices) -> TicketImport:
    """The import that was cut off, or a new one. Two processes get the same."""
    way = {"way": running.COMMAND, "asked": asked.as_json()}
    same: dict[str, Any] = {"tenant": tenant, "source": read_as.format, "digest": survey.sha256.hexdigest(), "size": survey.size}
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        begun = TicketImport.objects.filter(**same, options__contains=way, status__in=lease.AT_WORK).first()
        return begun or TicketImport.objects.create(
            **same, file_name=name[:200], options=way | {"read_as": read_as.as_json()}, status=lease.Status.READING
        )


def claimed(row: TicketImport, say: Said) -> bool:
    """Waits for whoever works on it. False if they brought it to its end."""
    is_told = False
    while not lease.claim(row.pk):
        row.refresh_from_db()
        if row.status not in lease.AT_WORK:
            return False
        if not is_told:
            seconds = lease.LEASE.seconds
            say(f"Another process is importing this file. Waiting for it; if it was killed, this one goes on within {seconds} seconds.")
            is_told = True
        time.sleep(ASKED_EVERY)
    return True


def finished(row: TicketImport) -> Report:
    row.refresh_from_db()
    if row.status != lease.Status.DONE:
        raise UnreadableFile(row.error)
    return Report.from_json(row.report)
