"""The clock of an escalation: hours that somebody is there to act. Pure; without working hours it runs all the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models.people import WEEKDAYS, WorkingHours

NOTHING = timedelta()


def due(start: datetime, hours: int, working: WorkingHours | None, zone: ZoneInfo) -> datetime:
    """The instant by which so many hours have been worked since `start`."""
    return after(start, timedelta(hours=hours), working, zone)


def after(start: datetime, left: timedelta, working: WorkingHours | None, zone: ZoneInfo) -> datetime:
    """The instant by which so much has been worked since `start`. What is negative lies so much before it, worked or not."""
    if working is None or left < NOTHING:
        return start + left
    for opens, closes in stretches(start, working, zone):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise AssertionError("a week has working hours")


def worked(start: datetime, end: datetime, working: WorkingHours | None, zone: ZoneInfo) -> timedelta:
    """Working time between two instants; negative if `end` is before `start`."""
    if end < start:
        return -worked(end, start, working, zone)
    if working is None:
        return end - start
    total = NOTHING
    for opens, closes in stretches(start, working, zone):
        if opens >= end:
            return total
        total += min(closes, end) - opens
    raise AssertionError("a week has working hours")


def is_working_day(at: datetime, working: WorkingHours | None, zone: ZoneInfo) -> bool:
    local = at.astimezone(zone).date()
    return working is None or (WEEKDAYS[local.weekday()] in working.days and local not in working.closed_on)


def stretches(start: datetime, working: WorkingHours, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Working time from `start` on, a stretch a day, in UTC: so a day on which clocks change has the hours that it has."""
    day = start.astimezone(zone).date()
    while True:
        closing_day = day + timedelta(days=1) if working.end == time(0) else day
        if is_working_day(datetime.combine(day, time(12), zone), working, zone):
            opens = max(datetime.combine(day, working.start, zone).astimezone(UTC), start)
            closes = datetime.combine(closing_day, working.end, zone).astimezone(UTC)
            if opens < closes:
                yield opens, closes
        day += timedelta(days=1)
