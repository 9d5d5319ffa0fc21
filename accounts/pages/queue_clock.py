"""The clock of an escalation in words: what is left to acknowledge it, or what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from accounts import clock
from accounts.models import Tenant, User
from accounts.models.people import WorkingHours
from tamdash.templatetags.tamdash import span

LONGEST_WORKED = timedelta(days=60)  # more is told in days of the calendar: nobody counts the working hours of months


@dataclass(frozen=True)
class Desk:
    """What clocks are told by: when somebody is there, in whose time, and who looks."""

    tenant: Tenant
    user: User
    now: datetime

    @cached_property
    def working(self) -> WorkingHours | None:
        return self.tenant.config.working_hours

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.tenant.zone

    @cached_property
    def hours(self) -> dict[str, int]:
        config = self.tenant.config
        return {"Red": config.red_due_hours, "Amber": config.amber_due_hours, "Green": config.amber_due_hours}

    def left(self, due: datetime) -> timedelta:
        """Time left, of working hours where there are any; negative once it is overdue."""
        if abs(due - self.now) > LONGEST_WORKED:
            return due - self.now
        return clock.worked(self.now, due, self.working, self.zone)

    def told(self, left: timedelta) -> str:
        """“3 h 40 min overdue”, “2 h 20 min left”, “2 d 4 h left”; of working hours always in hours, as a working day is not 24."""
        late, size = left < timedelta(), abs(left)
        minutes = int(size.total_seconds() // 60)
        hours = minutes // 60
        if hours >= 24 and (self.working is None or size > LONGEST_WORKED):
            words = span(size.total_seconds() / 86400)
        elif hours >= 10 or (hours and not minutes % 60):
            words = f"{hours} h"
        else:
            words = f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
        return f"{words} {'overdue' if late else 'left'}"

    def run(self, left: timedelta, severity: str) -> int:
        """How much of the time has passed, of 100."""
        whole = timedelta(hours=self.hours[severity])
        return round(100 * min(1, max(0, 1 - left / whole)))

    @property
    def in_words(self) -> str:
        """When the clocks run; empty where they always do."""
        if self.working is None:
            return ""
        days = self.working.days
        return f"The clock runs {', '.join(days) if len(days) < 3 else f'{days[0]} to {days[-1]}'}, {self.working.start:%H:%M} to {self.working.end:%H:%M}."
