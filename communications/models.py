"""Drafts, their revisions and history, and the releases and roadmap items they are written from."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Account, Escalation, Tenant, User
from accounts.models.people import TenantQuerySet
from accounts.models.profile import CommunicationType


class CommunicationQuerySet(TenantQuerySet):
    def in_review(self, account: Account, communication_type: str) -> Self:
        """The latest first."""
        return self.filter(account=account, communication_type=communication_type, status="ready")


class Communication(models.Model):
    """A draft to a customer. The text here is the latest revision's; `version` counts every change and refuses stale ones."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        GENERATING = "generating", "Generating"
        READY = "ready", "In review"
        FAILED = "failed", "Failed"
        APPROVED = "approved", "Approved"
        DELIVERED = "delivered", "In the mailbox"
        SENT = "sent", "Sent"
        REJECTED = "rejected", "Rejected"

    class Writer(models.TextChoices):
        MODEL = "model", "Language model"
        OFFLINE = "offline", "Offline composer"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="communications", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="communications")
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, blank=True, related_name="communications")
    communication_type = models.CharField(max_length=24, choices=CommunicationType.choices)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    version = models.PositiveIntegerField(default=0)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    instruction = models.CharField(max_length=500, blank=True)
    chosen_path = models.JSONField(default=list, blank=True, help_text="The actions the rep chose to propose, in their order.")
    recipients = models.CharField("to", max_length=500, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    body_html = models.TextField(blank=True)
    answer = models.JSONField(default=dict, blank=True, help_text="The writer's whole structured answer.")
    context = models.JSONField(default=dict, blank=True, help_text="Exactly the data the writer was given.")
    writer = models.CharField(max_length=7, choices=Writer, blank=True)
    writer_note = models.CharField(max_length=300, blank=True, help_text="Which model, or why the offline composer wrote.")
    failure = models.CharField(max_length=300, blank=True)
    reject_reason = models.CharField(max_length=500, blank=True)
    outcome = models.TextField(max_length=2000, blank=True)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CommunicationQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            # A second click on “Generate” finds the draft that is being written.
            models.UniqueConstraint(
                fields=["account", "communication_type"],
                condition=Q(status__in=("queued", "generating")),
                name="one_generation_under_way_per_account_and_type",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-updated_at"], name="communication_by_status"),
            models.Index(fields=["account", "-updated_at"], name="communication_by_account"),
            models.Index(fields=["updated_at"], condition=Q(status__in=("queued", "generating")), name="communication_waiting"),
            models.Index(fields=["tenant", "created_at"], condition=Q(escalation__isnull=False), name="communication_of_escalations"),
        ]

    def __str__(self) -> str:
        return self.subject or self.get_communication_type_display()

    def get_absolute_url(self) -> str:
        return reverse("draft", args=[self.pk])

    @property
    def is_editable(self) -> bool:
        """Approved and delivered drafts may still be edited: that takes them back to review."""
        return self.status in (self.Status.READY, self.Status.APPROVED, self.Status.DELIVERED)

    @property
    def is_under_way(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.GENERATING)


class CommunicationRevision(models.Model):
    """A text the draft once had. Never changed; the highest number is the current one."""

    class Origin(models.TextChoices):
        GENERATED = "generated", "Generated"
        EDITED = "edited", "Edited"
        RESTORED = "restored", "Restored"

    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=9, choices=Origin)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recipients = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=250)
    body_html = models.TextField()
    note = models.CharField(
        max_length=500, blank=True, help_text="The instruction it was written with, or the version it was restored from."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["communication", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"Version {self.number}"


class CommunicationEvent(models.Model):
    """One step in a draft's life. No actor: the software did it."""

    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Communication.Status)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.at:%Y-%m-%d %H:%M}"


def lines() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=300), default=list, blank=True)


class Release(models.Model):
    """A version of the product that customers are told about."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40)
    released_on = models.DateField()
    features = lines()
    fixes = lines()
    breaking_changes = lines()
    affected_integrations = lines()
    affected_features = lines()
    is_published = models.BooleanField("published", default=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-released_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "version"], name="one_release_per_version")]

    def __str__(self) -> str:
        return self.version


class RoadmapItem(models.Model):
    """Something planned that a customer may be told about, with its horizon in words, such as “Q1 2027”."""

    class Status(models.TextChoices):
        EXPLORING = "exploring", "Exploring"
        PLANNED = "planned", "Planned"
        BUILDING = "building", "Building"
        SHIPPED = "shipped", "Shipped"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="roadmap_items")
    title = models.CharField(max_length=160)
    description = models.TextField(max_length=2000, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PLANNED)
    horizon = models.CharField(max_length=40)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["horizon", "title"]
        constraints = [models.UniqueConstraint(fields=["tenant", "title"], name="one_roadmap_item_per_title")]

    def __str__(self) -> str:
        return self.title
