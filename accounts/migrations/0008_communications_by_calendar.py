from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_same_tenant_outbox"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="checkin_every_months",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Empty: as the tenant's settings say. 0: none.", null=True, verbose_name="check-in every, months"
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="review_every_months",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Empty: as the tenant's settings say. 0: none.", null=True, verbose_name="review every, months"
            ),
        ),
        migrations.AddField(
            model_name="codevopportunity",
            name="dispatch_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When sales software is to be told. Empty: not to.", null=True
            ),
        ),
        migrations.AddField(
            model_name="codevopportunity",
            name="draft_id",
            field=models.BigIntegerField(
                blank=True, editable=False, help_text="The roadmap preview that it was found in, if any.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="codevopportunity",
            index=models.Index(condition=models.Q(("dispatch_at__isnull", False)), fields=["dispatch_at"], name="opportunity_to_dispatch"),
        ),
    ]
