"""What the demo's people did about escalations, between one scan and the next: answer, hand on, talk, mute, end, and raise some by hand.

Mostly within working hours, and the same for the same portfolio.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from accounts import escalations
from accounts.demo.calendar import Calendar
from accounts.demo.people import People
from accounts.demo.words import COMMENTS, MUTED_FOR, RAISED, RESOLUTIONS
from accounts.models import Tenant

# A number from 0 to 1 for an escalation, always the same one; the word tells several of them apart.
CHANCE = "(('x' || substr(md5(account.external_id || date_part('epoch', escalation.opened_at) || '{}'), 1, 6))::bit(24)::int / 16777216.0)"
CHANCES = {word: CHANCE.format(word) for word in ("who", "when", "why", "end", "hand", "given", "whom", "said", "what", "mute")}
ONE_OF = "(%({words})s::text[])[1 + floor({chance} * cardinality(%({words})s::text[]))::int]"
FRAGMENTS = CHANCES | {
    "comment": ONE_OF.format(words="comments", chance=CHANCES["what"]),
    "muted_for": ONE_OF.format(words="muted_for", chance=CHANCES["what"]),
    "resolution": ONE_OF.format(words="resolutions", chance=CHANCES["why"]),
    # From a Saturday or Sunday to the Monday after.
    "weekend": "interval '1 day' * (ARRAY[0, 0, 0, 0, 0, 2, 1])[extract(isodow FROM local)::int]",
}

# Mostly in time, some late, a few never. What turned Red is answered anew.
ACKNOWLEDGE = """
WITH told AS (
    SELECT escalation.id, severity, coalesce(account.owner_id, %(manager)s) AS actor, {who} AS chance, {when} AS place, {end} AS hour,
        coalesce((SELECT max(at) FROM accounts_escalationevent event WHERE event.escalation_id = escalation.id AND kind = 'worsened'),
            opened_at) AT TIME ZONE %(zone)s AS local
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'open'
),
heard AS (
    SELECT id, severity, actor, chance, place, hour, greatest(local, date_trunc('day', local) + {weekend} + interval '8 hours') AS since FROM told
),
answered AS (
    SELECT id, actor, chance, CASE WHEN severity = 'Red' THEN since + interval '6 minutes' + interval '5 hours' * power(place, 2)
        WHEN place < 0.4 THEN since + interval '20 minutes' + interval '12 hours' * place
        ELSE date_trunc('day', since) + interval '1 day' * ceil(place * 2.5 - 1) + interval '8 hours' + interval '9 hours' * hour END AS local
    FROM heard
),
plan AS (
    SELECT id, actor, chance, (local + {weekend}) AT TIME ZONE %(zone)s AS at FROM answered
),
done AS (
    UPDATE accounts_escalation SET status = 'acknowledged', acknowledged_at = plan.at
    FROM plan WHERE accounts_escalation.id = plan.id AND plan.chance < 0.94 AND plan.at < %(until)s
    RETURNING plan.id, plan.actor, plan.at
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, rag)
SELECT id, at, 'acknowledged', actor, '', '' FROM done ORDER BY id"""

# Some are handed to a colleague, some talked about, a few muted for days.
TALK = """
WITH heard AS (
    SELECT escalation.id, acknowledged_at AS at, coalesce(account.owner_id, %(manager)s) AS actor,
        {given} < 0.22 AS is_given, (%(owners)s::bigint[])[1 + floor({whom} * cardinality(%(owners)s::bigint[]))::int] AS assignee,
        {said} < 0.4 AS is_said, {comment} AS comment, {mute} < 0.04 AS is_muted, {muted_for} AS why,
        date_trunc('day', acknowledged_at AT TIME ZONE %(zone)s) + interval '1 day' * (2 + floor({whom} * 4)) + interval '9 hours' AS until
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'acknowledged' AND acknowledged_at >= %(since)s
),
done AS (
    UPDATE accounts_escalation SET assignee_id = CASE WHEN is_given THEN heard.assignee ELSE assignee_id END,
        muted_until = CASE WHEN is_muted THEN until AT TIME ZONE %(zone)s END
    FROM heard WHERE accounts_escalation.id = heard.id AND (is_given OR is_muted)
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, rag)
SELECT heard.id, at + interval '12 minutes', 'assigned', %(manager)s, 'To ' || name, ''
FROM heard JOIN accounts_user ON accounts_user.id = assignee WHERE is_given
UNION ALL SELECT id, at + interval '25 minutes', 'commented', CASE WHEN is_given THEN assignee ELSE actor END, comment, '' FROM heard WHERE is_said
UNION ALL SELECT id, at + interval '40 minutes', 'muted', actor, 'Until ' || to_char(until, 'Dy FMDD Mon YYYY, HH24:MI') || ': ' || why, ''
FROM heard WHERE is_muted
ORDER BY 1, 2"""

# Most recover by themselves; the manager ends some that have been talked through and are not Red any more.
RESOLVE = """
WITH talked AS (
    SELECT escalation.id, health.score, health.rag, {resolution} AS note,
        acknowledged_at AT TIME ZONE %(zone)s + interval '1 day' * floor(2 + 9 * {end}) + interval '1 hour' AS local
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    JOIN accounts_accounthealth health ON health.account_id = account.id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'acknowledged' AND health.rag <> 'Red'
        AND ({hand} < 0.3 OR escalation.reason = 'raised_by_hand')
),
plan AS (
    SELECT id, score, rag, note, (local + {weekend}) AT TIME ZONE %(zone)s AS at FROM talked
),
done AS (
    UPDATE accounts_escalation SET status = 'resolved', resolved_at = plan.at, resolved_score = plan.score, resolved_rag = plan.rag
    FROM plan WHERE accounts_escalation.id = plan.id AND plan.at >= %(since)s AND plan.at < %(until)s
    RETURNING plan.id, plan.at, plan.note, plan.score, plan.rag
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, score, rag)
SELECT id, at, 'resolved', %(manager)s, note, score, rag FROM done ORDER BY id"""

# Of the accounts in that state about which nobody was told: the worst, or any.
RAISE = """
WITH chosen AS (
    SELECT account.id, coalesce(account.owner_id, %(manager)s) AS actor, health.score, health.rag
    FROM accounts_accounthealth health JOIN accounts_account account ON account.id = health.account_id
    WHERE health.tenant_id = %(tenant)s AND health.rag = %(state)s AND NOT EXISTS (
        SELECT FROM accounts_escalation escalation WHERE escalation.account_id = account.id AND NOT (escalation.status = 'resolved'))
    ORDER BY CASE WHEN %(worst)s THEN health.score END, md5(account.external_id || %(at)s::date) LIMIT 1
),
opened AS (
    INSERT INTO accounts_escalation (tenant_id, account_id, status, reason, score, rag, severity, raised_by_id, opened_at, due_at, resolved_rag, recovered)
    SELECT %(tenant)s, id, 'open', 'raised_by_hand', score, rag, rag, actor, %(at)s, %(due)s, '', false FROM chosen
    RETURNING id, raised_by_id, score, rag
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, score, rag)
SELECT id, %(at)s, 'opened', raised_by_id, %(reason)s, score, rag FROM opened"""

MUTE = """
WITH chosen AS (
    SELECT escalation.id, coalesce(account.owner_id, %(manager)s) AS actor, acknowledged_at
    FROM accounts_escalation escalation JOIN accounts_account account ON account.id = escalation.account_id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status = 'acknowledged' AND severity <> 'Red'
    ORDER BY acknowledged_at < %(lately)s, {mute}, account.external_id LIMIT 2
),
done AS (
    UPDATE accounts_escalation SET muted_until = %(muted_until)s FROM chosen WHERE accounts_escalation.id = chosen.id
)
INSERT INTO accounts_escalationevent (escalation_id, at, kind, actor_id, note, rag)
SELECT id, acknowledged_at + interval '50 minutes', 'muted', actor, %(muted_note)s, '' FROM chosen ORDER BY id"""

BY_HAND = ("Green", "Amber", "Green", "Amber", "Amber", "Amber")


def answer(tenant: Tenant, people: People, since: datetime, until: datetime) -> None:
    """What people did from one scan to the next."""
    values = parameters(tenant, people) | {"since": since, "until": until}
    with connection.cursor() as cursor:
        for statement in (ACKNOWLEDGE, TALK, RESOLVE):
            cursor.execute(statement.format(**FRAGMENTS), values)


def raise_some(tenant: Tenant, people: People, calendar: Calendar, day: date) -> None:
    """On a few working days, one of them each, some while the account was Green."""
    for number, (state, reason) in enumerate(zip(BY_HAND, RAISED, strict=True)):
        if day != raising_day(calendar, number):
            continue
        at = datetime.combine(day, time(10, 5 + 7 * number), calendar.zone)
        due = escalations.due_at(at, tenant, state)
        values = {"at": at, "due": due, "state": state, "reason": reason, "worst": number % 3 == 0}
        with connection.cursor() as cursor:
            cursor.execute(RAISE, parameters(tenant, people) | values)


def raising_day(calendar: Calendar, number: int) -> date:
    day = calendar.first_day + timedelta(days=calendar.days * (2 * number + 1) // (2 * len(BY_HAND)))
    return day + timedelta(days=max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


def mute_now(tenant: Tenant, people: People, calendar: Calendar) -> None:
    """Two that are out of the queue on the demo's today."""
    until = datetime.combine(calendar.today + timedelta(days=3), time(9), calendar.zone)
    note = f"Until {until:%a %-d %b %Y, %H:%M}: {MUTED_FOR[0]}"
    values = {"muted_until": until, "muted_note": note, "lately": calendar.ago(10)}
    with connection.cursor() as cursor:
        cursor.execute(MUTE.format(**FRAGMENTS), parameters(tenant, people) | values)


def parameters(tenant: Tenant, people: People) -> dict[str, Any]:
    return {
        "tenant": tenant.pk,
        "zone": tenant.time_zone,
        "manager": people.manager.pk,
        "owners": [owner.pk for owner in people.owners],
        "comments": list(COMMENTS),
        "muted_for": list(MUTED_FOR),
        "resolutions": list(RESOLUTIONS),
    }
