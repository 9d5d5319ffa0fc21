"""What scans foretold, what people thought of the score, and who turned out right."""

from django.db import models
from django.db.models import F, Q

from accounts.models.health import Rag, ScanRun
from accounts.models.people import Tenant, TenantQuerySet, User
from accounts.models.profile import Account


class Forecast(models.Model):
    """A scan's word that an account turns Red at an instant if nothing changes. Graded when that time has come.

    A later scan that foretells the same instant adds nothing: the first word counts.
    """

    class Outcome(models.TextChoices):
        CAME_TRUE = "came_true", "Came true"
        AVERTED = "averted", "Averted"
        OVERTAKEN = "overtaken", "Overtaken"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="forecasts")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False, related_name="forecasts")
    scan = models.ForeignKey(ScanRun, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="forecasts")
    made_at = models.DateTimeField()
    turns_red_at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, help_text="Empty until its time has come.")
    red_at = models.DateTimeField(null=True, blank=True, help_text="When the account did turn Red, up to the instant foretold.")
    why = models.CharField(max_length=300, blank=True)
    graded_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-turns_red_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "turns_red_at"], name="one_forecast_per_account_and_instant"),
            models.CheckConstraint(condition=Q(turns_red_at__gt=F("made_at")), name="forecast_looks_ahead"),
            models.CheckConstraint(
                condition=Q(outcome="", graded_at=None) | Q(outcome__in=["came_true", "averted", "overtaken"], graded_at__isnull=False),
                name="forecast_graded_iff_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "turns_red_at"], condition=Q(outcome=""), name="forecasts_to_grade"),
            models.Index(fields=["tenant", "-turns_red_at"], name="forecasts_by_instant"),
        ]

    def __str__(self) -> str:
        return f"Red at {self.turns_red_at:%Y-%m-%d %H:%M}"

    @property
    def ahead(self) -> float:
        """How long before its time it was made, in days."""
        return (self.turns_red_at - self.made_at).total_seconds() / 86400


class Opinion(models.Model):
    """A person's own view of an account, for a time. It stands beside the score and never changes it."""

    class View(models.TextChoices):
        BETTER = "better", "Better than the score"
        WORSE = "worse", "Worse than the score"
        AS_SHOWN = "as_shown", "As the score shows"

    class Right(models.TextChoices):
        OPINION = "opinion", "The opinion"
        SCORE = "score", "The score"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="opinions")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="opinions")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    view = models.CharField(max_length=8, choices=View)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    score = models.SmallIntegerField(help_text="When the opinion was given.")
    rag = models.CharField(max_length=5, choices=Rag)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Withdrawn, replaced or expired.")
    score_then = models.SmallIntegerField(null=True, blank=True, help_text="When it ended.")
    right = models.CharField(max_length=7, choices=Right, blank=True, help_text="Who was right; empty where nobody can say.")

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="one_current_opinion_per_account"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="opinion_lasts"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(ended_at=None), name="opinions_to_end"),
            models.Index(fields=["tenant", "-created_at"], name="opinions_by_date"),
        ]

    def __str__(self) -> str:
        return self.get_view_display()
