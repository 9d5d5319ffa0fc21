"""Taking in an uploaded file: it goes into PostgreSQL in pieces, and waits there until somebody has looked at its preview."""

from collections.abc import Iterator
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.imports import content, running
from accounts.imports.detecting import SAMPLE, refuse_binary, refuse_packed
from accounts.imports.layout import UnreadableFile
from accounts.imports.lease import Status
from accounts.models import TicketImport, User
from accounts.models.inbound import TicketSystem
from accounts.sources.text import Survey

LARGEST = 1 << 30  # bytes
TOO_LARGE = f"The file is larger than {LARGEST >> 30} GB. Split it, or have it imported on the server with manage.py import_tickets."


def receive(file: UploadedFile[Any], by: User) -> TicketImport:
    """Keeps the file. Raises UnreadableFile."""
    if not file.size:
        raise UnreadableFile("The file is empty.")
    if file.size > LARGEST:
        raise UnreadableFile(TOO_LARGE)
    start = file.read(SAMPLE)
    refuse_packed(start)
    refuse_binary(start)
    file.seek(0)
    survey = Survey()
    with transaction.atomic():
        row = TicketImport.objects.create(
            tenant=by.tenant,
            source=TicketSystem.GENERIC,
            file_name=(file.name or "tickets.csv")[:200],
            size=file.size,
            status=Status.UPLOADED,
            requested_by=by,
        )
        content.keep(row.pk, surveyed(file, survey))
        row.size, row.digest = survey.size, survey.sha256.hexdigest()
        row.options = {"way": running.UPLOAD, "encoding": survey.encoding}
        row.save(update_fields=["size", "digest", "options"])
    return row


def surveyed(file: UploadedFile[Any], survey: Survey) -> Iterator[bytes]:
    for block in file.chunks(content.PART):
        survey.feed(block)
        yield block
