"""How a file is to be read, as far as nobody said: by its first line, and by its dates all along it."""

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from typing import BinaryIO

from accounts.imports.choices import DELIMITERS, Choices
from accounts.imports.layout import Layout, UnreadableFile, layout_of
from accounts.ingest import RefusedRow
from accounts.sources import FORMATS, generic
from accounts.sources.dates import Order, order_of
from accounts.sources.text import Lines

LONGEST_VALUE = 131_072  # characters
MOST_COLUMNS = 5_000
LIKENESS = 0.5  # the part of the columns that a format needs, from which on a file is recognised as of that format
SAMPLES, SAMPLE = 24, 1 << 16  # pieces of a file that are looked at for dates, and the bytes of each
EXPORT_IT = "Export it as CSV, or save it as CSV with a spreadsheet program."
PACKED = {
    b"\x1f\x8b": "The file is compressed (gzip). Unpack it first.",
    b"PK\x03\x04": f"The file is a ZIP archive or an Excel workbook. Unpack it, or: {EXPORT_IT}",
    b"\xd0\xcf\x11\xe0": f"The file is an old Excel workbook. {EXPORT_IT}",
    b"%PDF": f"The file is a PDF. {EXPORT_IT}",
    b"BZh": "The file is compressed (bzip2). Unpack it first.",
    b"\xfd7zXZ": "The file is compressed (xz). Unpack it first.",
    b"(\xb5/\xfd": "The file is compressed (zstd). Unpack it first.",
}
NO_TEXT = re.compile("[\0-\x08\x0e-\x1f\ufffd]")


@dataclass(frozen=True)
class Detected:
    """How the file is read: `choices` leave nothing open but the values' columns, which `layout` has. `dates`: how sure their order is.

    A file that is not recognised, and of which nobody said what it is, has tamdash's own format, of which it lacks columns.
    """

    choices: Choices
    layout: Layout
    dates: Order
    is_recognised: bool = True

    def require(self) -> None:
        if not self.is_recognised:
            raise UnreadableFile("Its columns are those of no known system. Choose which it was exported from.")
        self.layout.require()


def refuse_packed(start: bytes) -> None:
    for mark, why in PACKED.items():
        if start.startswith(mark):
            raise UnreadableFile(why)


def refuse_binary(start: bytes) -> None:
    """NULs here and there cost their rows only; UTF-16, which is full of them, may lack its mark and be chosen later."""
    if b"\0" not in start or start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return
    if not any(is_text(start.decode(encoding, errors="replace")) for encoding in ("latin-1", "utf-16-le")):
        raise UnreadableFile(f"The file is not text: it is full of NUL bytes, and nothing in it can be read. {EXPORT_IT}")


def is_text(said: str) -> bool:
    """Whether the first line can be read, and half of all."""
    lines = [not NO_TEXT.search(line) for line in said.split("\n") if line.strip()]
    return bool(lines) and lines[0] and sum(lines) * 2 >= len(lines)


def detect(raw: BinaryIO, size: int, encoding: str, choices: Choices) -> Detected:
    """`encoding` is what a survey found. Raises UnreadableFile; a column that is missing stands in the layout."""
    raw.seek(0)
    start = raw.read(4)
    refuse_packed(start)
    encoding = exact(choices.encoding or encoding, start)
    delimiter, headings = headings_of(raw, encoding, choices.delimiter)
    format = choices.format or format_of(headings)
    choices = choices if format else replace(choices, columns={})
    choices = replace(choices.of_format(format or generic.FORMAT.name), encoding=encoding, delimiter=delimiter)
    layout = layout_of(headings, choices)
    order = choices.date_order
    dates = Order(order, True) if order else order_of(dates_of(raw, size, choices, layout), layout.format.date_order)
    return Detected(replace(choices, date_order=dates.order), layout, dates, is_recognised=bool(format))


def exact(encoding: str, start: bytes) -> str:
    """UTF-16 without its mark is what Windows writes."""
    return "utf-16-le" if encoding == "utf-16" and not start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else encoding


def headings_of(raw: BinaryIO, encoding: str, delimiter: str) -> tuple[str, list[str]]:
    """The same without the lines, which would close the file with them."""
    delimiter, headings, lines = first_line(raw, encoding, delimiter)
    lines.text.detach()
    return delimiter, headings


def lines_of(raw: BinaryIO, encoding: str) -> Lines:
    raw.seek(0)
    return Lines(TextIOWrapper(raw, encoding, errors="replace", newline=""))


def first_line(raw: BinaryIO, encoding: str, delimiter: str) -> tuple[str, list[str], Lines]:
    """The delimiter, which is the one that makes the most columns unless it is given, the headings, and the lines behind them."""
    csv.field_size_limit(LONGEST_VALUE)
    lines = lines_of(raw, encoding)
    try:
        line = next(lines).removeprefix("\ufeff")
        if line[:4].casefold() == "sep=" and line[4:5] in DELIMITERS and not line[5:].strip():  # a word to spreadsheets
            delimiter, line = delimiter or line[4], next(lines)
        found = {mark: next(csv.reader([line], delimiter=mark), []) for mark in ([delimiter] if delimiter else DELIMITERS)}
    except StopIteration:
        raise UnreadableFile("The file is empty.") from None
    except (csv.Error, RefusedRow) as error:
        raise UnreadableFile(f"The first line cannot be read as the names of columns: {error}.") from None
    delimiter, headings = max(found.items(), key=lambda item: len(item[1]))
    if len(headings) > MOST_COLUMNS:
        raise UnreadableFile(f"The first line has {len(headings):,} columns; {MOST_COLUMNS:,} are the most. Export fewer of them.")
    return delimiter, headings, lines


def format_of(headings: Sequence[str]) -> str:
    """The format whose columns these are: of those with all they need, the one that knows the most; else the nearest; "" if none is near."""
    have = {heading.strip().casefold() for heading in headings}

    def likeness(name: str) -> tuple[float, int]:
        columns, needed = FORMATS[name].columns, FORMATS[name].needed
        known = {name for name, headings in columns.items() if not have.isdisjoint(headings)}
        return len(needed & known) / len(needed), len(known)

    nearest = max(FORMATS, key=likeness)
    return nearest if likeness(nearest)[0] >= LIKENESS else ""


def dates_of(raw: BinaryIO, size: int, choices: Choices, layout: Layout) -> Iterator[str]:
    """Dates from all along the file. A row that a piece cuts through, or that does not look whole, tells nothing."""
    places = [layout.positions[name] for name in layout.format.dates if name in layout.positions]
    for text in pieces(raw, size, choices.encoding):
        try:
            for row in csv.reader(text.splitlines()[1:-1], delimiter=choices.delimiter):
                if len(row) == len(layout.headings):
                    yield from (row[place].strip() for place in places)
        except csv.Error:
            continue


def pieces(raw: BinaryIO, size: int, encoding: str) -> Iterator[str]:
    raw.seek(0)
    if encoding == "utf-16":
        encoding = "utf-16-be" if raw.read(2) == BOM_UTF16_BE else "utf-16-le"
    apart = max(SAMPLE, size // SAMPLES) // 4 * 4
    for start in range(0, max(size, 1), apart):
        raw.seek(start)
        piece = raw.read(SAMPLE)
        is_whole = start + len(piece) >= size
        yield piece.decode(encoding, errors="replace") + ("\n\n" if is_whole else "")
