"""Filling a demo tenant: the same arguments on the same day give the same rows."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.demo.calendar import Calendar
from accounts.demo.company import companies
from accounts.demo.doors import open_doors
from accounts.demo.history import live_through
from accounts.demo.loading import COLUMNS, Loader
from accounts.demo.people import people
from accounts.models import Tenant
from accounts.models.people import WorkingHours
from accounts.onboarding import create_tenant

SLUG = "demo"  # what `make demo` fills
TIME_ZONE = "Europe/Berlin"
OUTREACH_PER_DAY = 25  # a worker writes so many in seconds
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]  # what is done, and how many steps it takes


def allowed() -> bool:
    """The demo's people have a password that everybody knows: only in demo mode, and in a test database."""
    return settings.DEMO or str(connection.settings_dict["NAME"]).startswith("test_")


def today_there() -> date:
    return timezone.localdate(timezone=ZoneInfo(TIME_ZONE))


def seed(slug: str, accounts: int, days: int, seed: int, today: date, progress: Progress) -> Tenant:
    """A tenant with people, accounts, profiles, signals, and `days` days of scans up to yesterday; all of it or nothing."""
    calendar = Calendar(today, days, ZoneInfo(TIME_ZONE))
    with transaction.atomic(), connection.cursor() as cursor:
        # Checked at once: the checks of millions of rows would pile up until the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        tenant = create_tenant(slug, slug.replace("-", " ").title(), TIME_ZONE)
        tenant.settings = {"working_hours": WorkingHours().model_dump(mode="json"), "outreach_per_day": OUTREACH_PER_DAY}
        tenant.save()
        tenant.policies.update(activated_at=calendar.start_of(calendar.first_day))
        everyone = people(tenant, accounts, seed)
        with progress("Accounts", accounts) as step:
            Loader(tenant, calendar, everyone.owners).load(companies(seed, accounts), step)
        for model in COLUMNS:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
        with progress("Days", days) as step:
            live_through(tenant, calendar, everyone, step)
        if slug == SLUG:
            open_doors(tenant)
    return tenant
