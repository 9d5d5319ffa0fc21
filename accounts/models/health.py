"""Scoring policies, scans, and what they found: history (snapshots) and the present (health)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts import schemas
from accounts.models.people import AccountChildQuerySet, Tenant, TenantQuerySet, User
from accounts.models.profile import Account

if TYPE_CHECKING:
    from accounts.scoring import Policy


NO_TURN = datetime(9999, 12, 31, tzinfo=UTC)  # sorts what never turns Red behind all that does


class Rag(models.TextChoices):
    GREEN = "Green", "Green"
    AMBER = "Amber", "Amber"
    RED = "Red", "Red"


class ScoringPolicy(models.Model):
    """A tenant's numbers of the score, versioned. A database trigger refuses to change the numbers of one that left draft."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REPLAYED = "replayed", "Replayed"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    activated_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    late_after_days = models.PositiveSmallIntegerField(default=3, help_text="A P1 or P2 ticket older than this many days costs points.")
    late_points = models.PositiveSmallIntegerField(default=20)
    late_cap = models.PositiveSmallIntegerField(default=60)
    free_tickets = models.PositiveSmallIntegerField(default=5, help_text="Open tickets that cost nothing.")
    volume_points = models.PositiveSmallIntegerField(default=5, help_text="For each open ticket beyond those.")
    volume_cap = models.PositiveSmallIntegerField(default=25)
    silent_after_hours = models.PositiveSmallIntegerField(default=72)
    silent_points = models.PositiveSmallIntegerField(default=15)
    very_silent_after_hours = models.PositiveSmallIntegerField(default=144)
    very_silent_points = models.PositiveSmallIntegerField(default=30, help_text="Instead of the points for silence, not on top.")
    red_below = models.PositiveSmallIntegerField(default=40)
    amber_below = models.PositiveSmallIntegerField(default=70)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["tenant", "-version"]
        verbose_name_plural = "scoring policies"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="one_policy_per_version"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(status="active"), name="one_active_policy_per_tenant"),
            models.CheckConstraint(
                condition=Q(red_below__gte=1, red_below__lt=F("amber_below"), amber_below__lte=100), name="policy_limits_in_order"
            ),
            models.CheckConstraint(
                condition=Q(silent_after_hours__lt=F("very_silent_after_hours"), silent_points__lte=F("very_silent_points")),
                name="policy_silence_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("policy", args=[self.version])

    def rules(self) -> "Policy":
        """The numbers alone, for the pure scorer."""
        from accounts.scoring import Policy

        return Policy(**{name: getattr(self, name) for name in Policy.model_fields})


class ScanRunQuerySet(TenantQuerySet):
    def covering(self, account: Account) -> Self:
        """Finished scans that scored the account, the latest first."""
        scored = HealthSnapshot.objects.filter(scan=OuterRef("pk"), account=account)
        return self.filter(Exists(scored), tenant=account.tenant_id, finished_at__isnull=False)


class ScanRun(models.Model):
    """One scan: the instant it looked at, what it covered, what it found. `account` is set for a scan of one account."""

    class Kind(models.TextChoices):
        DAILY = "daily", "Daily"
        TENANT = "tenant", "On demand"
        ACCOUNT = "account", "One account"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="scan_runs", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="scan_runs")
    local_date = models.DateField(help_text="The date of the instant in the tenant's time zone.")
    at = models.DateTimeField("instant", help_text="The score is that of this instant.")
    policy = models.ForeignKey(ScoringPolicy, on_delete=models.PROTECT, related_name="scan_runs")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    accounts = models.PositiveIntegerField(default=0)
    green = models.PositiveIntegerField(default=0)
    amber = models.PositiveIntegerField(default=0)
    red = models.PositiveIntegerField(default=0)
    escalations_opened = models.PositiveIntegerField(default=0)
    escalations_recovered = models.PositiveIntegerField(default=0)
    heartbeats_as_of = models.DateTimeField(null=True, blank=True, help_text="The latest heartbeat of any account scanned.")
    error = models.TextField(blank=True)

    objects = ScanRunQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        get_latest_by = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "local_date"], condition=Q(kind="daily"), name="one_daily_scan_per_tenant_and_date"),
            models.CheckConstraint(
                condition=Q(kind="account", account__isnull=False) | Q(kind__in=("daily", "tenant"), account=None),
                name="scan_of_one_account_names_it",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-at"], name="scan_run_by_instant")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} scan {self.at:%Y-%m-%d %H:%M}"


class HealthSnapshot(models.Model):
    """What one scan computed for one account, never changed. Keyed (scan, account) so that the history only appends.

    The foreign keys carry no constraint: checking one a row costs more than writing the row. Ages are days, silence hours.
    """

    pk = models.CompositePrimaryKey("scan_id", "account_id")
    scan = models.ForeignKey(ScanRun, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="snapshots")
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="snapshots")
    oldest_p1_p2_age_days = models.FloatField()
    hours_since_heartbeat = models.FloatField(null=True)
    p1_p2_ticket_count = models.IntegerField()
    late_ticket_count = models.IntegerField()
    total_open_tickets = models.IntegerField()
    score = models.SmallIntegerField()
    previous_score = models.SmallIntegerField(null=True)
    late_points = models.SmallIntegerField()
    volume_points = models.SmallIntegerField()
    silence_points = models.SmallIntegerField()
    should_escalate = models.BooleanField()
    rag = models.CharField(max_length=5, choices=Rag)
    previous_rag = models.CharField(max_length=5, choices=Rag, null=True)

    objects = AccountChildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.scan_id}:{self.account_id} {self.score} {self.rag}"

    def contract(self, account_id: str) -> schemas.HealthScoreResult:
        """Contract 2; the scan and its policy should be loaded."""
        values = {
            "account_id": account_id,
            "score": self.score,
            "rag_status": self.rag,
            "previous_score": self.previous_score,
            "previous_rag": self.previous_rag,
            "p1_p2_ticket_count": self.p1_p2_ticket_count,
            "oldest_p1_p2_age_days": self.oldest_p1_p2_age_days,
            "total_open_tickets": self.total_open_tickets,
            "hours_since_heartbeat": self.hours_since_heartbeat,
            "scan_timestamp": self.scan.at,
        }
        return schemas.HealthScoreResult.model_validate(values, context={"red_below": self.scan.policy.red_below})


class AccountHealth(models.Model):
    """The present health of an account: a narrow row, written only when a scan finds a change.

    `trail` holds the score after each day on which it changed, oldest first, up to 90 of them: three bytes a day, a big-endian
    day number (days since 2000-01-01, the tenant's dates) and the score. See `accounts.trail`.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="health")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, db_index=False, related_name="+")
    changed_at = models.DateTimeField(help_text="Instant of the scan that last found a change.")
    changed_by_scan = models.ForeignKey(ScanRun, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    score = models.SmallIntegerField()
    previous_score = models.SmallIntegerField(null=True)
    open_tickets = models.IntegerField()
    p1_p2_tickets = models.IntegerField()
    late_points = models.SmallIntegerField()
    volume_points = models.SmallIntegerField()
    silence_points = models.SmallIntegerField()
    rag = models.CharField(max_length=5, choices=Rag)
    previous_rag = models.CharField(max_length=5, choices=Rag, null=True)
    next_rag = models.CharField(max_length=5, choices=Rag, null=True, help_text="The state it comes to if nothing changes.")
    next_rag_at = models.DateTimeField(null=True)
    turns_red_at = models.DateTimeField(null=True)
    trail = models.BinaryField(default=bytes)

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "score", "account"], include=["rag"], name="health_by_score"),
            models.Index("tenant", Coalesce("turns_red_at", Value(NO_TURN)), "account", name="health_by_turning"),
            models.Index(fields=["tenant", "next_rag_at"], condition=Q(next_rag_at__isnull=False), name="health_by_next_rag"),
        ]

    def __str__(self) -> str:
        return f"{self.score} {self.rag}"
