"""The last 90 changes of a score, packed three bytes each on the account's hot row (see `AccountHealth.trail`).

A score changes on few days, so 200 accounts' charts cost one read of 200 rows instead of 18,000 rows of history.
"""

import struct
from collections.abc import Iterator
from datetime import date, timedelta

EPOCH = date(2000, 1, 1)
ENTRY = struct.Struct(">HB")
LENGTH = 90  # entries


def packed(day: date) -> bytes:
    """The day's half of an entry."""
    return (day - EPOCH).days.to_bytes(2)


def entries(trail: bytes | memoryview) -> Iterator[tuple[date, int]]:
    """(local date, score from that day on), oldest first."""
    for day, score in ENTRY.iter_unpack(bytes(trail)):
        yield EPOCH + timedelta(days=day), score


def score_on(trail: bytes | memoryview, day: date) -> int | None:
    """The score after the last change up to and including that day; None before the first one known."""
    found = None
    for changed, score in entries(trail):
        if changed > day:
            break
        found = score
    return found


def runs(trail: bytes | memoryview, first: date, last: date) -> Iterator[tuple[int | None, int]]:
    """(score, days it held) from first to last, both included; the score is None before the first one known."""
    start, current = (first - EPOCH).days, None
    end = (last - EPOCH).days + 1
    for day, score in ENTRY.iter_unpack(bytes(trail)):
        if day >= end:
            break
        if day > start:
            yield current, day - start
            start = day
        current = score
    yield current, end - start


def daily(trail: bytes | memoryview, first: date, last: date) -> list[int | None]:
    """One score a day from first to last, both included; None before the first one known."""
    return [score for score, days in runs(trail, first, last) for _ in range(days)]
