"""Who of other software may call the API, and what it was already answered."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models.people import Tenant, TenantQuerySet, User


class Scope(models.TextChoices):
    """What a token may do."""

    TICKETS_WRITE = "tickets:write", "Write tickets"
    HEARTBEATS_WRITE = "heartbeats:write", "Write heartbeats"
    ACCOUNTS_READ = "accounts:read", "Read accounts, health and profiles"
    DRAFTS_READ = "drafts:read", "Read drafts"
    TASKS_RUN = "tasks:run", "Run tasks"
    HANDOFFS_WRITE = "handoffs:write", "Hand off"


class ApiTokenQuerySet(TenantQuerySet):
    def usable(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class ApiToken(models.Model):
    """A bearer token of the API. It is shown once and kept as its SHA-256 only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="Which software calls with it.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the token, as hex.")
    hint = models.CharField(max_length=8, editable=False, help_text="The token's last characters, to tell one from another.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-id"]
        verbose_name = "API token"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], condition=Q(revoked_at=None), name="one_token_in_use_per_name")]

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """What a call with an Idempotency-Key was answered, so that the same call again does nothing and is answered the same.

    `status` is empty while the first call is still at work.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=200)
    call = models.CharField(max_length=300, help_text="Method and path.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body, as hex.")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    answer = models.BinaryField(default=bytes)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["created_at"], name="answers_by_age")]

    def __str__(self) -> str:
        return f"{self.call} {self.key}"
