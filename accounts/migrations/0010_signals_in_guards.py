"""What Django's models cannot say: the view of when tickets were open, tenants held together, and a table that is not logged."""

from django.db import migrations

OPEN_INTERVALS = """
CREATE VIEW accounts_openinterval AS
SELECT id AS ticket_id, tenant_id, account_id, source, external_id, subject, priority, status, created_at,
    coalesce(open_from, created_at) AS open_from, closed_at, known_at, closed_known_at
FROM accounts_ticket
UNION ALL
SELECT earlier.ticket_id, earlier.tenant_id, earlier.account_id, ticket.source, ticket.external_id, ticket.subject, earlier.priority,
    'closed', ticket.created_at, earlier.open_from, earlier.open_until, ticket.known_at, earlier.closed_known_at
FROM accounts_earlierinterval earlier JOIN accounts_ticket ticket ON ticket.id = earlier.ticket_id;
"""
OPEN_INTERVALS_UNDONE = "DROP VIEW accounts_openinterval;"

SAME_TENANT = """
ALTER TABLE accounts_accountkey ADD CONSTRAINT account_key_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_earlierinterval ADD CONSTRAINT earlier_interval_account_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
SAME_TENANT_UNDONE = """
ALTER TABLE accounts_earlierinterval DROP CONSTRAINT earlier_interval_account_of_same_tenant;
ALTER TABLE accounts_accountkey DROP CONSTRAINT account_key_of_same_tenant;
"""

STORAGE = """
ALTER TABLE accounts_stagedticket SET UNLOGGED;
ALTER TABLE accounts_ticket ALTER COLUMN account_keys SET DEFAULT '{}';
"""
STORAGE_UNDONE = """
ALTER TABLE accounts_ticket ALTER COLUMN account_keys DROP DEFAULT;
ALTER TABLE accounts_stagedticket SET LOGGED;
"""

# Only what is unmatched has to be found by its values: what has an account keeps it until its source speaks again.
KEYS_OF_UNMATCHED = """
UPDATE accounts_ticket SET account_keys = ARRAY['account:' || account_key] WHERE account_id IS NULL AND account_key <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_signals_in")]
    operations = [
        migrations.RunSQL(OPEN_INTERVALS, OPEN_INTERVALS_UNDONE),
        migrations.RunSQL(SAME_TENANT, SAME_TENANT_UNDONE),
        migrations.RunSQL(STORAGE, STORAGE_UNDONE),
        migrations.RunSQL(KEYS_OF_UNMATCHED, migrations.RunSQL.noop),
    ]
