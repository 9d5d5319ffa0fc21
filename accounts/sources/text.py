"""The text of an exported file: its encoding, and its lines in a stream of bounded memory."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from io import TextIOWrapper

from accounts.ingest import RefusedRow

BLOCK = 1 << 20
LONGEST_RECORD = 1 << 20  # characters, over all its lines

# The bytes that Windows-1252 leaves undefined. A file with any of them is Latin-1, which defines all 256.
NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


class Survey:
    """What a look at all bytes of a file tells, a block at a time: its size and digest, and how its text is encoded.

    That is UTF-8 if all of it is, UTF-16 by its mark, else Windows-1252 or Latin-1.
    """

    def __init__(self) -> None:
        self.size = 0
        self.start = b""
        self.sha256 = sha256()
        self.decoder = getincrementaldecoder("utf-8")()
        self.is_utf8 = self.is_windows = True

    def feed(self, block: bytes) -> None:
        self.size += len(block)
        self.start = self.start or block[:8]
        self.sha256.update(block)
        self.decode(block)
        self.is_windows = self.is_windows and not NOT_WINDOWS.search(block)

    def decode(self, block: bytes, *, is_last: bool = False) -> None:
        try:
            if self.is_utf8:
                self.decoder.decode(block, is_last)
        except UnicodeDecodeError:
            self.is_utf8 = False

    @property
    def encoding(self) -> str:
        """Once all of it was fed."""
        if self.start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        self.decode(b"", is_last=True)
        if self.is_utf8:
            return "utf-8-sig" if self.start.startswith(BOM_UTF8) else "utf-8"
        return "cp1252" if self.is_windows else "latin-1"


class Lines:
    """The lines of a text, numbered from 1, that can be taken back: a quotation mark left open swallows good ones.

    A line with a NUL, and a record grown too long, raise RefusedRow; the next line is then the one that follows.
    """

    def __init__(self, text: TextIOWrapper, number: int = 0) -> None:
        self.text = text
        self.number = number  # of the line read last
        self.record: list[str] = []  # the lines handed out since the last `begin()`
        self.length = 0
        self.returned: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else self.text.readline(LONGEST_RECORD)
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        self.length += len(line)
        if self.length >= LONGEST_RECORD:
            self.skip_rest_of(line)
            raise RefusedRow(f"it is longer than {LONGEST_RECORD:,} characters, or a quotation mark is never closed")
        if "\0" in line:
            raise RefusedRow("it contains a NUL byte")
        return line

    @property
    def are_taken_back(self) -> bool:
        """Whether the next line is one that was read before; the text's own place lies behind it."""
        return bool(self.returned)

    def begin(self) -> int:
        """A new record starts with the next line; answers that line's number."""
        self.record, self.length = [], 0
        return self.number + 1

    def keep_first(self) -> None:
        """Takes back all lines of this record but its first."""
        rest = self.record[1:]
        self.returned.extendleft(reversed(rest))
        self.number -= len(rest)

    def skip_rest_of(self, line: str) -> None:
        """Where `readline` was cut off by its limit, the rest of that line is no line of its own."""
        while len(line) == LONGEST_RECORD and not line.endswith(("\n", "\r")):
            line = self.text.readline(LONGEST_RECORD)
