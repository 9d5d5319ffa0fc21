"""Heartbeats in bulk, for the API: in any order, late or repeated, a few statements for a thousand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import connection, transaction

from accounts.heartbeats import reports
from accounts.heartbeats.told import Told, sense
from accounts.models import Account, Tenant

MOST = 1000  # a call
AHEAD = timedelta(minutes=5)  # of our clock
BEHIND = timedelta(days=90)
UNKNOWN = "No account has this account_id."
NOT_UTC = "at must have a time zone."
TOO_EARLY = f"at is more than {AHEAD.seconds // 60} minutes in the future."
TOO_LATE = f"at is more than {BEHIND.days} days ago."
LEFT_OUT = "Some of features, environment or calls could not be read and was left out."


@dataclass(frozen=True)
class Beat:
    """`at`: now, if none is given. The others as in a ping's body."""

    account_id: str
    at: datetime | None = None
    features: Sequence[str] | Mapping[str, bool] | None = None
    environment: Sequence[str] | Mapping[str, str] | None = None
    calls: int | None = None


@dataclass(frozen=True)
class Recorded:
    """What came of one beat: `detail` says why it was refused, or what was left out of it. A repeated one counts once."""

    account_id: str
    status: Literal["recorded", "repeated", "refused"]
    detail: str = ""


@dataclass(frozen=True)
class Known:
    """A beat of an account that there is."""

    account: int
    at: datetime
    told: Told


# In the order of their ids, so that two calls at once wait for one another instead of both being stopped. What is not later is locked, too.
BEATS = """
INSERT INTO accounts_heartbeat AS heartbeat (account_id, last_at)
SELECT account_id, max(at) FROM unnest(%(accounts)s::bigint[], %(ats)s::timestamptz[]) AS beat (account_id, at) GROUP BY 1 ORDER BY 1
ON CONFLICT (account_id) DO UPDATE SET last_at = excluded.last_at WHERE heartbeat.last_at < excluded.last_at"""

# Of a day only its first and last instant are known, so that a repeat is recognised as one of them.
DAYS = """
WITH beat AS (
    SELECT account_id, (at AT TIME ZONE 'UTC')::date AS day, at, max(calls) AS calls
    FROM unnest(%(accounts)s::bigint[], %(ats)s::timestamptz[], %(calls)s::bigint[]) AS beat (account_id, at, calls) GROUP BY 1, 2, 3
),
new AS MATERIALIZED (
    SELECT beat.* FROM beat LEFT JOIN accounts_heartbeatday known USING (account_id, day)
    WHERE known.day IS NULL OR beat.at NOT IN (known.first_at, known.last_at)
),
written AS (
    INSERT INTO accounts_heartbeatday AS known (account_id, day, first_at, last_at, count, calls)
    SELECT account_id, day, min(at), max(at), count(*), sum(calls) FROM new GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (account_id, day) DO UPDATE SET first_at = least(known.first_at, excluded.first_at),
        last_at = greatest(known.last_at, excluded.last_at), count = known.count + excluded.count, calls = least(known.calls, 4611686018427387904 - excluded.calls) + excluded.calls
)
SELECT account_id, at FROM new"""
REPORTS = reports.KEEP.format(
    said="jsonb_to_recordset(%(said)s::jsonb) AS said (account_id bigint, features varchar[], environment varchar[], at timestamptz)"
)


def record(tenant: Tenant, beats: Sequence[Beat], now: datetime) -> list[Recorded]:
    """What came of each, in their order; what is refused costs no other. At most `MOST`."""
    assert len(beats) <= MOST
    ids = {beat.account_id for beat in beats}
    accounts = dict(Account.objects.filter(tenant=tenant, external_id__in=ids).values_list("external_id", "id"))
    known = [placed(beat, accounts, now) for beat in beats]
    new = write([beat for beat in known if isinstance(beat, Known)])
    found = []
    for beat, place in zip(beats, known, strict=True):
        if isinstance(place, str):
            found.append(Recorded(beat.account_id, "refused", place))
            continue
        is_new = (place.account, place.at) in new
        new.discard((place.account, place.at))
        found.append(Recorded(beat.account_id, "recorded" if is_new else "repeated", LEFT_OUT if place.told.left_out else ""))
    return found


def placed(beat: Beat, accounts: dict[str, int], now: datetime) -> Known | str:
    """The beat with its account and instant, or why it is refused."""
    at = beat.at or now
    if beat.account_id not in accounts:
        return UNKNOWN
    if at.tzinfo is None:
        return NOT_UTC
    if at > now + AHEAD:
        return TOO_EARLY
    if at < now - BEHIND:
        return TOO_LATE
    return Known(accounts[beat.account_id], at.astimezone(UTC), sense(beat.features, beat.environment, beat.calls))


def write(beats: list[Known]) -> set[tuple[int, datetime]]:
    """Says which instants were new."""
    if not beats:
        return set()
    columns: dict[str, Any] = {
        "accounts": [beat.account for beat in beats],
        "ats": [beat.at for beat in beats],
        "calls": [beat.told.calls for beat in beats],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BEATS, columns)
        cursor.execute(DAYS, columns)
        new = {(account, at) for account, at in cursor.fetchall()}
        if said := last_said(beats):
            cursor.execute(REPORTS, {"said": json.dumps(said)})
            if cursor.rowcount:
                transaction.on_commit(reports.hint)
    return new


def last_said(beats: list[Known]) -> list[dict[str, Any]]:
    """What each account said last of features, and of its environment."""
    said: dict[int, dict[str, Any]] = {}
    for beat in sorted((beat for beat in beats if beat.told.of_profile), key=lambda beat: beat.at):
        row = said.setdefault(beat.account, {"account_id": beat.account, "features": None, "environment": None})
        row["at"] = beat.at.isoformat()
        row |= {part: names for part in ("features", "environment") if (names := getattr(beat.told, part)) is not None}
    return [said[account] for account in sorted(said)]
