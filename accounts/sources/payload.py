"""What other software sends as JSON: read without trust in its shape. Every reading refuses in plain words.

Dates may be ISO (also with “+0000”), milliseconds or seconds since 1970, or free text as people's templates write them. Free text is
read as English: “03/04/2026” is the month first, and the day first only where the first number is no month or points stand between the
numbers, as in a file (“03.04.2026”); a year alone at the front means year, month, day. What names no time zone is UTC.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dateutil import parser, tz

from accounts.ingest import RefusedRow
from accounts.ingest.mapping import quoted
from accounts.ingest.rows import KEY_LENGTH
from accounts.sources.dates import DATE, has_day_first

MOST_VALUES = 50_000  # of a body, counted by what stands before each; a ticket with all its fields has a few thousand
LONGEST_DATE = 60  # characters
MILLISECONDS = 1e11  # what is more cannot be seconds: they would lie in the year 5138
HOURS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
ZONES = {name: tz.tzoffset(name, timedelta(hours=hours)) for name, hours in HOURS.items()}
# Read against both, a text that leaves out its day, month or year tells two dates.
BLANKS = (datetime(2000, 1, 1, 0, 0), datetime(2004, 2, 2, 0, 0))
HAS_TIME = re.compile(r"\d[T ]?\d?\d:\d\d|\d\s*[ap]\.?m\b", re.IGNORECASE)
IN_NUMBERS = re.compile(DATE)
NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
PREFIXES = ("case_", "conversation_", "ticket_")
NOT_TEXT = re.compile("[\0\ud800-\udfff]")  # what JSON may carry and PostgreSQL does not keep


@dataclass(frozen=True)
class Moment:
    """An instant in UTC, and whether a time of day was told with it."""

    at: datetime
    is_exact: bool


def parsed(body: bytes) -> Mapping[str, object]:
    """The object that a body holds, whatever its encoding by name: JSON is UTF-8, UTF-16 or UTF-32."""
    if len(body) > MOST_VALUES and sum(body.count(mark) for mark in (b"[", b"{", b",")) > MOST_VALUES:
        raise RefusedRow(f"it holds more than {MOST_VALUES:,} values")
    try:
        found = json.loads(body, parse_constant=not_a_number, strict=False)  # templates put line breaks into texts
    except RecursionError:
        raise RefusedRow("its JSON is nested too deeply") from None
    except json.JSONDecodeError:
        raise RefusedRow("the body is not JSON. Check what the source was told to send." if body.strip() else "its body is empty") from None
    except UnicodeDecodeError:
        raise RefusedRow("its text is in no encoding that JSON may have") from None
    except ValueError:
        raise RefusedRow("it is not JSON: one of its numbers is none, or far too long") from None
    if not isinstance(found, dict):
        raise RefusedRow("it is JSON, but not an object")
    return found


def not_a_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def part(value: object, *path: str) -> object:
    """What lies at the path of keys, or None."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def first(values: Iterable[object]) -> object:
    """The first of them that says anything."""
    return next((value for value in values if value not in (None, "", [], {})), None)


def items(value: object) -> list[object]:
    """A list's items; of anything else that one value."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: object) -> str:
    """A text or a number as text, on one line's worth of characters that can be stored; else nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", str(value)).strip()


def moment(value: object, what: str) -> Moment | None:
    """When that was; None where nothing is said. Raises RefusedRow where what is said is no date."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        found = read_moment(value)
        return Moment(found.at.astimezone(UTC), found.is_exact)
    except (ValueError, OverflowError, OSError, ArithmeticError, TypeError):  # dateutil's own slips on odd texts among them
        raise RefusedRow(f"{what} {quoted(text(value) or type(value).__name__)} is not a date such as 2026-11-21T14:05:00Z") from None


def instant(value: object, what: str) -> datetime | None:
    found = moment(value, what)
    return found.at if found else None


def read_moment(value: object) -> Moment:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    if not isinstance(value, str):
        return Moment(datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS else value, UTC), True)
    value = value.strip()
    if len(value) > LONGEST_DATE:
        raise ValueError(value)
    if value.isascii() and value.isdigit() and len(value) > 8:
        return read_moment(int(value))
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = free_form(value)
    return Moment(found if found.tzinfo else found.replace(tzinfo=UTC), bool(HAS_TIME.search(value)))


def free_form(value: str) -> datetime:
    """A date as a template wrote it. Refused: one that leaves out its day, month or year, or names a time zone nobody knows."""
    in_numbers = IN_NUMBERS.search(value)
    is_day_first = bool(in_numbers and has_day_first(in_numbers))
    is_year_first = value[:4].isdigit()
    one, other = (
        parser.parse(value, default=blank, tzinfos=known_zone, yearfirst=is_year_first, dayfirst=is_day_first) for blank in BLANKS
    )
    if one != other:
        raise ValueError(value)
    return one


def known_zone(name: str | None, offset: int | None) -> tz.tzoffset:
    if offset is not None or name is None:
        return tz.tzoffset(name, offset or 0)
    if name not in ZONES:
        raise ValueError(name)
    return ZONES[name]


def account_values(pairs: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    """What may name an account, as pairs of a kind and a text. Texts that are too long for an account's id are none."""
    told = ((text(kind), text(value)) for kind, value in pairs)
    return tuple((kind, value) for kind, value in told if kind and value and len(value) <= KEY_LENGTH and "\n" not in value)


def normalised(given: Mapping[str, object]) -> dict[str, object]:
    """The values under names as programs write them: “Ticket ID”, “ticket-id” and “id” are all `id`. The more explicit name wins."""
    plain = [(NOT_IN_NAMES.sub("_", name.casefold()).strip("_"), value) for name, value in given.items()]
    explicit = {name.removeprefix(prefix): value for prefix in PREFIXES for name, value in plain if name.startswith(prefix)}
    return dict(plain) | explicit


def requester(mail: object) -> Iterator[tuple[str, object]]:
    """Who asked, and the domain of their address."""
    address = text(mail).casefold()
    name, _, domain = address.rpartition("@")
    if name and "." in domain:
        yield "domain", domain
        yield "requester", address
