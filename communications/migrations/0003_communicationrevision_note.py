from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("communications", "0002_same_tenant")]
    operations = [
        migrations.AddField(
            model_name="communicationrevision",
            name="note",
            field=models.CharField(
                blank=True, help_text="The instruction it was written with, or the version it was restored from.", max_length=500
            ),
        ),
    ]
