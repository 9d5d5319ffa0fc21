"""Reports by month and type of message. Their rows are the communications app's, read by their tables: this package knows no more of it."""

from datetime import date, datetime
from typing import Any

from django.db import connection

from accounts.models import User
from accounts.models.profile import CommunicationType

MONTHS = 4  # the present one, and the three before it
TYPES = {"": "Of no draft", **dict(CommunicationType.choices)}

Key = tuple[date, str]  # the month's first day, type of message; "" where its draft is gone


def values(user: User, now: datetime) -> dict[str, Any]:
    """What every such query is asked with: months are the tenant's own."""
    first = now.astimezone(user.tenant.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    years, month = divmod(first.year * 12 + first.month - MONTHS, 12)
    since = first.replace(year=years, month=month + 1)
    return {"tenant": user.tenant_id, "zone": user.tenant.time_zone, "since": since, "present": first}


def ask(sql: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def place(key: Key) -> tuple[int, int]:
    """The latest month first, types as they are listed elsewhere."""
    return -key[0].toordinal(), list(TYPES).index(key[1])
