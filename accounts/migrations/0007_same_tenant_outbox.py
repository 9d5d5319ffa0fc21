"""The database holds assignees and recipients to the tenant; escalations from before know how bad it got."""

from django.db import migrations

SAME_TENANT = """
ALTER TABLE accounts_escalation ADD CONSTRAINT escalation_tenant_and_id UNIQUE (tenant_id, id);
ALTER TABLE accounts_escalation ADD CONSTRAINT escalation_assignee_of_same_tenant
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES accounts_user (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_notification ADD CONSTRAINT notification_recipient_of_same_tenant
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES accounts_user (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE accounts_notification ADD CONSTRAINT notification_escalation_of_same_tenant
    FOREIGN KEY (tenant_id, escalation_id) REFERENCES accounts_escalation (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
SAME_TENANT_UNDONE = """
ALTER TABLE accounts_notification DROP CONSTRAINT notification_escalation_of_same_tenant;
ALTER TABLE accounts_notification DROP CONSTRAINT notification_recipient_of_same_tenant;
ALTER TABLE accounts_escalation DROP CONSTRAINT escalation_assignee_of_same_tenant;
ALTER TABLE accounts_escalation DROP CONSTRAINT escalation_tenant_and_id;
"""

SEVERITY = """
UPDATE accounts_escalation escalation SET severity = CASE WHEN EXISTS (
    SELECT FROM accounts_escalationevent event WHERE event.escalation_id = escalation.id AND event.rag = 'Red') THEN 'Red' ELSE rag END;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_escalation_life_and_outbox")]
    operations = [
        migrations.RunSQL(SAME_TENANT, SAME_TENANT_UNDONE),
        migrations.RunSQL(SEVERITY, migrations.RunSQL.noop),
    ]
