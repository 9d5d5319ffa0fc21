"""Dates as ticket systems export them: ISO, months by name, or numbers whose order the file as a whole has to tell."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

LONGEST = 48  # characters
REMEMBERED = 20_000  # a ticket's dates stand on each of its rows
CENTURY_TURNS = 70  # “69” is 2069, “70” is 1970

# The first letters of a month's name in English, German, French, Spanish, Portuguese, Italian and Dutch, longest match first.
MONTHS = {
    **{"juil": 7, "juin": 6, "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "fév": 2, "mar": 3, "mär": 3, "mrz": 3, "mrt": 3, "maa": 3},
    **{"apr": 4, "abr": 4, "avr": 4, "may": 5, "mai": 5, "mei": 5, "mag": 5, "jun": 6, "giu": 6, "jul": 7, "lug": 7, "aug": 8, "ago": 8},
    **{
        "aoû": 8,
        "aou": 8,
        "sep": 9,
        "set": 9,
        "oct": 10,
        "okt": 10,
        "out": 10,
        "ott": 10,
        "nov": 11,
        "dec": 12,
        "dez": 12,
        "dic": 12,
        "déc": 12,
    },
}
DATE = r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})"
NUMBERS = re.compile(rf"{DATE}(?:,?[ T]+(.+))?")
DAY_FIRST = re.compile(r"([0-9]{1,2})[ ./-]+([^\W\d_]{3,12})\.?[ ,./-]+([0-9]{4}|[0-9]{2})(?:,?[ T]+(.+))?")
MONTH_FIRST = re.compile(r"([^\W\d_]{3,12})\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4}|[0-9]{2})(?:,?[ T]+(.+))?")
TIME = re.compile(
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2})(?:[.,][0-9]{1,9})?)?(?: ?([AaPp])\.? ?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
)
ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}


class Dates:
    """Reads a file's dates, those in numbers in the given order. What names no time zone is of the given one."""

    def __init__(self, order: str, zone: tzinfo = UTC) -> None:
        self.order, self.zone = order, zone
        self.read = lru_cache(REMEMBERED)(self.instant)

    def instant(self, value: str) -> datetime:
        """Raises ValueError or OverflowError for what is no date."""
        bare = value.removesuffix(" UTC")
        try:
            moment = datetime.fromisoformat(bare)
        except ValueError:
            moment = self.written(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone if bare == value else UTC)).astimezone(UTC)

    def written(self, value: str) -> datetime:
        if len(value) > LONGEST:
            raise ValueError(value)
        value = value.replace("\u202f", " ").replace("\xa0", " ")  # what newer locales set before AM and PM
        if found := NUMBERS.fullmatch(value):
            year, month, day = numbers(found[1], found[3], found[4], self.order)
            return at(year, month, day, found[5])
        if found := DAY_FIRST.fullmatch(value):
            return at(full(found[3]), month_of(found[2]), int(found[1]), found[4])
        if found := MONTH_FIRST.fullmatch(value):
            return at(full(found[3]), month_of(found[1]), int(found[2]), found[4])
        raise ValueError(value)


def numbers(first: str, second: str, third: str, order: str) -> tuple[int, int, int]:
    """Year, month and day. A year of four digits at the front says what follows."""
    if len(first) > 2 or order == "ymd":
        return full(first), int(second), int(third)
    day, month = (first, second) if order == "dmy" else (second, first)
    return full(third), int(month), int(day)


def full(year: str) -> int:
    if len(year) not in (2, 4):
        raise ValueError(year)
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < CENTURY_TURNS else 1900)


def month_of(name: str) -> int:
    name = name.casefold()
    for letters, month in MONTHS.items():
        if name.startswith(letters):
            return month
    raise ValueError(name)


def at(year: int, month: int, day: int, time: str | None) -> datetime:
    if not time:
        return datetime(year, month, day)
    found = TIME.fullmatch(time.strip())
    if not found:
        raise ValueError(time)
    hour, minute, second, half, zone = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(time)
        hours = hours % 12 + (12 if half in "Pp" else 0)
    local = datetime(year, month, day, hours, int(minute), int(second or 0))
    if not zone:
        return local
    return datetime.fromisoformat(local.isoformat() + zone) if zone[0] in "+-" else local.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """The order of a file's dates in numbers, and how sure that is. `in_numbers` are the sample's different dates, `misfits` those that do not fit."""

    order: str
    is_certain: bool
    in_numbers: int = 0
    misfits: int = 0


def order_of(values: Iterable[str], default: str) -> Order:
    """What the values allow: one above 12 tells the day from the month. Where each of them can be either, the default."""
    fits: Counter[str] = Counter()
    total = 0
    for value in set(values):
        found = NUMBERS.fullmatch(value)
        if found and len(found[1]) <= 2:
            total += 1
            fits.update(possible(found))
    if not total:
        return Order(default, True)
    if not (fits["dmy"] or fits["mdy"]) and fits["ymd"]:
        return Order("ymd", True, total, total - fits["ymd"])
    if fits["dmy"] == fits["mdy"]:
        return Order(default, False, total, total - fits[default])
    order = "dmy" if fits["dmy"] > fits["mdy"] else "mdy"
    return Order(order, True, total, total - fits[order])


def has_day_first(found: re.Match[str]) -> bool:
    """Nobody who sets points between the numbers of a date writes the month first."""
    return found[2] == "." and len(found[1]) <= 2


def possible(found: re.Match[str]) -> Iterator[str]:
    """The orders in which these numbers are a date."""
    for order in ("dmy",) if has_day_first(found) else tuple(ORDERS):
        try:
            datetime(*numbers(found[1], found[3], found[4], order))
        except ValueError:
            continue
        yield order
