"""Where in a row of a file the values of its format stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from accounts.imports.choices import Choices
from accounts.ingest import RefusedRow
from accounts.ingest.mapping import quoted
from accounts.ingest.rows import KEY_LENGTH
from accounts.sources.dates import Dates
from accounts.sources.payload import requester
from accounts.sources.reading import Format, Row

KINDS = ("account", "organization", "project", "component", "label", "requester", "location")
CUSTOM_FIELD = re.compile(r"customfield_[0-9]{1,12}")
REMEMBERED = 20_000  # combinations of account values; most rows repeat one
SHOWN_HEADINGS = 500  # characters


class UnreadableFile(Exception):
    """Nothing of the file can be imported; the message says why."""


@dataclass(frozen=True)
class Layout:
    """`positions` has a place for each of the format's values that the file holds, `accounts` all places of each kind of account value.

    `missing` are the headings without which nothing can be imported, in words.
    """

    format: Format
    headings: Sequence[str]
    positions: dict[str, int]
    accounts: dict[str, tuple[int, ...]]
    missing: tuple[str, ...]

    def require(self) -> None:
        if self.missing:
            have = ", ".join(quoted(heading) for heading in self.headings if heading.strip())[:SHOWN_HEADINGS] or "none"
            names = ", ".join(self.missing)
            raise UnreadableFile(f"The file has no column {names}, which {self.format.name} needs. Its columns: {have}.")


def layout_of(headings: Sequence[str], choices: Choices) -> Layout:
    """Raises UnreadableFile for a choice that no file could have."""
    format = choices.known_format
    at: dict[str, list[int]] = {}
    for position, heading in enumerate(headings):
        at.setdefault(heading.strip().casefold(), []).append(position)
    wanted, accounts = as_chosen(choices)
    positions = {name: at[heading][0] for name, known in wanted.items() for heading in reversed(known) if heading in at}
    values = {kind: tuple(at[heading]) for kind, known in accounts.items() for heading in reversed(known) if heading in at}
    named = set(choices.columns)
    lacking = [name for name in wanted if name not in positions and (name in format.needed or (name in named and wanted[name]))]
    chosen = {name: (heading.strip(),) for name, heading in choices.columns.items() if heading.strip()}
    missing = [" or ".join(map(quoted, chosen.get(name) or wanted[name] or (name,))) for name in lacking]
    missing += [quoted(choices.columns[kind]) for kind, known in accounts.items() if kind in named and known and kind not in values]
    if choices.account_column and "column" not in values:
        missing.append(quoted(choices.account_column))
    return Layout(format, headings, positions, values, tuple(missing))


def as_chosen(choices: Choices) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The headings of the values and of the kinds of account values, as the format has them and the person wants them."""
    format = choices.known_format
    wanted, accounts = dict(format.columns), dict(format.accounts)
    for name, heading in choices.columns.items():
        table = wanted if name in wanted else accounts if name in KINDS or CUSTOM_FIELD.fullmatch(name) else None
        if table is None:
            names = ", ".join((*wanted, *KINDS))
            raise UnreadableFile(f"There is no value {quoted(name)} that a column could hold. Name one of: {names}, customfield_<number>.")
        table[name] = (heading.strip().casefold(),) if heading.strip() else ()
    if choices.account_column:
        accounts = {"column": (choices.account_column.strip().casefold(),)}
    return wanted, accounts


class Cells:
    """Makes a `Row` of a file's cells."""

    def __init__(self, layout: Layout, dates: Dates) -> None:
        format = layout.format
        self.width, self.dates = len(layout.headings), dates
        self.unknown, self.form = format.unknown, format.date_form
        self.places = list(layout.positions.items())
        self.absent = dict.fromkeys(format.columns.keys() - layout.positions.keys(), "")
        self.kinds = [kind for kind, places in layout.accounts.items() for _ in places]
        self.account_places = [place for places in layout.accounts.values() for place in places]
        self.account_values = lru_cache(REMEMBERED)(self.values)

    def row(self, cells: list[str]) -> Row:
        """Raises RefusedRow."""
        if len(cells) != self.width:
            raise RefusedRow(f"it has {len(cells)} columns where the heading has {self.width}")
        unknown = self.unknown
        values = {name: "" if (value := cells[place].strip()) in unknown else value for name, place in self.places}
        if self.absent:
            values.update(self.absent)
        told = self.account_values(tuple([cells[place] for place in self.account_places]))
        return Row(values, told, self.dates, self.form)

    def values(self, cells: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        found = [pair for kind, cell in zip(self.kinds, cells, strict=True) for pair in named(kind, cell.strip())]
        # A column that somebody named outright means what it says.
        return tuple((kind, value) for kind, value in found if value and (kind == "column" or value not in self.unknown))


def named(kind: str, cell: str) -> Iterator[tuple[str, str]]:
    """The values of one cell: labels stand side by side, an address names a person and a domain."""
    if kind == "label":
        yield from ((kind, label) for label in cell.split() if len(label) <= KEY_LENGTH)
    elif kind == "requester":
        yield from ((name, str(value)) for name, value in requester(cell) if len(str(value)) <= KEY_LENGTH)
    else:
        yield kind, cell
