"""Until when an escalation can be muted with one press: the morning of a day on which somebody is there."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from accounts import clock
from accounts.models import Tenant
from tamdash.templatetags.tamdash import moment

MORNING = time(8)  # where the tenant has no working hours
AHEAD = {"tomorrow": ("Until tomorrow", 1), "days": ("For 3 days", 3), "week": ("For a week", 7)}


def choices(tenant: Tenant, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Name, label and the moment in words."""
    for name, (label, _) in AHEAD.items():
        yield name, label, moment(until(name, tenant, now), now)


def until(name: str, tenant: Tenant, now: datetime) -> datetime:
    """The start of the working day so many days ahead, or of the first after it."""
    zone, working = tenant.zone, tenant.config.working_hours
    day = now.astimezone(zone).date() + timedelta(days=AHEAD[name][1])
    while not clock.is_working_day(datetime.combine(day, time(12), zone), working, zone):
        day += timedelta(days=1)
    return datetime.combine(day, working.start if working else MORNING, zone)
