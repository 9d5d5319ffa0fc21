from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("communications", "0002_same_tenant")]
    operations = [
        migrations.AddField(
            model_name="communication",
            name="chosen_path",
            field=models.JSONField(blank=True, default=list, help_text="The actions the rep chose to propose, in their order."),
        ),
    ]
