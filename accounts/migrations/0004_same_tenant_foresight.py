"""The database holds forecasts, opinions and back-tests to the tenant of what they are about; known ticket systems get their row."""

from django.db import migrations

SAME_TENANT = """
ALTER TABLE accounts_scoringpolicy ADD CONSTRAINT policy_tenant_and_id UNIQUE (tenant_id, id);
ALTER TABLE accounts_forecast ADD CONSTRAINT forecast_account_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_opinion ADD CONSTRAINT opinion_account_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_opinion ADD CONSTRAINT opinion_author_of_same_tenant
    FOREIGN KEY (tenant_id, author_id) REFERENCES accounts_user (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_backtest ADD CONSTRAINT backtest_policy_of_same_tenant
    FOREIGN KEY (tenant_id, policy_id) REFERENCES accounts_scoringpolicy (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_backtest ADD CONSTRAINT backtest_against_of_same_tenant
    FOREIGN KEY (tenant_id, against_id) REFERENCES accounts_scoringpolicy (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
SAME_TENANT_UNDONE = """
ALTER TABLE accounts_backtest DROP CONSTRAINT backtest_against_of_same_tenant;
ALTER TABLE accounts_backtest DROP CONSTRAINT backtest_policy_of_same_tenant;
ALTER TABLE accounts_opinion DROP CONSTRAINT opinion_author_of_same_tenant;
ALTER TABLE accounts_opinion DROP CONSTRAINT opinion_account_of_same_tenant;
ALTER TABLE accounts_forecast DROP CONSTRAINT forecast_account_of_same_tenant;
ALTER TABLE accounts_scoringpolicy DROP CONSTRAINT policy_tenant_and_id;
"""

# A source known by its tickets alone last reported, for all we know, when the latest of them opened or closed.
KNOWN_SOURCES = """
INSERT INTO accounts_ticketsource (tenant_id, source, reported_at, is_in_use)
SELECT tenant_id, source, max(greatest(created_at, coalesce(closed_at, created_at))), true FROM accounts_ticket GROUP BY tenant_id, source
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_projection_and_policy_life")]
    operations = [
        migrations.RunSQL(SAME_TENANT, SAME_TENANT_UNDONE),
        migrations.RunSQL(KNOWN_SOURCES, migrations.RunSQL.noop),
    ]
