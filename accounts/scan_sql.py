"""The scan in SQL: what `accounts.scoring` says, for all accounts of a tenant at once.

One statement computes, writes and escalates, so that it happens whole or not at all, and costs about what its plain inserts cost.
"""

# Tickets by the index `ticket_live_in_order` alone, which holds them in the order of the grouping.
LIVE_TICKETS = """
    SELECT account_id, priority, created_at FROM accounts_ticket
    WHERE tenant_id = %(tenant)s AND status IN ('open', 'pending') AND account_id IS NOT NULL AND created_at <= %(at)s"""
LIVE_HEARTBEATS = """
    SELECT account_id, last_at FROM accounts_heartbeat"""

# The same two as they were at a past instant. Within a day only its first and last heartbeat are known.
PAST_TICKETS = """
    SELECT account_id, priority, created_at FROM accounts_openinterval
    WHERE tenant_id = %(tenant)s AND account_id IS NOT NULL AND open_from <= %(at)s AND (closed_at IS NULL OR closed_at > %(at)s)"""
PAST_HEARTBEATS = """
    SELECT account.id AS account_id, past.last_at
    FROM accounts_account account
    CROSS JOIN LATERAL (
        SELECT CASE WHEN day.last_at <= %(at)s THEN day.last_at ELSE day.first_at END AS last_at
        FROM accounts_heartbeatday day WHERE day.account_id = account.id AND day.first_at <= %(at)s
        ORDER BY day.day DESC LIMIT 1
    ) past
    WHERE account.tenant_id = %(tenant)s"""

# Each step is ordered, for two reasons: the planner doesn't fold it into the next, which would compute it again wherever a
# later one names it; and it merges indexes that lie in this order, where hash tables would outgrow the processor's caches.
SCORED = """
tickets AS (
    SELECT account_id, count(*) AS total,
        count(*) FILTER (WHERE priority <= 2) AS urgent,
        count(*) FILTER (WHERE priority <= 2 AND created_at < %(late_since)s) AS late,
        min(created_at) FILTER (WHERE priority <= 2) AS oldest {urgent_since}
    FROM ({tickets} {only_account}) AS ticket GROUP BY account_id
),
signals AS (
    SELECT account.id AS account_id,
        coalesce(tickets.total, 0)::int AS total, coalesce(tickets.urgent, 0)::int AS urgent, coalesce(tickets.late, 0)::int AS late,
        coalesce(date_part('epoch', %(at)s - tickets.oldest) / 86400, 0) AS oldest_days,
        date_part('epoch', %(at)s - CASE WHEN heartbeats.last_at > %(at)s THEN %(at)s ELSE heartbeats.last_at END) / 3600 AS silent_hours
        {beginnings}
    FROM accounts_account account
    LEFT JOIN tickets ON tickets.account_id = account.id
    LEFT JOIN ({heartbeats}) AS heartbeats ON heartbeats.account_id = account.id
    WHERE account.tenant_id = %(tenant)s AND account.is_active {only_this}
    ORDER BY account.id
),
deducted AS (
    SELECT *,
        least(late * %(late_points)s, %(late_cap)s) AS late_points,
        least(greatest(total - %(free_tickets)s, 0) * %(volume_points)s, %(volume_cap)s) AS volume_points,
        CASE WHEN silent_hours > %(very_silent_after_hours)s THEN %(very_silent_points)s
             WHEN silent_hours > %(silent_after_hours)s THEN %(silent_points)s ELSE 0 END AS silence_points
    FROM signals ORDER BY account_id
),
valued AS (
    SELECT *, greatest(100 - late_points - volume_points - silence_points, 0) AS score FROM deducted ORDER BY account_id
),
scored AS (
    SELECT *, CASE WHEN score < %(red_below)s THEN 'Red' WHEN score < %(amber_below)s THEN 'Amber' ELSE 'Green' END AS rag FROM valued
)"""

# What the future needs beyond the score: when each urgent ticket opened, oldest first, and since when a heartbeat is missed.
URGENT_SINCE = ", array_agg(created_at ORDER BY created_at) FILTER (WHERE priority <= 2) AS urgent_since"
BEGINNINGS = """, tickets.urgent_since, heartbeats.last_at,
        CASE WHEN heartbeats.last_at <= %(reporting_since)s THEN heartbeats.last_at END AS missed_since"""

# If nothing changes, only ages and silence grow, so a limit is crossed at the earliest, over the levels of silence, of the instant
# at which that level has begun and so many tickets are late as it then takes. See `accounts.projection`, which says it step by step.
CROSSING = """
    least({levels}) + interval '1 microsecond'"""
LEVEL = """
        CASE WHEN {room} < 0 THEN {begins}
             WHEN {room} < %(late_cap)s AND %(late_points)s > 0
             THEN greatest({begins}, coalesce(urgent_since[{room} / greatest(%(late_points)s, 1) + 1] + %(late_after_days)s * 24 * interval '1 hour', 'infinity'))
             ELSE 'infinity' END"""
# Points that late tickets may cost at a level of silence without crossing the limit.
ROOM = "(100 - %({limit})s - volume_points - {silence})"
SILENT_FROM = "coalesce(missed_since + %({after})s * interval '1 hour', 'infinity')"

PROJECTED = """,
crossings AS (
    SELECT *, CASE WHEN rag = 'Green' THEN {amber} ELSE 'infinity' END AS amber_at, CASE WHEN rag <> 'Red' THEN {red} ELSE 'infinity' END AS red_at
    FROM scored ORDER BY account_id
),
projected AS (
    SELECT *, nullif(red_at, 'infinity') AS turns_red_at, nullif(least(amber_at, red_at), 'infinity') AS next_rag_at,
        CASE WHEN least(amber_at, red_at) = 'infinity' THEN NULL WHEN red_at <= amber_at THEN 'Red' ELSE 'Amber' END AS next_rag
    FROM crossings
)"""

READ = """
WITH {scored}
SELECT account.external_id, scored.score, scored.rag, scored.urgent, scored.late, scored.oldest_days, scored.total,
    scored.silent_hours, scored.late_points, scored.volume_points, scored.silence_points
FROM scored JOIN accounts_account account ON account.id = scored.account_id ORDER BY account.external_id"""

# A day and its score as `accounts.trail` packs them.
ENTRY = "%(today)s || set_byte('\\x00', 0, now.score)"

# `found` says of each account what changed since the last scan: all of it ('first' scan), its 'score' or RAG, or only the
# 'points' and counts behind them. Few accounts are `notable`, needing more than a snapshot.
WRITE = """
WITH {scored}{projected},
found AS MATERIALIZED (
    SELECT scored.account_id,
        CASE WHEN health.account_id IS NULL THEN 'first'
             WHEN (scored.score, scored.rag) <> (health.score, health.rag) THEN 'score'
             WHEN (total, urgent, scored.late_points, scored.volume_points, scored.silence_points)
                 <> (open_tickets, p1_p2_tickets, health.late_points, health.volume_points, health.silence_points)
                 OR (scored.next_rag_at, scored.turns_red_at) IS DISTINCT FROM (health.next_rag_at, health.turns_red_at) THEN 'points'
             ELSE 'nothing' END AS changed,
        scored.rag = 'Red' OR coalesce(scored.rag = 'Amber' AND health.rag = 'Green', false) AS should_escalate,
        scored.score, scored.rag, health.score AS previous_score, health.rag AS previous_rag,
        total, urgent, late, scored.late_points, scored.volume_points, scored.silence_points, oldest_days, silent_hours,
        scored.next_rag, scored.next_rag_at, scored.turns_red_at, last_at
    FROM projected AS scored LEFT JOIN accounts_accounthealth health ON health.account_id = scored.account_id AND health.tenant_id = %(tenant)s
    ORDER BY scored.account_id
),
notable AS MATERIALIZED (
    SELECT found.*, escalation.id AS escalation_id, escalation.rag AS escalation_rag, escalation.severity
    FROM found LEFT JOIN accounts_escalation escalation
        ON escalation.account_id = found.account_id AND escalation.tenant_id = %(tenant)s AND NOT (escalation.status = 'resolved')
    WHERE changed <> 'nothing' OR should_escalate OR escalation.id IS NOT NULL
),
snapshots AS (
    INSERT INTO accounts_healthsnapshot (scan_id, account_id, oldest_p1_p2_age_days, hours_since_heartbeat, p1_p2_ticket_count,
        late_ticket_count, total_open_tickets, score, previous_score, late_points, volume_points, silence_points,
        should_escalate, rag, previous_rag)
    SELECT %(scan)s, account_id, oldest_days, silent_hours, urgent,
        late, total, score, previous_score, late_points, volume_points, silence_points,
        should_escalate, rag, previous_rag
    FROM found
),
first_health AS (
    INSERT INTO accounts_accounthealth (account_id, tenant_id, changed_at, changed_by_scan_id, score, open_tickets, p1_p2_tickets,
        late_points, volume_points, silence_points, rag, next_rag, next_rag_at, turns_red_at, trail)
    SELECT account_id, %(tenant)s, %(at)s, %(scan)s, score, total, urgent,
        late_points, volume_points, silence_points, rag, next_rag, next_rag_at, turns_red_at, {entry}
    FROM notable now WHERE changed = 'first'
),
changed_health AS (
    UPDATE accounts_accounthealth health SET
        open_tickets = total, p1_p2_tickets = urgent,
        late_points = now.late_points, volume_points = now.volume_points, silence_points = now.silence_points,
        next_rag = now.next_rag, next_rag_at = now.next_rag_at, turns_red_at = now.turns_red_at
    FROM notable now WHERE health.account_id = now.account_id AND changed = 'points'
),
changed_score AS (
    UPDATE accounts_accounthealth health SET
        open_tickets = total, p1_p2_tickets = urgent,
        late_points = now.late_points, volume_points = now.volume_points, silence_points = now.silence_points,
        next_rag = now.next_rag, next_rag_at = now.next_rag_at, turns_red_at = now.turns_red_at,
        score = now.score, rag = now.rag, previous_score = health.score, previous_rag = health.rag,
        changed_at = %(at)s, changed_by_scan_id = %(scan)s,
        trail = CASE
            -- A second change on one day replaces that day's entry; one too many pushes out the oldest.
            WHEN substring(trail FROM length(trail) - 2 FOR 2) = %(today)s THEN substring(trail FOR length(trail) - 3)
            WHEN length(trail) >= %(trail_length)s THEN substring(trail FROM 4)
            ELSE trail END || {entry}
    FROM notable now WHERE health.account_id = now.account_id AND changed = 'score'
),
foretold AS (
    INSERT INTO accounts_forecast (tenant_id, account_id, scan_id, made_at, turns_red_at, outcome, why)
    SELECT %(tenant)s, account_id, %(scan)s, %(at)s, turns_red_at, '', '' FROM notable
    WHERE turns_red_at IS NOT NULL AND changed <> 'nothing'
    ON CONFLICT (account_id, turns_red_at) DO NOTHING
),
opened AS (
    INSERT INTO accounts_escalation (tenant_id, account_id, status, reason, score, rag, severity, previous_score, opened_by_scan_id,
        opened_at, due_at, resolved_rag, recovered)
    SELECT %(tenant)s, now.account_id, 'open',
        CASE WHEN now.rag = 'Red' AND previous_rag <> 'Red' THEN 'worsened_to_red'
             WHEN now.rag = 'Red' THEN 'score_below_threshold' ELSE 'early_warning' END,
        now.score, now.rag, now.rag, now.previous_score, %(scan)s,
        %(at)s, CASE WHEN now.rag = 'Red' THEN %(red_due)s ELSE %(amber_due)s END, '', false
    FROM notable now
    LEFT JOIN LATERAL (
        SELECT id, resolved_at, resolved_score, resolved_rag FROM accounts_escalation
        WHERE account_id = now.account_id ORDER BY opened_at DESC, id DESC LIMIT 1
    ) AS past ON true
    WHERE should_escalate AND escalation_id IS NULL AND (
        past.id IS NULL OR resolved_at <= %(week_ago)s OR now.score <= resolved_score - %(notable)s
        -- Worse than at the resolution; or Red anew, after it had got better since.
        OR (now.rag = 'Red' AND (resolved_rag <> 'Red' OR previous_rag <> 'Red')) OR (now.rag = 'Amber' AND resolved_rag = 'Green'))
    -- Somebody may be raising one by hand right now.
    ON CONFLICT (account_id) WHERE NOT (status = 'resolved') DO NOTHING
    RETURNING id, score, rag
),
-- An early warning that turns Red is open anew, with the clock of Red: who acknowledged it did not acknowledge that.
worsened AS (
    UPDATE accounts_escalation escalation
    SET severity = 'Red', status = 'open', acknowledged_at = NULL, muted_until = NULL,
        due_at = CASE WHEN status = 'open' THEN least(due_at, %(red_due)s) ELSE %(red_due)s END
    FROM notable now
    WHERE escalation.id = escalation_id AND NOT (escalation.status = 'resolved') AND now.rag = 'Red' AND escalation.severity <> 'Red'
    RETURNING escalation.id, now.score, now.rag
),
recovered AS (
    UPDATE accounts_escalation escalation
    SET status = 'resolved', resolved_at = %(at)s, resolved_score = now.score, resolved_rag = now.rag, recovered = true
    FROM notable now
    WHERE escalation.id = escalation_id AND NOT (escalation.status = 'resolved')
        AND now.rag = 'Green' AND (escalation_rag <> 'Green' OR previous_rag <> 'Green')
    RETURNING escalation.id, now.score, now.rag
),
events AS (
    INSERT INTO accounts_escalationevent (escalation_id, at, kind, note, score, rag)
    SELECT id, %(at)s, 'opened', '', score, rag FROM opened
    UNION ALL
    SELECT id, %(at)s, 'recovered', '', score, rag FROM recovered
    UNION ALL
    SELECT id, %(at)s, 'worsened', '', score, rag FROM worsened
    UNION ALL
    SELECT escalation_id, %(at)s, 'triggered', '', score, rag FROM notable
    WHERE escalation_id IS NOT NULL AND should_escalate AND score IS DISTINCT FROM previous_score AND NOT (rag = 'Red' AND severity <> 'Red')
)
SELECT count(*), count(*) FILTER (WHERE rag = 'Green'), count(*) FILTER (WHERE rag = 'Amber'), count(*) FILTER (WHERE rag = 'Red'),
    (SELECT coalesce(array_agg(id), '{{}}') FROM opened), (SELECT coalesce(array_agg(id), '{{}}') FROM worsened),
    (SELECT count(*) FROM recovered), max(CASE WHEN last_at > %(at)s THEN %(at)s ELSE last_at END)
FROM found"""


def scored(*, live: bool, one_account: bool, ahead: bool = False) -> str:
    """Each account's score; `ahead`: with what `projected` needs."""
    return SCORED.format(
        tickets=LIVE_TICKETS if live else PAST_TICKETS,
        heartbeats=LIVE_HEARTBEATS if live else PAST_HEARTBEATS,
        only_account="AND account_id = %(account)s" if one_account else "",
        only_this="AND account.id = %(account)s" if one_account else "",
        urgent_since=URGENT_SINCE if ahead else "",
        beginnings=BEGINNINGS if ahead else "",
    )


def projected() -> str:
    """The next change of state of each account in `scored`."""
    return PROJECTED.format(amber=crossing("amber_below"), red=crossing("red_below"))


def crossing(limit: str) -> str:
    """When a score falls below the limit; infinity if never. Meaningless where it already is."""
    silences = (
        ("0", "'-infinity'::timestamptz"),
        ("%(silent_points)s", SILENT_FROM.format(after="silent_after_hours")),
        ("%(very_silent_points)s", SILENT_FROM.format(after="very_silent_after_hours")),
    )
    levels = (LEVEL.format(room=ROOM.format(limit=limit, silence=points), begins=begins) for points, begins in silences)
    return CROSSING.format(levels=",".join(levels))


def write(*, live: bool, one_account: bool = False) -> str:
    """Scores, projections, snapshots, health, forecasts, escalations.

    Answers the number of accounts, of Green, Amber and Red ones, the ids of escalations opened and worsened, the number recovered, and
    the last heartbeat.
    """
    return WRITE.format(scored=scored(live=live, one_account=one_account, ahead=True), projected=projected(), entry=ENTRY)


def read(*, live: bool, one_account: bool = False) -> str:
    """Scores alone, a row an account; writes nothing."""
    return READ.format(scored=scored(live=live, one_account=one_account))
