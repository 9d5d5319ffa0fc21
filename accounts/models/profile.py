"""The customer account and its relationship profile (contract 8), row by row."""

import uuid
from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower

from accounts import schemas
from accounts.models.people import AccountChildQuerySet, Tenant, TenantQuerySet, User


class CommunicationType(models.TextChoices):
    ESCALATION_OUTREACH = "escalation_outreach", "Escalation outreach"
    RELEASE_NOTES = "release_notes", "Release notes"
    ROADMAP_PREVIEW = "roadmap_preview", "Roadmap preview"
    HEALTH_CHECKIN = "health_checkin", "Health check-in"
    CUSTOMER_SUCCESS_REVIEW = "customer_success_review", "Customer success review"


MOST_WORDS = 6  # of a search
NO_RENEWAL = date(9999, 12, 31)  # sorts accounts without a date last, in the index too


class AccountQuerySet(TenantQuerySet):
    owner_field = "owner_id"

    def active(self) -> Self:
        return self.filter(is_active=True)

    def named(self, words: str) -> Self:
        """Those with each of the words in their name or id; the first words count."""
        found = self
        for word in words.split()[:MOST_WORDS]:
            found = found.filter(Q(name__icontains=word) | Q(external_id__icontains=word))
        return found

    def with_profile(self) -> Self:
        """Everything `relationship_profile()` reads, in a fixed number of queries."""
        return self.select_related("health").prefetch_related(
            "stakeholders", "integrations", "features", "environment", "communication_history", "co_dev_opportunities"
        )


class Account(models.Model):
    """A customer. `external_id` is the `account_id` of every contract, unique in its tenant."""

    class Tier(models.TextChoices):
        STRATEGIC = "strategic", "Strategic"
        ENTERPRISE = "enterprise", "Enterprise"
        GROWTH = "growth", "Growth"
        CORE = "core", "Core"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="accounts", db_index=False)
    external_id = models.CharField("account id", max_length=120)
    name = models.CharField(max_length=160)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="book", null=True, blank=True)
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.CORE)
    region = models.CharField(max_length=40, blank=True)
    arr = models.PositiveBigIntegerField("ARR", default=0, help_text="Annual recurring revenue in whole units of the tenant's currency.")
    renewal_date = models.DateField(null=True, blank=True)
    ping_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile_page_id = models.CharField(max_length=80, blank=True, help_text="Notion page of the account, where there is one.")
    is_active = models.BooleanField(
        "active", default=True, help_text="An inactive account is not scanned and not shown. Nothing is deleted."
    )
    checkin_every_months = models.PositiveSmallIntegerField(
        "check-in every, months", null=True, blank=True, help_text="Empty: as the tenant's settings say. 0: none."
    )
    review_every_months = models.PositiveSmallIntegerField(
        "review every, months", null=True, blank=True, help_text="Empty: as the tenant's settings say. 0: none."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="one_account_per_external_id"),
            models.CheckConstraint(condition=models.Q(tier__in=["strategic", "enterprise", "growth", "core"]), name="account_tier_known"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="account_external_id_given"),
        ]
        indexes = [
            models.Index(fields=["tenant", "name", "id"], name="account_by_name"),
            models.Index(fields=["tenant", "-arr", "id"], name="account_by_arr"),
            models.Index("tenant", Coalesce("renewal_date", Value(NO_RENEWAL)), "id", name="account_by_renewal"),
        ]

    def __str__(self) -> str:
        return self.name

    def last_scanned_at(self) -> datetime | None:
        """When this account's score was last computed: by a scan of the whole tenant or of this account alone."""
        run = self.tenant.scan_runs.covering(self).first()
        return run.at if run else None

    def relationship_profile(self) -> schemas.RelationshipProfile:
        """Contract 8 from the database: in at most nine queries whatever it holds, two if loaded by `with_profile()`."""
        health = getattr(self, "health", None)
        return schemas.RelationshipProfile(
            account_id=self.external_id,
            account_name=self.name,
            stakeholders=[row.contract() for row in self.stakeholders.all()],
            integrations=[row.contract() for row in self.integrations.all()],
            feature_adoption=[row.contract() for row in self.features.all()],
            customer_environment=[row.name for row in self.environment.all()],
            communication_history=[row.contract() for row in self.communication_history.all()],
            co_dev_opportunities=[row.contract() for row in self.co_dev_opportunities.all()],
            health_score=health.score if health else None,
            health_rag=health.rag if health else None,
            last_health_scan=self.last_scanned_at() if health else None,
            profile_page_id=self.profile_page_id or None,
        )


class ProfileRow(models.Model):
    """One line of an account's profile, unique by its name within the account."""

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        abstract = True


class Stakeholder(ProfileRow):
    class Maturity(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="stakeholders")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    technical_maturity = models.CharField(max_length=6, choices=Maturity, default=Maturity.MEDIUM)
    notes = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_stakeholder_per_name")]
        indexes = [models.Index(Lower("email"), condition=~Q(email=""), name="stakeholder_by_email")]  # no alert goes to one of them

    def __str__(self) -> str:
        return self.name

    def contract(self) -> schemas.StakeholderProfile:
        return schemas.StakeholderProfile.model_validate(self, from_attributes=True)


class Integration(ProfileRow):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="integrations")
    name = models.CharField(max_length=120)
    is_active = models.BooleanField("active", default=True)
    since = models.DateField(null=True, blank=True, help_text="Empty: unknown.")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_integration_per_name")]

    def __str__(self) -> str:
        return self.name

    def contract(self) -> schemas.IntegrationStatus:
        since = self.since.isoformat() if self.since else "unknown"
        return schemas.IntegrationStatus(integration_name=self.name, is_active=self.is_active, since=since)


class FeatureAdoption(ProfileRow):
    class Source(models.TextChoices):
        HEARTBEAT = "heartbeat", "Heartbeat"
        TICKET = "ticket", "Ticket"
        MANUAL = "manual", "By hand"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="features")
    name = models.CharField(max_length=120)
    adopted = models.BooleanField(default=False)
    source = models.CharField(max_length=9, choices=Source, default=Source.MANUAL)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "feature adoption"
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_feature_per_name")]

    def __str__(self) -> str:
        return self.name

    def contract(self) -> schemas.FeatureAdoption:
        return schemas.FeatureAdoption.model_validate({"feature_name": self.name, "adopted": self.adopted, "source": self.source})


class EnvironmentItem(ProfileRow):
    """One fact of the customer's technical environment, such as “Kubernetes 1.31” or “EU only”."""

    class Source(models.TextChoices):
        HEARTBEAT = "heartbeat", "Heartbeat"
        MANUAL = "manual", "By hand"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="environment")
    name = models.CharField(max_length=160)
    source = models.CharField(max_length=9, choices=Source, default=Source.MANUAL, db_default="manual", editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_environment_item_per_name")]

    def __str__(self) -> str:
        return self.name


class CoDevOpportunity(ProfileRow):
    class Status(models.TextChoices):
        SURFACED = "surfaced", "Surfaced"
        DISCUSSED = "discussed", "Discussed"
        IN_PROGRESS = "in_progress", "In progress"
        CLOSED = "closed", "Closed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="co_dev_opportunities")
    name = models.CharField(max_length=160)
    description = models.TextField(max_length=2000)
    status = models.CharField(max_length=11, choices=Status, default=Status.SURFACED)
    dispatched_to_sales = models.BooleanField(default=False)
    draft_id = models.BigIntegerField(null=True, blank=True, editable=False, help_text="The roadmap preview that it was found in, if any.")
    dispatch_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When sales software is to be told. Empty: not to.")

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["dispatch_at"], condition=Q(dispatch_at__isnull=False), name="opportunity_to_dispatch")]
        verbose_name = "co-development opportunity"
        verbose_name_plural = "co-development opportunities"
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_opportunity_per_name")]

    def __str__(self) -> str:
        return self.name

    def contract(self) -> schemas.CoDevOpportunity:
        return schemas.CoDevOpportunity.model_validate(
            {
                "opportunity_name": self.name,
                "description": self.description,
                "status": self.status,
                "dispatched_to_sales": self.dispatched_to_sales,
            }
        )


class CommunicationHistory(models.Model):
    """A message that a person says went out to the customer. `draft_id` is the draft it came from, if any."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="communication_history")
    date = models.DateField()
    communication_type = models.CharField(max_length=24, choices=CommunicationType.choices)
    subject = models.CharField(max_length=250)
    outcome = models.TextField(max_length=2000, blank=True)
    draft_id = models.BigIntegerField(null=True, blank=True, unique=True, editable=False)

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-id"]
        verbose_name_plural = "communication history"
        indexes = [models.Index(fields=["account", "-date"], name="history_by_date")]

    def __str__(self) -> str:
        return self.subject

    def contract(self) -> schemas.CommunicationRecord:
        values: dict[str, Any] = {
            "date": self.date.isoformat(),
            "communication_type": self.communication_type,
            "subject": self.subject,
            "outcome": self.outcome,
        }
        return schemas.CommunicationRecord.model_validate(values)


class ProfileChange(models.Model):
    """One field of a profile that was changed from outside, by a task of the API: what it was, what it became, who asked."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="profile_changes")
    at = models.DateTimeField()
    asked_by = models.CharField(max_length=160, help_text="The person's or the API token's name.")
    part = models.CharField(max_length=40, help_text="The field of the relationship profile.")
    name = models.CharField(max_length=160, blank=True, help_text="Which entry of it.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="profile_change_by_account")]

    def __str__(self) -> str:
        return f"{self.part} {self.name}".strip()
