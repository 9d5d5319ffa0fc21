"""Messages that come by the calendar."""

from django.db import models

from accounts.models import Tenant
from accounts.models.profile import CommunicationType


class RhythmRun(models.Model):
    """The drafts of one type and period of a tenant: once, however often the clock ticks. `period`: its first day."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="rhythm_runs")
    communication_type = models.CharField(max_length=24, choices=CommunicationType.choices)
    period = models.DateField()
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    drafted = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Accounts that something was sent to lately.")

    class Meta:
        ordering = ["-period", "communication_type"]
        constraints = [models.UniqueConstraint(fields=["tenant", "communication_type", "period"], name="one_rhythm_run_per_period")]

    def __str__(self) -> str:
        return f"{self.get_communication_type_display()} {self.period}"
