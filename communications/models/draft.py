"""A draft, its texts and its history."""

import uuid
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Account, Escalation, Tenant, User
from accounts.models.people import TenantQuerySet
from accounts.models.profile import CommunicationType


class CommunicationQuerySet(TenantQuerySet):
    def in_review(self, account: Account, communication_type: str) -> Self:
        """The latest first."""
        return self.filter(account=account, communication_type=communication_type, status="ready")

    def with_writer(self) -> Self:
        """Who wrote the present text, without what it was written from."""
        return self.annotate(written_by=F("generation__writer"))

    def with_placement(self) -> Self:
        """How far it is on its way to a mailbox, and what was noticed there."""
        return self.annotate(placing=F("placement__status"), noticed=F("placement__found"))


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

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="communications", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="communications")
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, blank=True, related_name="communications")
    release = models.ForeignKey(
        "Release", on_delete=models.PROTECT, null=True, blank=True, related_name="communications", help_text="The release that it tells of."
    )
    communication_type = models.CharField(max_length=24, choices=CommunicationType.choices)
    period = models.DateField(null=True, blank=True, help_text="The month or quarter that a scheduled one is for, by its first day.")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    version = models.PositiveIntegerField(default=0)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    instruction = models.CharField(max_length=500, blank=True)
    chosen_path = models.JSONField(default=list, blank=True, help_text="The actions the rep chose to propose, in their order.")
    recipients = models.CharField("to", max_length=500, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    body_html = models.TextField(blank=True)
    generation = models.ForeignKey(
        "Generation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The writing that the text goes back to.",
    )
    base = models.ForeignKey(
        "CommunicationRevision",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The version that the next writing starts from; none: from the data alone.",
    )
    open_flags = models.PositiveSmallIntegerField(
        null=True, default=0, help_text="Claims of the text without a source, and confirmed by nobody. Empty: not counted yet."
    )
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
                condition=Q(status__in=("queued", "generating"), release=None),
                name="one_generation_under_way_per_account_and_type",
            ),
            models.UniqueConstraint(
                fields=["release", "account"], condition=Q(release__isnull=False), name="one_draft_per_release_and_account"
            ),
            models.UniqueConstraint(
                fields=["account", "communication_type", "period"], condition=Q(period__isnull=False), name="one_scheduled_draft_per_period"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-updated_at"], name="communication_by_status"),
            models.Index(fields=["account", "-updated_at"], name="communication_by_account"),
            models.Index(fields=["updated_at"], condition=Q(status__in=("queued", "generating")), name="communication_waiting"),
            models.Index(fields=["tenant", "created_at"], condition=Q(escalation__isnull=False), name="communication_of_escalations"),
            models.Index(fields=["id"], condition=Q(open_flags=None), name="communication_uncounted"),
        ]

    def __str__(self) -> str:
        return self.subject or self.get_communication_type_display()

    def get_absolute_url(self) -> str:
        return reverse("draft", args=[self.pk])

    @property
    def context(self) -> dict[str, Any]:
        """Exactly the data that the writer of the present text was given."""
        return self.generation.context if self.generation else {}

    @property
    def answer(self) -> dict[str, Any]:
        """The writer's whole structured answer."""
        return self.generation.answer if self.generation else {}

    @property
    def writer(self) -> str:
        return self.generation.writer if self.generation else ""

    @property
    def writer_note(self) -> str:
        """Which model, or why the offline composer wrote."""
        return self.generation.writer_note if self.generation else ""

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
    generation = models.ForeignKey(
        "Generation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="revisions",
        help_text="The writing that it goes back to.",
    )
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
