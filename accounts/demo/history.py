"""The demo's past: each day's scan as it would have run, and what people did about the escalations it opened."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts import forecasts, scan
from accounts.demo.calendar import Calendar
from accounts.demo.opinions import have_opinions
from accounts.demo.people import People
from accounts.demo.words import RESOLUTIONS
from accounts.models import Tenant

# A number from 0 to 1 for an escalation, always the same one; the word tells several of them apart.
CHANCE = "(('x' || substr(md5(account.external_id || date_part('epoch', escalation.opened_at) || '{}'), 1, 6))::bit(24)::int / 16777216.0)"
CHANCES = {word: CHANCE.format(word) for word in ("who", "when", "why", "end", "hand")}

# Mostly in time, some late, a few never.
ACKNOWLEDGE = """
WITH plan AS (
    SELECT escalation.id, coalesce(account.owner_id, %(manager)s) AS actor, {who} AS chance,
        escalation.opened_at + CASE WHEN escalation.rag = 'Red'
            THEN interval '6 minutes' + interval '5 hours' * power({when}, 2)
            ELSE interval '20 minutes' + interval '28 hours' * {when} END AS at
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'open'
),
done AS (
    UPDATE accounts_escalation SET status = 'acknowledged', acknowledged_at = plan.at
    FROM plan WHERE accounts_escalation.id = plan.id AND plan.chance < 0.94 AND plan.at < %(until)s
    RETURNING plan.id, plan.actor, plan.at
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, rag)
SELECT id, at, 'acknowledged', actor, '', '' FROM done ORDER BY id"""

# Most recover by themselves; the manager ends some that have been talked through and are not Red any more.
RESOLVE = """
WITH plan AS (
    SELECT escalation.id, health.score, health.rag, (%(notes)s::text[])[1 + floor({why} * %(count)s)::int] AS note,
        escalation.acknowledged_at + interval '1 day' * (2 + 9 * {end}) AS at
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    JOIN accounts_accounthealth health ON health.account_id = account.id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'acknowledged' AND health.rag <> 'Red'
        AND {hand} < 0.3
),
done AS (
    UPDATE accounts_escalation SET status = 'resolved', resolved_at = plan.at, resolved_score = plan.score, resolved_rag = plan.rag
    FROM plan WHERE accounts_escalation.id = plan.id AND plan.at >= %(since)s AND plan.at < %(until)s
    RETURNING plan.id, plan.at, plan.note, plan.score, plan.rag
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, score, rag)
SELECT id, at, 'resolved', %(manager)s, note, score, rag FROM done ORDER BY id"""


def live_through(tenant: Tenant, calendar: Calendar, people: People, progress: Callable[[int], object]) -> None:
    """Scans every day up to yesterday; between one scan and the next, people answer. Then forecasts are graded, and owners have opinions."""
    answers = [sql.format(**CHANCES) for sql in (ACKNOWLEDGE, RESOLVE)]
    values: dict[str, Any] = {"tenant": tenant.pk, "manager": people.manager.pk, "notes": list(RESOLUTIONS), "count": len(RESOLUTIONS)}
    for number in range(calendar.days):
        day = calendar.first_day + timedelta(days=number)
        run = scan.replay_day(tenant, day)
        until = min(datetime.combine(day + timedelta(days=1), scan.DAILY_AT, calendar.zone), calendar.midnight)
        with connection.cursor() as cursor:
            for answer in answers:
                cursor.execute(answer, values | {"since": run.at, "until": until})
        progress(1)
    forecasts.grade_due(tenant, calendar.midnight)
    have_opinions(tenant, calendar)
