"""House style: what people change in written texts again and again, and the rules that were made of it."""

from django.db import models

from accounts.models import Tenant, User
from accounts.models.people import TenantQuerySet
from accounts.models.profile import CommunicationType
from communications.models.draft import Communication


class StyleChange(models.Model):
    """Words that an approved text has in place of those that the model wrote. An empty `new`: they were taken out."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="style_changes")
    old = models.CharField(max_length=120)
    new = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["communication", "old", "new"], name="one_style_change_per_draft")]
        indexes = [models.Index(fields=["tenant", "old", "new"], name="style_change_by_words")]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class StyleRule(models.Model):
    """A rule that a manager decides on. Accepted ones are in the prompt."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="style_rules")
    old = models.CharField("instead of", max_length=120)
    new = models.CharField("write", max_length=120, blank=True)
    communication_type = models.CharField(max_length=24, choices=CommunicationType.choices, blank=True, help_text="Empty: for all.")
    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    drafts = models.PositiveIntegerField(default=0, help_text="In how many drafts people made this change.")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-drafts", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "old", "new"], name="one_style_rule_per_change")]

    def __str__(self) -> str:
        return f"“{self.new}” instead of “{self.old}”" if self.new else f"not “{self.old}”"
