"""`/ping/<uuid>`: one heartbeat in one statement, which locks the account's heartbeat before anything else of it, as `many` does."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.urls import reverse

from accounts.heartbeats import reports
from accounts.heartbeats.told import NOTHING, Told
from accounts.models import Account

# No commit waits for the disk: should the server crash, half a second of heartbeats is lost, and the next ones say the same.
PING = """
WITH account AS MATERIALIZED (
    SELECT id, set_config('synchronous_commit', 'off', true) FROM accounts_account WHERE ping_id = %(ping_id)s
),
beat AS (
    INSERT INTO accounts_heartbeat AS heartbeat (account_id, last_at) SELECT id, %(at)s FROM account
    ON CONFLICT (account_id) DO UPDATE SET last_at = greatest(heartbeat.last_at, excluded.last_at)
    RETURNING account_id
){report}
INSERT INTO accounts_heartbeatday AS known (account_id, day, first_at, last_at, count, calls)
SELECT account_id, (%(at)s AT TIME ZONE 'UTC')::date, %(at)s, %(at)s, 1, %(calls)s FROM beat
ON CONFLICT (account_id, day) DO UPDATE SET first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at), count = known.count + 1, calls = least(known.calls, 4611686018427387904 - excluded.calls) + excluded.calls
RETURNING {changed}"""
SAID = "(SELECT account_id, %(features)s::varchar[] AS features, %(environment)s::varchar[] AS environment, %(at)s AS at FROM beat) AS said"
BARE = PING.format(report="", changed="false")
WITH_REPORT = PING.format(report=f",\nreport AS ({reports.KEEP.format(said=SAID)})", changed="EXISTS (SELECT FROM report)")


def ping(ping_id: UUID, at: datetime, told: Told = NOTHING) -> bool:
    """Records a heartbeat; False if no account has that ping id. An inactive account's counts, too: it may become active again."""
    values: dict[str, Any] = {"ping_id": ping_id, "at": at, "calls": told.calls}
    if told.of_profile:
        values |= {"features": listed(told.features), "environment": listed(told.environment)}
    with connection.cursor() as cursor:
        cursor.execute(WITH_REPORT if told.of_profile else BARE, values)
        row = cursor.fetchone()
    if row and row[0]:
        reports.hint()
    return row is not None


def address(account: Account) -> str:
    """What the account's integration calls."""
    return settings.PUBLIC_URL + reverse("ping", args=[account.ping_id])


def listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)
