"""The HTTP header by which a server asks to be left alone for a while."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds(header: str) -> float | None:
    """From a header that gives seconds or a date that may have passed; None where it says nothing that makes sense."""
    try:
        found = float(header)
    except ValueError:
        pass
    else:
        return found if found >= 0 else None
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError, OverflowError):  # no date, or one without its zone
        return None
