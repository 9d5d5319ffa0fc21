"""The bytes of an uploaded file, which lie in PostgreSQL in pieces, so that any worker can read them."""

import io
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import connection

from accounts.models import TicketImportPart

PART = 1 << 20  # bytes; all but the last piece have as many
COPY_PARTS = "COPY accounts_ticketimportpart (ticket_import_id, number, data) FROM STDIN (FORMAT BINARY)"


def keep(import_id: UUID, blocks: Iterable[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_PARTS) as copy:
        copy.set_types(["uuid", "int4", "bytea"])
        for number, piece in enumerate(in_parts(blocks)):
            copy.write_row((import_id, number, piece))


def in_parts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= PART:
            yield bytes(waiting[:PART])
            del waiting[:PART]
    if waiting:
        yield bytes(waiting)


class Parts(io.RawIOBase):
    """The kept file, read a piece at a time."""

    def __init__(self, import_id: UUID, size: int) -> None:
        self.import_id, self.size = import_id, size
        self.position = 0
        self.number, self.piece = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typed wider than what the buffered reader passes
        number, start = divmod(self.position, PART)
        if self.position < self.size and number != self.number:
            self.piece = bytes(TicketImportPart.objects.values_list("data", flat=True).get(ticket_import=self.import_id, number=number))
            self.number = number
        found = self.piece[start : start + len(buffer)] if self.position < self.size else b""
        buffer[: len(found)] = found
        self.position += len(found)
        return len(found)


def opened(import_id: UUID, size: int) -> io.BufferedReader:
    return io.BufferedReader(Parts(import_id, size), PART)
