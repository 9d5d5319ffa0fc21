"""Live tickets by an index in the order of their opening, built while people go on reading and writing them."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0004_same_tenant_foresight")]
    operations = [
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ("open", "pending"))),
                fields=["tenant", "account", "created_at"],
                include=("priority",),
                name="ticket_live_in_order",
            ),
        ),
        RemoveIndexConcurrently(model_name="ticket", name="ticket_live_by_account"),
    ]
