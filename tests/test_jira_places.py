"""What a sync asks next: whatever changes meanwhile, however the user's clock is set, no issue is passed over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.pull.places import FORM, Found, Place, following, has_slipped, key_of, moment, query
from tests.fake_jira import Issue

ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12"]
START = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
@example("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # half past two, the first time
@example("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # and the second
def test_a_minute_of_jql_is_never_after_the_instant_it_stands_for(zone: str, at: datetime) -> None:
    read = [datetime.strptime(moment(at, ZoneInfo(zone)), FORM).replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1)]
    assert all(at - timedelta(hours=2, minutes=1) < one.astimezone(UTC) <= at for one in read)


def test_the_question_is_fenced_and_in_order() -> None:
    place = Place(began=START, zone="Europe/Berlin", since=START)
    assert query("a = 1 OR b = 2", place) == '(a = 1 OR b = 2) AND updated >= "2026-10-25 01:00" ORDER BY updated ASC, key ASC'


def test_where_the_zone_is_not_known_more_is_asked_for() -> None:
    assert '"2026-10-24 12:00"' in query("x", Place(began=START, since=START))


class Shelf:
    """A Jira's issues, some of which change after each page."""

    def __init__(self, minutes: list[int], changes: list[list[int]], most: int) -> None:
        self.issues = [Issue(f"SUP-{number}", START, START + timedelta(minutes=minute)) for number, minute in enumerate(minutes)]
        self.changes, self.most, self.now = iter(changes), most, START + timedelta(days=1)

    def found(self, place: Place, *, is_cloud: bool) -> Found:
        since = place.since.replace(second=0, microsecond=0) if place.since else START
        rows = sorted((one for one in self.issues if one.updated >= since), key=lambda one: (one.updated, one.key))
        if is_cloud and place.token:
            rows = [one for one in rows if f"{one.updated.isoformat()} {one.key}" > place.token]
        first = 0 if is_cloud else place.offset
        page = rows[first : first + self.most]
        is_last = first + len(page) >= len(rows)
        token = f"{page[-1].updated.isoformat()} {page[-1].key}" if is_cloud and not is_last else ""
        found = Found([one.shown() for one in page], is_last, token)
        for number in next(self.changes, []):
            self.now += timedelta(seconds=20)
            self.issues[number % len(self.issues)].updated = self.now
        return found


@settings(max_examples=200)
@given(
    minutes=st.lists(st.sampled_from([0, 0, 0, 1]), min_size=1, max_size=14),
    changes=st.lists(st.lists(st.integers(0, 13), max_size=4), max_size=6),
    most=st.integers(2, 4),
    is_cloud=st.booleans(),
)
def test_each_issue_is_seen_as_it_was_when_the_sync_began_or_later(
    minutes: list[int], changes: list[list[int]], most: int, *, is_cloud: bool
) -> None:
    shelf = Shelf(minutes, changes, most)
    place: Place | None = Place(began=shelf.now, zone="UTC")
    seen: set[str] = set()
    for _ in range(2000):
        if place is None:
            break
        found = shelf.found(place, is_cloud=is_cloud)
        if not has_slipped(place, found):
            seen |= {key_of(issue) for issue in found.issues}
        place = following(place, found)
    assert place is None, "it goes in circles"
    assert seen == {issue.key for issue in shelf.issues}


@pytest.mark.parametrize("updated", [None, "yesterday", []])
def test_issues_whose_dates_cannot_be_read_lead_on_by_offset(updated: object) -> None:
    page = [{"key": f"X-{number}", "fields": {"updated": updated}} for number in range(3)]
    place = following(Place(began=START), Found(page, is_last=False))
    assert place is not None
    assert (place.offset, place.anchor) == (2, "X-2")
