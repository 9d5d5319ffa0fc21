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
),
deducted AS (
    SELECT *,
        least(late * %(late_points)s, %(late_cap)s) AS late_points,
        least(greatest(total - %(free_tickets)s, 0) * %(volume_points)s, %(volume_cap)s) AS volume_points,
        CASE WHEN silent_hours > %(very_silent_after_hours)s THEN %(very_silent_points)s
             WHEN silent_hours > %(silent_after_hours)s THEN %(silent_points)s ELSE 0 END AS silence_points
    FROM signals
),
valued AS (
    SELECT *, greatest(100 - late_points - volume_points - silence_points, 0) AS score FROM deducted
),
scored AS (
    SELECT *, CASE WHEN score < %(red_below)s THEN 'Red' WHEN score < %(amber_below)s THEN 'Amber' ELSE 'Green' END AS rag FROM valued
)"""

READ = """
WITH {scored}
SELECT account.external_id, scored.score, scored.rag, scored.urgent, scored.late, scored.oldest_days, scored.total,
    scored.silent_hours, scored.late_points, scored.volume_points, scored.silence_points
FROM scored JOIN accounts_account account ON account.id = scored.account_id ORDER BY account.external_id"""

# `written` alone decides what follows: an account whose snapshot of this scan exists already is not counted or escalated twice.
WRITE = """
WITH {scored},
written AS (
    INSERT INTO accounts_healthsnapshot (scan_id, account_id, oldest_p1_p2_age_days, hours_since_heartbeat, p1_p2_ticket_count,
        late_ticket_count, total_open_tickets, score, previous_score, late_points, volume_points, silence_points,
        should_escalate, rag, previous_rag)
    SELECT %(scan)s, scored.account_id, oldest_days, silent_hours, urgent, late, total, scored.score, health.score,
        scored.late_points, scored.volume_points, scored.silence_points,
        scored.score < %(red_below)s OR coalesce(health.rag <> 'Red' AND scored.rag = 'Red', false)
            OR coalesce(health.rag = 'Green' AND scored.rag = 'Amber', false),
        scored.rag, health.rag
    FROM scored LEFT JOIN accounts_accounthealth health ON health.account_id = scored.account_id
    ON CONFLICT (scan_id, account_id) DO NOTHING
    RETURNING *
),
first_health AS (
    INSERT INTO accounts_accounthealth (account_id, tenant_id, changed_at, changed_by_scan_id, score, open_tickets, p1_p2_tickets,
        late_points, volume_points, silence_points, rag, trail)
    SELECT account_id, %(tenant)s, %(at)s, %(scan)s, score, total_open_tickets, p1_p2_ticket_count,
        late_points, volume_points, silence_points, rag, int2send(%(day)s::int2) || set_byte('\\x00', 0, score)
    FROM written WHERE previous_score IS NULL
    ON CONFLICT (account_id) DO NOTHING
),
changed_health AS (
    UPDATE accounts_accounthealth health SET
        open_tickets = written.total_open_tickets, p1_p2_tickets = written.p1_p2_ticket_count,
        late_points = written.late_points, volume_points = written.volume_points, silence_points = written.silence_points,
        score = written.score, rag = written.rag,
        changed_at = CASE WHEN moved THEN %(at)s ELSE health.changed_at END,
        changed_by_scan_id = CASE WHEN moved THEN %(scan)s ELSE health.changed_by_scan_id END,
        previous_score = CASE WHEN moved THEN health.score ELSE health.previous_score END,
        previous_rag = CASE WHEN moved THEN health.rag ELSE health.previous_rag END,
        trail = CASE WHEN moved THEN substring(kept || entry FROM greatest(1, length(kept) + 3 - 269)) ELSE health.trail END
    FROM (
        SELECT written.*, written.score <> current.score AS moved,
            int2send(%(day)s::int2) || set_byte('\\x00', 0, written.score) AS entry,
            -- A second change on one day replaces that day's entry.
            CASE WHEN substring(current.trail FROM length(current.trail) - 2 FOR 2) = int2send(%(day)s::int2)
                THEN substring(current.trail FOR length(current.trail) - 3) ELSE current.trail END AS kept
        FROM written JOIN accounts_accounthealth current USING (account_id)
    ) AS written
    WHERE health.account_id = written.account_id AND (
        moved OR health.open_tickets <> written.total_open_tickets OR health.p1_p2_tickets <> written.p1_p2_ticket_count
        OR health.late_points <> written.late_points OR health.volume_points <> written.volume_points
        OR health.silence_points <> written.silence_points)
),
standing AS (
    SELECT escalation.id, escalation.account_id, escalation.rag, written.score AS now_score, written.rag AS now_rag,
        written.previous_rag, written.previous_score, written.should_escalate
    FROM written JOIN accounts_escalation escalation
        ON escalation.account_id = written.account_id AND NOT (escalation.status = 'resolved')
),
opened AS (
    INSERT INTO accounts_escalation (tenant_id, account_id, status, reason, score, rag, previous_score, opened_by_scan_id,
        opened_at, due_at, resolved_rag, recovered)
    SELECT %(tenant)s, written.account_id, 'open',
        CASE WHEN written.rag = 'Red' AND written.previous_rag <> 'Red' THEN 'worsened_to_red'
             WHEN written.score < %(red_below)s THEN 'score_below_threshold' ELSE 'early_warning' END,
        written.score, written.rag, written.previous_score, %(scan)s, %(at)s,
        CASE WHEN written.rag = 'Red' THEN %(red_due)s ELSE %(amber_due)s END, '', false
    FROM written
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_escalation past WHERE past.account_id = written.account_id ORDER BY past.opened_at DESC, past.id DESC LIMIT 1
    ) AS past ON true
    WHERE written.should_escalate AND (
        past.id IS NULL OR past.recovered
        OR (written.rag = 'Red' AND past.resolved_rag <> 'Red') OR (written.rag = 'Amber' AND past.resolved_rag = 'Green')
        OR written.score <= past.resolved_score - 10 OR past.resolved_at <= %(week_ago)s)
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
FROM written"""


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
