"""The demo's past: each day's scan as it would have run, and what people did about the escalations it opened."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts import forecasts, scan
from accounts.demo.answers import answer, mute_now, raise_some
from accounts.demo.calendar import Calendar
from accounts.demo.opinions import have_opinions
from accounts.demo.people import People
from accounts.demo.told import tell_of_the_past
from accounts.models import Tenant


def live_through(tenant: Tenant, calendar: Calendar, people: People, progress: Callable[[int], object]) -> None:
    """Scans every day up to yesterday; between one scan and the next, people answer. Then forecasts are graded, and owners have opinions."""
    for number in range(calendar.days):
        day = calendar.first_day + timedelta(days=number)
        run = scan.replay_day(tenant, day)
        raise_some(tenant, people, calendar, day)
        until = min(datetime.combine(day + timedelta(days=1), scan.DAILY_AT, calendar.zone), calendar.midnight)
        answer(tenant, people, run.at, until)
        progress(1)
    mute_now(tenant, people, calendar)
    tell_of_the_past(tenant, calendar)
    forecasts.grade_due(tenant, calendar.midnight)
    have_opinions(tenant, calendar)
