"""The statements of `accounts.remapping`, in the order in which they run. Composed of constants alone: values are parameters."""

# Where to cut the tickets of a source, so that each piece takes bounded memory and holds its locks for an instant.
CUTS = """
SELECT id FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM accounts_ticket WHERE tenant_id = %(tenant)s AND source = %(source)s
) AS numbered WHERE place %% %(at_once)s = 0 ORDER BY id"""

WANTED = "CREATE TEMP TABLE wanted_ticket ON COMMIT DROP AS SELECT id FROM accounts_ticket ticket WHERE tenant_id = %(tenant)s AND {which}"
OF_RANGE = "source = %(source)s AND id > %(after)s AND id <= %(upto)s"
HAS_KEY = "source = %(source)s AND EXISTS (SELECT FROM unnest(account_keys) AS given (key) WHERE lower(given.key) = %(key)s)"
OF_KEY = f"account_id IS NULL AND {HAS_KEY} LIMIT %(most)s"
OF_ACCOUNT = """source = %(source)s
    AND (account_id = %(forgotten)s OR id IN (SELECT ticket_id FROM accounts_ticketstate WHERE account_id = %(forgotten)s))"""
OF_VALUE = """source = %(source)s AND account_id IS NULL
    AND EXISTS (SELECT FROM unnest(account_keys) AS given (key) WHERE substr(given.key, position(':' in given.key) + 1) = %(value)s)"""

DELETED_AT = "greatest(least({0}.deleted_at, {0}.heard_at), ticket.created_at)"
CHANGED_AT = "greatest(least({0}.source_updated_at, {0}.heard_at), ticket.created_at)"
# Over by its source's date of resolution, and neither for having been deleted nor, without such a date, for the tenant's own word.
IS_RESOLVED = f"""({{0}}.closed_at IS NOT NULL AND NOT coalesce(
    {{0}}.status = 'closed' AND ({{0}}.closed_at = {DELETED_AT} OR {{0}}.closed_at = {CHANGED_AT}), false))"""
TOLD_WORDS = "{0}.source_priority, {0}.source_status, {0}.source_category"
TICKETS = "accounts_ticket ticket JOIN {of} AS chosen ON chosen.id = ticket.id"
STATES = "accounts_ticketstate state JOIN {of} AS chosen ON chosen.id = state.ticket_id JOIN accounts_ticket ticket ON ticket.id = state.ticket_id"
OF_WANTED = {"ticket": TICKETS.format(of="wanted_ticket"), "state": STATES.format(of="wanted_ticket")}
OF_HELD = {"ticket": TICKETS.format(of="held_ticket"), "state": STATES.format(of="held_ticket")}

# Rows from before tamdash kept words have none, and stay what they are.
WORDS = " UNION ".join(
    f"SELECT {TOLD_WORDS.format(row)}, {IS_RESOLVED.format(row)} FROM {rows} WHERE ({TOLD_WORDS.format(row)}) <> ('', '', '')"
    for row, rows in OF_WANTED.items()
)
KNOWN_WORDS = """
CREATE TEMP TABLE known_word (
    source_priority text, source_status text, source_category text, is_resolved boolean, priority smallint, status text
) ON COMMIT DROP"""
COPY_WORDS = "COPY known_word FROM STDIN"
# Under the name that the door's ACCOUNT_KEYS reads.
TOLD_KEYS = "CREATE TEMP TABLE told_ticket ON COMMIT DROP AS " + " UNION ".join(
    f"SELECT {row}.account_keys::text[] AS account_keys FROM {rows} WHERE {row}.account_keys <> '{{}}'" for row, rows in OF_WANTED.items()
)

LIVE = "('open', 'pending')"
# An account that none of the row's own values names was matched by hand, or by the value that is being forgotten.
BY_HAND = """NOT ({0}.account_id = %(forgotten)s AND %(key)s IN (SELECT lower(given.key) FROM unnest({0}.account_keys) AS given (key)))
    AND NOT EXISTS (
        SELECT FROM unnest({0}.account_keys::text[]) AS given (key)
        LEFT JOIN accounts_accountkey mapped ON mapped.tenant_id = %(tenant)s AND mapped.source = %(source)s AND mapped.key = lower(given.key)
        LEFT JOIN accounts_account account
            ON account.tenant_id = %(tenant)s AND account.external_id = substr(given.key, position(':' in given.key) + 1)
        WHERE {0}.account_id IN (mapped.account_id, account.id))"""
ACCOUNT = f"""CASE WHEN named.account_keys IS NULL THEN {{0}}.account_id
        WHEN named.account_id IS NOT NULL THEN named.account_id
        WHEN {{0}}.account_id IS NOT NULL AND {{0}}.account_key = named.account_key AND {BY_HAND} THEN {{0}}.account_id END"""
STATUS = f"""CASE WHEN word.status IS NULL THEN {{0}}.status
        WHEN word.status IN {LIVE} AND {{0}}.deleted_at IS NOT NULL THEN 'closed' ELSE word.status END"""
CLOSED_AT = f"""CASE WHEN word.status IS NULL THEN {{0}}.closed_at
        WHEN word.status NOT IN {LIVE} THEN coalesce(
            {{0}}.closed_at, greatest(least(coalesce({{0}}.source_updated_at, {{0}}.heard_at, %(now)s), %(now)s), ticket.created_at))
        WHEN {{0}}.deleted_at IS NOT NULL THEN {DELETED_AT} END"""
VALUES = {
    "account_id": ACCOUNT,
    "account_key": "coalesce(named.account_key, {0}.account_key)",
    "priority": "coalesce(word.priority, {0}.priority)",
    "status": STATUS,
    "closed_at": CLOSED_AT,
}
MEANT = f"""
SELECT {{key}}, {", ".join(f"{value} AS {name}" for name, value in VALUES.items())}
FROM {{rows}}
LEFT JOIN known_word word ON (word.source_priority, word.source_status, word.source_category, word.is_resolved)
    = ({TOLD_WORDS}, {IS_RESOLVED})
LEFT JOIN known_key named ON named.account_keys = {{0}}.account_keys::text[]"""
IS = f"({', '.join(f'{{0}}.{name}' for name in VALUES)})"
DIFFERS = f"{IS} IS DISTINCT FROM {IS.format('meant')}"
MEANT_TICKETS = {
    name: MEANT.format("ticket", key="ticket.id", rows=of["ticket"]) for name, of in (("wanted", OF_WANTED), ("held", OF_HELD))
}
MEANT_STATES = {
    name: MEANT.format("state", key="state.ticket_id, state.source_version", rows=of["state"])
    for name, of in (("wanted", OF_WANTED), ("held", OF_HELD))
}
SAME_STATE = "state.ticket_id = meant.ticket_id AND state.source_version = meant.source_version"

# What is to change, held in the order of the door, so that neither waits for the other in a circle.
HELD = f"""
CREATE TEMP TABLE held_ticket ON COMMIT DROP AS
SELECT id, status IN {LIVE} AS was_live FROM accounts_ticket WHERE id IN (
    SELECT ticket.id FROM ({MEANT_TICKETS["wanted"]}) AS meant JOIN accounts_ticket ticket ON ticket.id = meant.id WHERE {DIFFERS.format("ticket")}
    UNION
    SELECT state.ticket_id FROM ({MEANT_STATES["wanted"]}) AS meant JOIN accounts_ticketstate state ON {SAME_STATE} WHERE {DIFFERS.format("state")}
) ORDER BY id FOR UPDATE"""
SET = ", ".join(f"{name} = meant.{name}" for name in VALUES)
CHANGE_TICKETS = f"""
UPDATE accounts_ticket ticket SET {SET}, closed_known_at = CASE WHEN meant.closed_at IS NOT NULL THEN ticket.closed_known_at END
FROM ({MEANT_TICKETS["held"]}) AS meant WHERE ticket.id = meant.id AND {DIFFERS.format("ticket")}"""
CHANGE_STATES = f"""
UPDATE accounts_ticketstate state SET {SET}
FROM ({MEANT_STATES["held"]}) AS meant WHERE {SAME_STATE} AND {DIFFERS.format("state")}"""
WITH_STATES = """
INSERT INTO history_ticket
SELECT id FROM held_ticket WHERE EXISTS (SELECT FROM accounts_ticketstate state WHERE state.ticket_id = held_ticket.id)"""
# That it is over is known as of now: what was computed before counted it as open.
HEARD_OF_END = f"""
UPDATE accounts_ticket ticket SET closed_known_at = %(now)s FROM held_ticket held
WHERE held.id = ticket.id AND held.was_live AND ticket.status NOT IN {LIVE}"""
FORGET = "DROP TABLE IF EXISTS wanted_ticket, known_word, told_ticket, known_key, held_ticket, history_ticket"
