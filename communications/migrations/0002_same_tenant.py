from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("communications", "0001_initial"), ("accounts", "0002_guards_and_storage")]
    operations = [
        migrations.RunSQL(
            """ALTER TABLE communications_communication ADD CONSTRAINT communication_account_of_same_tenant
                FOREIGN KEY (tenant_id, account_id) REFERENCES accounts_account (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;""",
            "ALTER TABLE communications_communication DROP CONSTRAINT communication_account_of_same_tenant;",
        )
    ]
