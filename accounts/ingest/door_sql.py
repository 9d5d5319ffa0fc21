"""The statements of `accounts.ingest.door`, in the order in which they run. Composed of constants alone: values are parameters."""

from accounts.ingest.rows import COLUMNS, OF_ANYBODY

INCOMING = """
CREATE TEMP TABLE incoming_ticket (
    external_id text NOT NULL, account_keys text[] NOT NULL, priority smallint NOT NULL, status text NOT NULL, subject text NOT NULL,
    created_at timestamptz NOT NULL, closed_at timestamptz, source_version bigint NOT NULL, source_updated_at timestamptz,
    source_priority text NOT NULL, source_status text NOT NULL, source_category text NOT NULL, deleted_at timestamptz,
    position bigint GENERATED ALWAYS AS IDENTITY
) ON COMMIT DROP"""
COPY = f"COPY incoming_ticket ({', '.join(COLUMNS)}) FROM STDIN"
GIVEN = "incoming_ticket"
STAGED = "(SELECT * FROM accounts_stagedticket WHERE ticket_import_id = %(staged)s) AS staged"
CONTENT = "({0}.source_status, {0}.source_priority, {0}.source_category, {0}.subject, {0}.account_keys::text[], coalesce({0}.closed_at, 'infinity'))"

# A file's last row of a ticket is its state: the highest version, and of equals the one that came last.
LAST_ROWS = f"""
CREATE TEMP TABLE told_ticket ON COMMIT DROP AS
SELECT DISTINCT ON (external_id) {", ".join(COLUMNS)}, true AS is_last FROM {{given}}
ORDER BY external_id, source_version DESC, position DESC"""
# Of events each is a state of its own, and which of two comes first means nothing.
EVERY_STATE = f"""
CREATE TEMP TABLE told_ticket ON COMMIT DROP AS
SELECT DISTINCT ON (external_id, source_version) {", ".join(COLUMNS)},
    source_version = max(source_version) OVER (PARTITION BY external_id) AS is_last
FROM {{given}} AS given ORDER BY external_id, source_version, {CONTENT.format("given")} DESC, position DESC"""

# Whose tickets these are: the first value, in the tenant's order of kinds, that is mapped to an account or is an account's own id. What
# anybody may write into a ticket, as a label, names an account only where somebody mapped it. Few tickets have values of their own, so
# each set of values is looked up once.
KIND = "JOIN unnest(%(account_by)s::text[]) WITH ORDINALITY AS kind (name, rank) ON kind.name = split_part(key, ':', 1)"
ACCOUNT_KEYS = f"""
CREATE TEMP TABLE known_key ON COMMIT DROP AS
SELECT wanted.account_keys, left(coalesce(first.value, ''), 160) AS account_key, found.account_id
FROM (SELECT DISTINCT account_keys FROM told_ticket) AS wanted
LEFT JOIN LATERAL (
    SELECT substr(key, position(':' in key) + 1) AS value
    FROM unnest(wanted.account_keys) WITH ORDINALITY AS given (key, place) {KIND}
    ORDER BY rank, place LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
    SELECT coalesce(mapped.account_id, account.id) AS account_id
    FROM unnest(wanted.account_keys) WITH ORDINALITY AS given (key, place) {KIND}
    LEFT JOIN accounts_accountkey mapped ON mapped.tenant_id = %(tenant)s AND mapped.source = %(source)s AND mapped.key = lower(given.key)
    LEFT JOIN accounts_account account
        ON account.tenant_id = %(tenant)s AND account.external_id = substr(given.key, position(':' in given.key) + 1)
        AND kind.name NOT IN ({", ".join(f"'{kind}'" for kind in sorted(OF_ANYBODY))})
    WHERE coalesce(mapped.account_id, account.id) IS NOT NULL
    ORDER BY rank, place LIMIT 1
) AS found ON true"""
NEW_ACCOUNTS = "SELECT DISTINCT account_key FROM known_key WHERE account_key <> '' AND account_id IS NULL ORDER BY account_key"
CREATED_ACCOUNTS = """
UPDATE known_key SET account_id = account.id FROM accounts_account account
WHERE known_key.account_id IS NULL AND account.tenant_id = %(tenant)s AND account.external_id = known_key.account_key"""

# What a ticket's row is to hold, under the names of its columns.
STATE = (
    "account_id", "account_key", "account_keys", "priority", "status", "subject", "closed_at",
    "source_updated_at", "source_priority", "source_status", "source_category", "deleted_at",
)  # fmt: skip
READ = """
CREATE TEMP TABLE read_ticket ON COMMIT DROP AS
SELECT external_id, is_last, account_id, account_key, told.account_keys,
    priority, status, left(subject, %(subject_length)s) AS subject, created_at,
    CASE WHEN closed_at IS NOT NULL THEN greatest(least(closed_at, %(now)s), created_at) END AS closed_at,
    source_version, source_updated_at, source_priority, source_status, source_category, deleted_at
FROM told_ticket told JOIN known_key USING (account_keys)"""
NEW = f"""
INSERT INTO accounts_ticket (tenant_id, source, external_id, created_at, source_version, known_at, heard_at, closed_known_at, {", ".join(STATE)})
SELECT %(tenant)s, %(source)s, external_id, created_at, source_version, %(now)s, %(now)s,
    CASE WHEN closed_at IS NOT NULL THEN %(now)s END, {", ".join(STATE)}
FROM read_ticket WHERE is_last ORDER BY external_id
ON CONFLICT (tenant_id, source, external_id) DO NOTHING
RETURNING external_id"""

# An account someone matched by hand stays while the source goes on naming the same value.
ACCOUNT = "coalesce(new.account_id, CASE WHEN new.account_key = known.account_key THEN known.account_id END)"
# A closing date that was cut off at an earlier import's present is not moved along by the next.
CLOSED = "CASE WHEN new.closed_at = %(now)s THEN coalesce(known.closed_at, new.closed_at) ELSE new.closed_at END"
IS_NEWER = f"""(new.source_version > known.source_version OR (new.source_version = known.source_version
        AND (new.source_version = 0 OR NOT %(as_events)s OR {CONTENT.format("new")} >= {CONTENT.format("known")})))"""
# What is there by now and is to change, held, in one order for all who come at once.
CHANGED = f"""
CREATE TEMP TABLE changed_ticket ON COMMIT DROP AS
SELECT known.id, new.external_id, {IS_NEWER} AND
    (known.account_id, known.account_key, known.account_keys::text[], known.priority, known.status, known.subject, known.created_at,
        known.closed_at, known.source_version, known.source_priority, known.source_status, known.source_category, known.deleted_at)
    IS DISTINCT FROM ({ACCOUNT}, new.account_key, new.account_keys, new.priority, new.status, new.subject, new.created_at,
        {CLOSED}, new.source_version, new.source_priority, new.source_status, new.source_category, new.deleted_at) AS is_new_state
FROM read_ticket new
JOIN accounts_ticket known ON known.tenant_id = %(tenant)s AND known.source = %(source)s AND known.external_id = new.external_id
WHERE new.is_last ORDER BY known.id FOR UPDATE OF known"""

# A state that gives way to a newer one becomes part of the past, and so does one that arrives late.
KEEP_STATES = f"""
INSERT INTO accounts_ticketstate AS kept (ticket_id, source_version, heard_at, {", ".join(STATE)})
{{states}}
ON CONFLICT (ticket_id, source_version) DO UPDATE SET heard_at = excluded.heard_at,
    {", ".join(f"{column} = excluded.{column}" for column in STATE)}
WHERE {CONTENT.format("excluded")} > {CONTENT.format("kept")}
RETURNING ticket_id"""
HISTORIES = "CREATE TEMP TABLE history_ticket (id bigint PRIMARY KEY) ON COMMIT DROP"
ADD_HISTORIES = "WITH kept AS ({kept}) INSERT INTO history_ticket SELECT ticket_id FROM kept ON CONFLICT DO NOTHING"
PASSED = f"""
SELECT known.id, known.source_version, known.heard_at, {", ".join(f"known.{column}" for column in STATE)}
FROM changed_ticket changed JOIN accounts_ticket known ON known.id = changed.id
JOIN read_ticket new ON new.external_id = changed.external_id AND new.is_last
WHERE is_new_state AND known.source_version > 0 AND known.source_version < new.source_version"""
LATE = f"""
SELECT known.id, new.source_version, %(now)s, {", ".join(f"new.{column}" for column in STATE)}
FROM read_ticket new
JOIN accounts_ticket known ON known.tenant_id = %(tenant)s AND known.source = %(source)s AND known.external_id = new.external_id
WHERE new.source_version > 0 AND new.source_version < known.source_version"""
UPDATE = f"""
UPDATE accounts_ticket known SET account_id = {ACCOUNT}, closed_at = {CLOSED}, created_at = new.created_at,
    source_version = new.source_version, heard_at = %(now)s,
    closed_known_at = CASE WHEN new.closed_at IS NOT NULL THEN coalesce(known.closed_known_at, %(now)s) END,
    {", ".join(f"{column} = new.{column}" for column in STATE if column not in ("account_id", "closed_at"))}
FROM changed_ticket changed JOIN read_ticket new ON new.external_id = changed.external_id AND new.is_last
WHERE known.id = changed.id AND is_new_state
RETURNING known.external_id"""
WITH_STATES = """
SELECT id AS ticket_id FROM changed_ticket changed
WHERE is_new_state AND EXISTS (SELECT FROM accounts_ticketstate state WHERE state.ticket_id = changed.id)"""

TOTALS = """
SELECT known.external_id, known.account_id IS NULL
FROM read_ticket new
JOIN accounts_ticket known ON known.tenant_id = %(tenant)s AND known.source = %(source)s AND known.external_id = new.external_id
WHERE new.is_last"""
COUNTS = f"SELECT count(*), count(*) FILTER (WHERE is_unmatched) FROM ({TOTALS}) AS totals (external_id, is_unmatched)"

# Last of all, so that two imports of one source wait for each other only for an instant.
REPORTED = """
INSERT INTO accounts_ticketsource AS known (tenant_id, source, reported_at, is_in_use) VALUES (%(tenant)s, %(source)s, %(now)s, true)
ON CONFLICT (tenant_id, source) DO UPDATE SET reported_at = greatest(known.reported_at, excluded.reported_at)"""

COUNTED = "WITH written AS ({written}) SELECT count(*) FROM written"
