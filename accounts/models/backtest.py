"""A policy replayed over past days, before anyone adopts it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models.health import ScoringPolicy
from accounts.models.people import Tenant, TenantQuerySet, User


class Backtest(models.Model):
    """A candidate policy against the one in force, over whole local days. `rules` are the candidate's numbers when it started."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="backtests")
    policy = models.ForeignKey(ScoringPolicy, on_delete=models.CASCADE, related_name="backtests")
    against = models.ForeignKey(ScoringPolicy, on_delete=models.PROTECT, related_name="+")
    rules = models.JSONField()
    first_day = models.DateField()
    last_day = models.DateField()
    accounts = ArrayField(models.BigIntegerField(), default=list, help_text="Ids in the order of every day's scores.")
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    progressed_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(null=True, blank=True)
    failure = models.CharField(max_length=500, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="backtest_days_in_order"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(status__in=["queued", "running"]), name="one_backtest_at_a_time_per_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} over {self.first_day} to {self.last_day}"


class BacktestDay(models.Model):
    """One replayed day: a byte an account and policy, 255 where the account had no score yet."""

    pk = models.CompositePrimaryKey("backtest_id", "day")
    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, db_index=False, related_name="days")
    day = models.DateField()
    old_scores = models.BinaryField()
    new_scores = models.BinaryField()
    is_known = models.BooleanField(help_text="Something is known of that day; else it cannot be replayed.")
    compared = models.PositiveIntegerField(default=0, help_text="Accounts that a scan scored on that day.")
    agreeing = models.PositiveIntegerField(default=0, help_text="Of those, how many the replay scores the same under that day's policy.")

    objects = models.Manager["BacktestDay"]()

    def __str__(self) -> str:
        return f"{self.day}"
