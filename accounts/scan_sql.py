"""The scan in SQL: what `accounts.scoring` says, for all accounts of a tenant at once.

One statement computes, writes and escalates, so that it happens whole or not at all, and costs about what its plain inserts cost.
"""

# Tickets by the index `ticket_live_by_account` alone, which holds them in the order of the grouping.
LIVE_TICKETS = """
    SELECT account_id, priority, created_at FROM accounts_ticket
    WHERE tenant_id = %(tenant)s AND status IN ('open', 'pending') AND account_id IS NOT NULL AND created_at <= %(at)s"""
LIVE_HEARTBEATS = """
    SELECT account_id, least(last_at, %(at)s) AS last_at FROM accounts_heartbeat"""

# The same two as they were at a past instant. Within a day only its first and last heartbeat are known.
PAST_TICKETS = """
    SELECT account_id, priority, created_at FROM accounts_ticket
    WHERE tenant_id = %(tenant)s AND account_id IS NOT NULL AND created_at <= %(at)s AND (closed_at IS NULL OR closed_at > %(at)s)"""
PAST_HEARTBEATS = """
    SELECT account.id AS account_id, past.last_at
    FROM accounts_account account
    CROSS JOIN LATERAL (
        SELECT CASE WHEN day.last_at <= %(at)s THEN day.last_at ELSE day.first_at END AS last_at
        FROM accounts_heartbeatday day WHERE day.account_id = account.id AND day.first_at <= %(at)s
        ORDER BY day.day DESC LIMIT 1
    ) past
    WHERE account.tenant_id = %(tenant)s"""

# OFFSET 0 keeps the planner from folding a step into the next, which would compute it again wherever a later one names it.
SCORED = """
tickets AS (
    SELECT account_id, count(*) AS total,
        count(*) FILTER (WHERE priority <= 2) AS urgent,
        count(*) FILTER (WHERE priority <= 2 AND created_at < %(late_since)s) AS late,
        min(created_at) FILTER (WHERE priority <= 2) AS oldest
    FROM ({tickets} {only_account}) AS ticket GROUP BY account_id
),
signals AS (
    SELECT account.id AS account_id,
        coalesce(tickets.total, 0)::int AS total, coalesce(tickets.urgent, 0)::int AS urgent, coalesce(tickets.late, 0)::int AS late,
        coalesce(date_part('epoch', %(at)s - tickets.oldest) / 86400, 0) AS oldest_days,
        date_part('epoch', %(at)s - heartbeats.last_at) / 3600 AS silent_hours
    FROM accounts_account account
    LEFT JOIN tickets ON tickets.account_id = account.id
    LEFT JOIN ({heartbeats}) AS heartbeats ON heartbeats.account_id = account.id
    WHERE account.tenant_id = %(tenant)s AND account.is_active {only_this}
    OFFSET 0
),
deducted AS (
    SELECT *,
        least(late * %(late_points)s, %(late_cap)s) AS late_points,
        least(greatest(total - %(free_tickets)s, 0) * %(volume_points)s, %(volume_cap)s) AS volume_points,
        CASE WHEN silent_hours > %(very_silent_after_hours)s THEN %(very_silent_points)s
             WHEN silent_hours > %(silent_after_hours)s THEN %(silent_points)s ELSE 0 END AS silence_points
    FROM signals OFFSET 0
),
valued AS (
    SELECT *, greatest(100 - late_points - volume_points - silence_points, 0) AS score FROM deducted OFFSET 0
),
scored AS (
    SELECT *, CASE WHEN score < %(red_below)s THEN 'Red' WHEN score < %(amber_below)s THEN 'Amber' ELSE 'Green' END AS rag FROM valued
)"""

READ = """
WITH {scored}
SELECT account.external_id, scored.score, scored.rag, scored.urgent, scored.late, scored.oldest_days, scored.total,
    scored.silent_hours, scored.late_points, scored.volume_points, scored.silence_points
FROM scored JOIN accounts_account account ON account.id = scored.account_id ORDER BY account.external_id"""

WRITE = """
WITH {scored},
found AS MATERIALIZED (
    SELECT scored.*, health.score AS previous_score, health.rag AS previous_rag,
        scored.rag = 'Red' OR coalesce(health.rag = 'Green' AND scored.rag = 'Amber', false) AS should_escalate,
        (health.score, health.rag) IS DISTINCT FROM (scored.score, scored.rag) AS moved,
        (health.open_tickets, health.p1_p2_tickets, health.late_points, health.volume_points, health.silence_points)
            IS DISTINCT FROM (total, urgent, scored.late_points, scored.volume_points, scored.silence_points) AS shifted
    FROM scored LEFT JOIN accounts_accounthealth health ON health.account_id = scored.account_id AND health.tenant_id = %(tenant)s
),
written AS (
    INSERT INTO accounts_healthsnapshot (scan_id, account_id, oldest_p1_p2_age_days, hours_since_heartbeat, p1_p2_ticket_count,
        late_ticket_count, total_open_tickets, score, previous_score, late_points, volume_points, silence_points,
        should_escalate, rag, previous_rag)
    SELECT %(scan)s, account_id, oldest_days, silent_hours, urgent, late, total, score, previous_score,
        late_points, volume_points, silence_points, should_escalate, rag, previous_rag
    FROM found
),
first_health AS (
    INSERT INTO accounts_accounthealth (account_id, tenant_id, changed_at, changed_by_scan_id, score, open_tickets, p1_p2_tickets,
        late_points, volume_points, silence_points, rag, trail)
    SELECT account_id, %(tenant)s, %(at)s, %(scan)s, score, total, urgent,
        late_points, volume_points, silence_points, rag, %(today)s || set_byte('\\x00', 0, score)
    FROM found WHERE previous_score IS NULL
),
changed_health AS (
    UPDATE accounts_accounthealth health SET
        open_tickets = total, p1_p2_tickets = urgent, score = found.score, rag = found.rag,
        late_points = found.late_points, volume_points = found.volume_points, silence_points = found.silence_points,
        changed_at = CASE WHEN moved THEN %(at)s ELSE changed_at END,
        changed_by_scan_id = CASE WHEN moved THEN %(scan)s ELSE changed_by_scan_id END,
        previous_score = CASE WHEN moved THEN health.score ELSE health.previous_score END,
        previous_rag = CASE WHEN moved THEN health.rag ELSE health.previous_rag END,
        trail = CASE
            WHEN health.score = found.score THEN trail
            -- A second change on one day replaces that day's entry; the 91st entry replaces the oldest.
            WHEN substring(trail FROM length(trail) - 2 FOR 2) = %(today)s THEN substring(trail FOR length(trail) - 3) || entry
            WHEN length(trail) >= %(trail_length)s THEN substring(trail FROM 4) || entry
            ELSE trail || entry END
    FROM (SELECT *, %(today)s || set_byte('\\x00', 0, score) AS entry FROM found WHERE moved OR shifted) AS found
    WHERE health.account_id = found.account_id
),
standing AS (
    SELECT escalation.id, escalation.rag, found.score AS now_score, found.rag AS now_rag, previous_rag, found.previous_score, should_escalate
    FROM found JOIN accounts_escalation escalation
        ON escalation.account_id = found.account_id AND NOT (escalation.status = 'resolved')
),
opened AS (
    INSERT INTO accounts_escalation (tenant_id, account_id, status, reason, score, rag, previous_score, opened_by_scan_id,
        opened_at, due_at, resolved_rag, recovered)
    SELECT %(tenant)s, found.account_id, 'open',
        CASE WHEN found.rag = 'Red' AND previous_rag <> 'Red' THEN 'worsened_to_red'
             WHEN found.rag = 'Red' THEN 'score_below_threshold' ELSE 'early_warning' END,
        found.score, found.rag, found.previous_score, %(scan)s, %(at)s,
        CASE WHEN found.rag = 'Red' THEN %(red_due)s ELSE %(amber_due)s END, '', false
    FROM found
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_escalation past WHERE past.account_id = found.account_id ORDER BY past.opened_at DESC, past.id DESC LIMIT 1
    ) AS last ON true
    WHERE should_escalate AND (
        last.id IS NULL OR last.recovered
        OR (found.rag = 'Red' AND last.resolved_rag <> 'Red') OR (found.rag = 'Amber' AND last.resolved_rag = 'Green')
        OR found.score <= last.resolved_score - 10 OR last.resolved_at <= %(week_ago)s)
    -- One that people raised by hand meanwhile is enough.
    ON CONFLICT (account_id) WHERE NOT (status = 'resolved') DO NOTHING
    RETURNING id, score, rag
),
recovered AS (
    UPDATE accounts_escalation escalation
    SET status = 'resolved', resolved_at = %(at)s, resolved_score = now_score, resolved_rag = now_rag, recovered = true
    FROM standing
    WHERE escalation.id = standing.id AND NOT (escalation.status = 'resolved')
        AND now_rag = 'Green' AND (standing.rag <> 'Green' OR standing.previous_rag <> 'Green')
    RETURNING escalation.id, now_score AS score, now_rag AS rag
),
events AS (
    INSERT INTO accounts_escalationevent (escalation_id, at, kind, note, score, rag)
    SELECT id, %(at)s, 'opened', '', score, rag FROM opened
    UNION ALL
    SELECT id, %(at)s, 'recovered', '', score, rag FROM recovered
    UNION ALL
    SELECT id, %(at)s, 'triggered', '', now_score, now_rag FROM standing
    WHERE should_escalate AND now_score IS DISTINCT FROM previous_score
)
SELECT count(*), count(*) FILTER (WHERE rag = 'Green'), count(*) FILTER (WHERE rag = 'Amber'), count(*) FILTER (WHERE rag = 'Red'),
    (SELECT count(*) FROM opened), (SELECT count(*) FROM recovered)
FROM found"""


def scored(*, live: bool, one_account: bool) -> str:
    return SCORED.format(
        tickets=LIVE_TICKETS if live else PAST_TICKETS,
        heartbeats=LIVE_HEARTBEATS if live else PAST_HEARTBEATS,
        only_account="AND account_id = %(account)s" if one_account else "",
        only_this="AND account.id = %(account)s" if one_account else "",
    )


def write(*, live: bool, one_account: bool = False) -> str:
    """Scores, snapshots, health, escalations; answers accounts, Green, Amber, Red, opened, recovered."""
    return WRITE.format(scored=scored(live=live, one_account=one_account))


def read(*, live: bool, one_account: bool = False) -> str:
    """Scores alone, a row an account; writes nothing."""
    return READ.format(scored=scored(live=live, one_account=one_account))
