"""The demo's days: when tickets come, which days are busy, and where the past ends."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

LEAD_IN = 45  # days of tickets before the first scan, so that it meets a portfolio that lives already
RELEASES_DAYS_AGO = (75, 40, 6)
BUSY_AFTER_RELEASE = 5
BY_WEEKDAY = (1.2, 1.1, 1.05, 1.0, 0.9, 0.15, 0.1)


@dataclass(frozen=True)
class Calendar:
    """Everything of the demo happens before `midnight`, the start of its today in its tenant's time zone."""

    today: date
    days: int
    zone: ZoneInfo

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    @cached_property
    def midnight(self) -> datetime:
        return self.start_of(self.today)

    @cached_property
    def first_day(self) -> date:
        """The first day that is scanned."""
        return self.today - timedelta(days=self.days)

    @cached_property
    def ticket_days(self) -> list[datetime]:
        return [self.start_of(self.today - timedelta(days=ago)) for ago in range(self.days + LEAD_IN, 0, -1)]

    @cached_property
    def busyness(self) -> list[float]:
        """Cumulative weights of the ticket days: quiet weekends, busy month ends, and a wave after each release."""
        return list(accumulate(self.weight(self.today - timedelta(days=ago)) for ago in range(self.days + LEAD_IN, 0, -1)))

    def weight(self, day: date) -> float:
        ago = (self.today - day).days
        after_release = any(0 <= release - ago < BUSY_AFTER_RELEASE for release in RELEASES_DAYS_AGO)
        return BY_WEEKDAY[day.weekday()] * (1.3 if day.day >= 26 else 1) * (1.4 if after_release else 1)

    def working_moments(self, random: Random, count: int) -> list[datetime]:
        """That many instants, in order, on working hours of days as busy as they are."""
        days = random.choices(self.ticket_days, cum_weights=self.busyness, k=count)
        return sorted(day + timedelta(seconds=int(random.triangular(7, 20, 10.5) * 3600)) for day in days)

    def ago(self, days: float) -> datetime:
        return self.midnight - timedelta(days=days)
