"""Work that other software asked for, and what was handed over."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Account, ApiToken, Tenant
from accounts.models.people import TenantQuerySet
from communications.models.draft import Communication


class TaskRun(models.Model):
    """A TAMTask and what came of it. One of a single account answers at once; a batch is worked off item by item by Celery."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="task_runs", db_index=False)
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="+")
    task_type = models.CharField(max_length=32)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="task_runs", help_text="Empty: a batch.")
    task = models.JSONField(help_text="The TAMTask as it was asked.")
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    result = models.JSONField(null=True, help_text="The TAMResult, once there is one.")
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="task_by_tenant"),
            models.Index(fields=["created_at"], condition=Q(status__in=["queued", "running"]), name="task_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.task_type} {self.id}"


class TaskItem(models.Model):
    """One account of a batch."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, db_index=False, related_name="items")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    draft = models.ForeignKey(Communication, on_delete=models.SET_NULL, null=True, related_name="+")
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "account"], name="one_item_per_account")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id}"


class Handoff(models.Model):
    """What came in from, or went out to, other software: the payload, what was found wrong with it, and the answer."""

    class Direction(models.TextChoices):
        IN = "in", "In"
        OUT = "out", "Out"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="handoffs", db_index=False)
    direction = models.CharField(max_length=3, choices=Direction)
    handoff_type = models.CharField(max_length=40, blank=True)
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="handoffs")
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="+")
    in_reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="replies")
    deal_id = models.CharField(max_length=120, blank=True)
    payload = models.JSONField()
    is_accepted = models.BooleanField()
    structural_issues = models.JSONField(default=list)
    semantic_issues = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "-id"], name="handoff_by_tenant")]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.handoff_type} {self.created_at:%Y-%m-%d %H:%M}"
