"""Escalations and their history. The life of one is in `accounts.escalations`; the scan opens, worsens and recovers them."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models.health import Rag, ScanRun
from accounts.models.people import Tenant, TenantQuerySet, User
from accounts.models.profile import Account


class EscalationQuerySet(TenantQuerySet):
    def changeable_by(self, user: object) -> Self:
        """Also what was assigned to the person: who has to deal with it can say so."""
        rows = self.visible_to(user)  # type: ignore[arg-type]  # an anonymous person sees nothing there
        if isinstance(user, User) and not user.leads:
            rows = rows.filter(Q(account__owner=user.pk) | Q(assignee=user.pk))
        return rows

    def unresolved(self) -> Self:
        return self.exclude(status="resolved")

    def of_active_accounts(self) -> Self:
        """What can still be acted on: no scan recovers an escalation of an account that is no longer scanned."""
        return self.filter(account__is_active=True)

    def muted(self, now: datetime) -> Self:
        return self.unresolved().filter(muted_until__gt=now)

    def audible(self, now: datetime) -> Self:
        """Unresolved and not muted."""
        return self.unresolved().filter(Q(muted_until=None) | Q(muted_until__lte=now))

    def worst_first(self) -> Self:
        """Red ones before milder ones, the lowest score of today first."""
        return self.order_by(Case(When(severity="Red", then=0), default=1), Coalesce("account__health__score", "score"), "id")

    def by_urgency(self) -> Self:
        """Open ones before acknowledged ones, the soonest due first, so that overdue ones lead; in the order of `escalation_queue`."""
        return self.order_by("-status", "due_at", "id")


class Escalation(models.Model):
    """An account that needs people now. At most one is unresolved per account."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"

    class Reason(models.TextChoices):
        BELOW = "score_below_threshold", "Score below the limit"
        WORSENED = "worsened_to_red", "Turned Red"
        WARNING = "early_warning", "Turned Amber"
        BY_HAND = "raised_by_hand", "Raised by hand"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="escalations", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="escalations")
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    reason = models.CharField(max_length=21, choices=Reason)
    score = models.SmallIntegerField(help_text="At opening.")
    rag = models.CharField(max_length=5, choices=Rag, help_text="At opening.")
    previous_score = models.SmallIntegerField(null=True, blank=True)
    severity = models.CharField(max_length=5, choices=Rag, help_text="Red once it was Red since it opened, else the state at opening.")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_by_scan = models.ForeignKey(ScanRun, on_delete=models.PROTECT, null=True, blank=True, related_name="escalations")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="To be acknowledged by then.")
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    muted_until = models.DateTimeField(null=True, blank=True, help_text="Out of the queue, and not overdue, until then.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_score = models.SmallIntegerField(null=True, blank=True)
    resolved_rag = models.CharField(max_length=5, choices=Rag, blank=True)
    recovered = models.BooleanField(default=False, help_text="Resolved by a scan that found the account Green.")

    objects = EscalationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=~Q(status="resolved"), name="one_open_escalation_per_account"),
            models.CheckConstraint(
                condition=Q(status="open", acknowledged_at=None)
                | Q(status="acknowledged", acknowledged_at__isnull=False)
                | Q(status="resolved"),
                name="escalation_acknowledged_at_iff_acknowledged",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False) | (~Q(status="resolved") & Q(resolved_at=None)),
                name="escalation_resolved_at_iff_resolved",
            ),
            models.CheckConstraint(
                condition=~Q(reason="raised_by_hand") | Q(raised_by__isnull=False), name="escalation_by_hand_names_the_person"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-status", "due_at", "id"], condition=~Q(status="resolved"), name="escalation_queue"),
            models.Index(fields=["tenant", "-resolved_at"], condition=Q(status="resolved"), name="escalation_resolved_lately"),
            models.Index(fields=["account", "-opened_at"], name="escalation_by_account"),
            models.Index(fields=["tenant", "-opened_at"], name="escalation_by_opening"),
        ]

    def __str__(self) -> str:
        return f"ESC-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("escalation", args=[self.pk])

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now


class EscalationEvent(models.Model):
    """One step in an escalation's life. No actor: a scan did it."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        TRIGGERED = "triggered", "Triggered again"
        WORSENED = "worsened", "Turned Red"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        ASSIGNED = "assigned", "Assigned"
        MUTED = "muted", "Muted"
        UNMUTED = "unmuted", "Unmuted"
        COMMENTED = "commented", "Comment"
        RESOLVED = "resolved", "Resolved"
        RECOVERED = "recovered", "Recovered"

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(max_length=2000, blank=True)
    score = models.SmallIntegerField(null=True, blank=True)
    rag = models.CharField(max_length=5, choices=Rag, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
