"""The clock of an escalation: working hours of a tenant, in its own zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from accounts import clock
from accounts.models.people import WEEKDAYS, WorkingHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingHours()
HOUR = timedelta(hours=1)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("opened", "hours", "due"),
    [
        ("2026-11-24 09:00", 4, "2026-11-24 13:00"),
        ("2026-11-24 07:00", 4, "2026-11-24 12:00"),  # the day begins at 8
        ("2026-11-24 16:30", 4, "2026-11-25 10:30"),
        ("2026-11-24 14:00", 4, "2026-11-24 18:00"),  # up to the last minute
        ("2026-11-27 17:00", 4, "2026-11-30 11:00"),  # over the weekend
        ("2026-11-28 12:00", 4, "2026-11-30 12:00"),
        ("2026-11-24 08:00", 24, "2026-11-26 12:00"),
    ],
)
def test_an_escalation_is_due_after_so_many_working_hours(opened: str, hours: int, due: str) -> None:
    assert clock.due(at(opened), hours, OFFICE, BERLIN) == at(due)


def test_without_working_hours_the_clock_runs_all_the_time() -> None:
    start = at("2026-11-27 17:00")
    assert clock.due(start, 24, None, BERLIN) == start + 24 * HOUR
    assert clock.worked(start, start + 24 * HOUR, None, BERLIN) == 24 * HOUR


def test_a_public_holiday_is_no_working_day() -> None:
    closed = WorkingHours(closed_on=[date(2026, 12, 25)])
    assert clock.due(at("2026-12-24 16:00"), 4, closed, BERLIN) == at("2026-12-28 10:00")
    assert not clock.is_working_day(at("2026-12-25 10:00"), closed, BERLIN)


def test_a_night_in_which_the_clocks_change_has_the_hours_that_it_has() -> None:
    nights = WorkingHours(days=list(WEEKDAYS), start=time(0), end=time(0))  # type: ignore[arg-type]  # the names of all days
    spring = at("2026-03-29 00:00")
    assert clock.due(spring, 23, nights, BERLIN) == at("2026-03-30 00:00")
    assert clock.worked(spring, at("2026-03-30 00:00"), nights, BERLIN) == 23 * HOUR


def test_what_is_overdue_is_counted_in_working_time() -> None:
    due = at("2026-11-27 17:00")
    assert clock.worked(at("2026-11-30 09:00"), due, OFFICE, BERLIN) == -2 * HOUR


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]).map(ZoneInfo)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@st.composite
def working_hours(draw: st.DrawFn) -> WorkingHours:
    start = draw(st.integers(0, 22 * 60))
    end = draw(st.integers(start + 60, 24 * 60))
    return WorkingHours(
        days=draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True)),
        start=time(start // 60, start % 60),
        end=time(end // 60 % 24, end % 60),
        closed_on=draw(st.lists(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=5)),
    )


@given(instants, st.integers(1, 24 * 14), working_hours(), zones)
def test_until_it_is_due_exactly_so_many_hours_are_worked(start: datetime, hours: int, working: WorkingHours, zone: ZoneInfo) -> None:
    due = clock.due(start, hours, working, zone)
    assert clock.worked(start, due, working, zone) == hours * HOUR
    assert clock.worked(start, due - timedelta(minutes=1), working, zone) == hours * HOUR - timedelta(minutes=1)


@given(instants, instants, instants, working_hours(), zones)
def test_working_time_adds_up(one: datetime, two: datetime, three: datetime, working: WorkingHours, zone: ZoneInfo) -> None:
    first = clock.worked(one, two, working, zone)
    assert first + clock.worked(two, three, working, zone) == clock.worked(one, three, working, zone)
    assert abs(first) <= abs(two - one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": []},
        {"days": ["Someday"]},
        {"start": "09:00", "end": "09:30"},
        {"start": "18:00", "end": "08:00"},
        {"start": "08:00+02:00"},
        {"lunch": "12:00"},
    ],
)
def test_working_hours_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WorkingHours.model_validate(wrong)
