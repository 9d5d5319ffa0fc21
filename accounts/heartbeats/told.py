"""What a heartbeat says beside being there: features in use, environment, calls. Whatever it is, it is read as far as it makes sense."""

import json
import math
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qs

LARGEST = 65_536  # bytes of a body
MOST_NAMES = 200  # features, and as many facts of the environment
FEATURE_LENGTH, FACT_LENGTH = 120, 160
MOST_CALLS = 10**12  # since the last heartbeat
YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0", "")
FIELDS = ("features", "environment", "calls")

Names: TypeAlias = tuple[str, ...] | None
Reading: TypeAlias = Callable[[str, object], str | None]


@dataclass(frozen=True)
class Told:
    """Names in order, once each whatever their case; None: nothing was said of them. `left_out`: something made no sense."""

    features: Names = None
    environment: Names = None
    calls: int = 0
    left_out: bool = False

    @property
    def of_profile(self) -> bool:
        return self.features is not None or self.environment is not None


NOTHING = Told()
NONSENSE = Told(left_out=True)


def read(body: bytes) -> Told:
    """A body as JSON or as a form, whatever its type is said to be. Never raises."""
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return NONSENSE
    if not text:
        return NOTHING
    return of_json(text) if text[0] in "{[" else of_form(text)


def of_json(text: str) -> Told:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError, too
        return NONSENSE
    return sense(*(given.get(field) for field in FIELDS)) if isinstance(given, dict) else NONSENSE


def of_form(text: str) -> Told:
    """`features=a&features=b`, or `features=a,b`. An empty one says that there are none."""
    try:
        given = parse_qs(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return NONSENSE
    if not given.keys() & set(FIELDS):
        return NONSENSE
    parts = {field: [part for value in given[field] for part in value.split(",") if part.strip()] for field in FIELDS if field in given}
    calls = parts.get("calls")
    return sense(parts.get("features"), parts.get("environment"), calls[-1] if calls else None)


def sense(features: object, environment: object, calls: object) -> Told:
    """What can be made of the three. Each on its own: one that makes no sense costs no other."""
    said, unclear = names(features, feature, FEATURE_LENGTH)
    facts, more_unclear = names(environment, fact, FACT_LENGTH)
    number = count(calls)
    return Told(said, facts, number or 0, unclear or more_unclear or number is None)


def names(given: object, reading: Reading, longest: int) -> tuple[Names, bool]:
    """The names, and whether something was left out. An empty list says that there are none, one of nonsense says nothing."""
    if given is None:
        return None, False
    found: dict[str, str] = {}
    left_out = is_empty = False
    for name, value in pairs(given):
        said = reading(name, value) if isinstance(name, str) else None
        text = readable(said) if said else ""
        if said == "":
            is_empty = True  # one that is not in use
        elif 0 < len(text) <= longest:
            found.setdefault(text.casefold(), text)
        else:
            left_out = True
    kept = dict(list(found.items())[:MOST_NAMES])
    left_out |= len(kept) < len(found)
    if left_out and not kept and not is_empty:
        return None, True
    return tuple(kept[key] for key in sorted(kept)), left_out


def pairs(given: object) -> Iterator[tuple[object, object]]:
    """Names with what is said of each; whatever is no list is a name that makes no sense."""
    if isinstance(given, dict):
        yield from given.items()
    elif isinstance(given, list | tuple):
        yield from ((name, True) for name in given)
    else:
        yield None, None


def feature(name: str, value: object) -> str | None:
    """The name if it is in use, "" if not, None if it is neither."""
    said = str(value).strip().lower() if isinstance(value, bool | int | str) else None
    return name if said in YES else "" if said in NO else None


def fact(name: str, value: object) -> str | None:
    """“Kubernetes 1.31” from {"Kubernetes": "1.31"}."""
    if isinstance(value, bool) or value is None:
        return name if value else ""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return f"{name} {value}" if isinstance(value, str | int | float) else None


def readable(text: str) -> str:
    """On one line, of characters that can be shown: what PostgreSQL cannot store, nobody can see or would turn the line around is gone.

    Nothing is left of what was garbled on its way.
    """
    if "\ufffd" in text:
        return ""
    shown = "".join(each if each.isprintable() else " " for each in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())


def count(given: object) -> int | None:
    """A number of calls, 0 if none is given; None if it is none."""
    if isinstance(given, str) and len(given) <= 20 and given.strip().isdecimal():
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_CALLS):
        return given or 0
    return None
