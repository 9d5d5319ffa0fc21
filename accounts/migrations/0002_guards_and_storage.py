"""What Django's models cannot say: tenants held together by the database, frozen policies, and room for updates in place."""

from django.db import migrations

SAME_TENANT = """
ALTER TABLE accounts_account ADD CONSTRAINT account_tenant_and_id UNIQUE (tenant_id, id);
ALTER TABLE accounts_user ADD CONSTRAINT user_tenant_and_id UNIQUE (tenant_id, id);
ALTER TABLE accounts_account ADD CONSTRAINT account_owner_of_same_tenant
    FOREIGN KEY (tenant_id, owner_id) REFERENCES accounts_user (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_ticket ADD CONSTRAINT ticket_account_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_escalation ADD CONSTRAINT escalation_account_of_same_tenant
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
SAME_TENANT_UNDONE = """
ALTER TABLE accounts_escalation DROP CONSTRAINT escalation_account_of_same_tenant;
ALTER TABLE accounts_ticket DROP CONSTRAINT ticket_account_of_same_tenant;
ALTER TABLE accounts_account DROP CONSTRAINT account_owner_of_same_tenant;
ALTER TABLE accounts_user DROP CONSTRAINT user_tenant_and_id;
ALTER TABLE accounts_account DROP CONSTRAINT account_tenant_and_id;
"""

FROZEN_POLICY = """
CREATE FUNCTION accounts_policy_numbers_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND
        (to_jsonb(OLD) - 'status' - 'activated_at') IS DISTINCT FROM (to_jsonb(NEW) - 'status' - 'activated_at') THEN
        RAISE EXCEPTION 'A scoring policy that left draft is never changed: make a new version.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policy_numbers_stay BEFORE UPDATE ON accounts_scoringpolicy
    FOR EACH ROW EXECUTE FUNCTION accounts_policy_numbers_stay();
"""
FROZEN_POLICY_UNDONE = """
DROP TRIGGER policy_numbers_stay ON accounts_scoringpolicy;
DROP FUNCTION accounts_policy_numbers_stay();
"""

# Half-empty pages let a row be rewritten beside itself, without touching an index.
ROOM = """
ALTER TABLE accounts_accounthealth SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE accounts_heartbeat SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE accounts_heartbeatday SET (fillfactor = 80);
"""
ROOM_UNDONE = """
ALTER TABLE accounts_accounthealth RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE accounts_heartbeat RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE accounts_heartbeatday RESET (fillfactor);
"""

# Accounts are edited in many places, so the mark that a portfolio changed is left by the database itself.
# A sign-in updates a person too, and changes nothing that is shown.
PORTFOLIO_CHANGES = """
CREATE FUNCTION accounts_mark_portfolio_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_portfoliochange (tenant_id) SELECT DISTINCT tenant_id FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER account_added AFTER INSERT ON accounts_account
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION accounts_mark_portfolio_change();
CREATE TRIGGER account_edited AFTER UPDATE ON accounts_account
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION accounts_mark_portfolio_change();
CREATE TRIGGER account_removed AFTER DELETE ON accounts_account
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION accounts_mark_portfolio_change();
CREATE FUNCTION accounts_mark_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_portfoliochange (tenant_id) VALUES ((to_jsonb(NEW) ->> TG_ARGV[0])::bigint);
    RETURN NULL;
END $$;
CREATE TRIGGER person_edited AFTER UPDATE OF name, role, is_active ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_mark_row_change('tenant_id');
CREATE TRIGGER tenant_edited AFTER UPDATE OF name, time_zone, settings ON accounts_tenant
    FOR EACH ROW EXECUTE FUNCTION accounts_mark_row_change('id');
"""
PORTFOLIO_CHANGES_UNDONE = """
DROP TRIGGER tenant_edited ON accounts_tenant;
DROP TRIGGER person_edited ON accounts_user;
DROP FUNCTION accounts_mark_row_change();
DROP TRIGGER account_removed ON accounts_account;
DROP TRIGGER account_edited ON accounts_account;
DROP TRIGGER account_added ON accounts_account;
DROP FUNCTION accounts_mark_portfolio_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(SAME_TENANT, SAME_TENANT_UNDONE),
        migrations.RunSQL(FROZEN_POLICY, FROZEN_POLICY_UNDONE),
        migrations.RunSQL(ROOM, ROOM_UNDONE),
        migrations.RunSQL(PORTFOLIO_CHANGES, PORTFOLIO_CHANGES_UNDONE),
    ]
