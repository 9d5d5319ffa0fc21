"""The forecast record: what scans foretold is graded when its time has come. The rule itself is in `grading`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q

from accounts.grading import Era, Grade, Past, TicketSpan, grade
from accounts.models import Forecast, OpenInterval, ScoringPolicy, Tenant
from accounts.scoring import OpenTicket

BATCH = 500  # forecasts, and so at most as many accounts

# The known heartbeats from the last one before a forecast was made. The first and last of a day that had one.
HEARTBEATS = """
SELECT account_id, known.first_at, known.last_at
FROM unnest(%(accounts)s::bigint[], %(made)s::timestamptz[]) AS asked (account_id, made_at)
CROSS JOIN LATERAL (
    SELECT day.first_at, day.last_at FROM accounts_heartbeatday day
    WHERE day.account_id = asked.account_id AND day.first_at <= %(until)s AND day.day >= coalesce((
        SELECT before.day FROM accounts_heartbeatday before
        WHERE before.account_id = asked.account_id AND before.first_at <= asked.made_at ORDER BY before.day DESC LIMIT 1), '-infinity')
    UNION ALL
    SELECT beat.last_at, beat.last_at FROM accounts_heartbeat beat WHERE beat.account_id = asked.account_id
) AS known"""

WRITE = """
UPDATE accounts_forecast AS forecast SET outcome = graded.outcome, red_at = graded.red_at, why = graded.why, graded_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(outcomes)s::text[], %(red)s::timestamptz[], %(whys)s::text[]) AS graded (id, outcome, red_at, why)
WHERE forecast.id = graded.id AND forecast.outcome = ''"""


class Due(NamedTuple):
    id: int
    account_id: int
    made_at: datetime
    turns_red_at: datetime
    policy_id: int


def tenants_with_due(now: datetime) -> list[int]:
    """Ids of the tenants that have forecasts whose time has come: one look into a small index for each tenant."""
    waiting = Forecast.objects.filter(tenant=OuterRef("pk"), outcome="", turns_red_at__lte=now)
    return list(Tenant.objects.filter(Exists(waiting)).values_list("pk", flat=True))


def known_until(tenant: Tenant, now: datetime) -> datetime:
    """The instant up to which all ticket systems in use have reported; one that stopped is waited for until it counts as stale.

    A forecast graded earlier would call true what a ticket resolved in time, and reported a little later, has averted.
    """
    reported = tenant.ticket_sources.filter(is_in_use=True).aggregate(first=Min("reported_at"))["first"]
    given_up = now - timedelta(hours=tenant.config.tickets_stale_after_hours)
    return now if reported is None else max(given_up, min(now, reported))


def grade_due(tenant: Tenant, now: datetime) -> int:
    """Grades what has come due; answers how many. May run twice, also at once: a grade once given stays."""
    until, graded = known_until(tenant, now), 0
    policies = {policy.pk: policy for policy in tenant.policies.all()}
    adopted = sorted((p.activated_at, p.version, p) for p in policies.values() if p.activated_at)
    eras = [Era(since, version, policy.rules()) for since, version, policy in adopted]
    waiting = Forecast.objects.filter(tenant=tenant, outcome="", turns_red_at__lte=until).order_by("turns_red_at", "id")
    rest = waiting
    # By keyset: those just graded are not looked through again.
    while batch := [Due(*row) for row in rest.values_list("id", "account_id", "made_at", "turns_red_at", "scan__policy_id")[:BATCH]]:
        graded += write(batch, grades(tenant, batch, policies, eras), now)
        last = batch[-1]
        rest = waiting.filter(turns_red_at__gte=last.turns_red_at).filter(Q(turns_red_at__gt=last.turns_red_at) | Q(id__gt=last.id))
    return graded


def grades(tenant: Tenant, batch: Sequence[Due], policies: dict[int, ScoringPolicy], eras: Sequence[Era]) -> list[Grade]:
    pasts = read_pasts(tenant, batch)
    reporting_within = timedelta(hours=tenant.config.reporting_within_hours)
    rules = {pk: policies[pk].rules() for pk in {due.policy_id for due in batch}}
    return [
        grade(
            pasts[due.account_id],
            rules[due.policy_id],
            due.made_at,
            due.turns_red_at,
            [era for era in eras if due.made_at < era.since <= due.turns_red_at],
            reporting_within,
        )
        for due in batch
    ]


def read_pasts(tenant: Tenant, batch: Sequence[Due]) -> dict[int, Past]:
    """What is known of each account since its earliest forecast of the batch, in two queries."""
    made: dict[int, datetime] = {}
    for due in batch:
        made[due.account_id] = min(due.made_at, made.get(due.account_id, due.made_at))
    first, until = min(made.values()), max(due.turns_red_at for due in batch)
    tickets: dict[int, list[TicketSpan]] = defaultdict(list)
    known = OpenInterval.objects.filter(
        Q(closed_at=None) | Q(closed_at__gt=first), tenant=tenant, account__in=list(made), open_from__lte=until
    )
    columns = known.order_by().values_list("account_id", "open_from", "closed_at", "external_id", "priority", "created_at", "source")
    for account, open_from, closed_at, *ticket in columns.iterator():
        if closed_at is None or closed_at > made[account]:
            tickets[account].append(TicketSpan(OpenTicket(*ticket), closed_at, open_from))
    beats = read_heartbeats(made, until)
    return {account: Past(tuple(tickets[account]), tuple(beats[account])) for account in made}


def read_heartbeats(made: dict[int, datetime], until: datetime) -> dict[int, set[datetime]]:
    found: dict[int, set[datetime]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(HEARTBEATS, {"accounts": list(made), "made": list(made.values()), "until": until})
        for account, first_at, last_at in cursor.fetchall():
            found[account] |= {first_at, last_at}
    return found


def write(batch: Sequence[Due], found: Iterable[Grade], now: datetime) -> int:
    graded = list(found)
    values: dict[str, Any] = {
        "now": now,
        "ids": [due.id for due in batch],
        "outcomes": [each.outcome for each in graded],
        "red": [each.red_at for each in graded],
        "whys": [each.why[:300] for each in graded],
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)
        return int(cursor.rowcount)
