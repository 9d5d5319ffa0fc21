"""How a text came to be: what its writer was given and answered, and what the model cost."""

from django.db import models

from accounts.models import Tenant, User
from accounts.models.people import TenantQuerySet
from communications.models.draft import Communication, CommunicationRevision


class Generation(models.Model):
    """One writing that was kept. `messages` is to the letter what a model was sent; empty where the offline composer wrote."""

    class Writer(models.TextChoices):
        MODEL = "model", "Language model"
        OFFLINE = "offline", "Offline composer"

    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="generations")
    base = models.ForeignKey(CommunicationRevision, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    instruction = models.CharField(max_length=500, blank=True)
    context = models.JSONField(help_text="Exactly the data the writer was given.")
    messages = models.JSONField(default=list, blank=True)
    prompt_version = models.CharField(max_length=20, blank=True)
    prompt_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the messages, in hexadecimal digits.")
    answer = models.JSONField(default=dict, blank=True, help_text="The writer's whole structured answer.")
    writer = models.CharField(max_length=7, choices=Writer)
    writer_note = models.CharField(max_length=300, blank=True, help_text="Which model, or why the offline composer wrote.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_writer_display()} {self.created_at:%Y-%m-%d %H:%M}"


class ModelUse(models.Model):
    """One turn at the model, entered before it is asked with what it may cost at most, and settled afterwards.

    What a dead worker left unsettled stays counted as reserved: it was probably spent. `cost` is in the currency of the prices.
    """

    class Outcome(models.TextChoices):
        RESERVED = "reserved", "Under way"
        ANSWERED = "answered", "Answered"
        REPAIRED = "repaired", "Answered at the second try"
        UNUSABLE = "unusable", "No usable answer"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="model_uses", db_index=False)
    communication = models.ForeignKey(Communication, on_delete=models.SET_NULL, null=True, blank=True, related_name="model_uses")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    model = models.CharField(max_length=120)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.RESERVED)
    requests = models.PositiveSmallIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    seconds = models.FloatField(default=0)
    error = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant", "at"], include=["input_tokens", "output_tokens", "cost"], name="model_use_by_month"),
            models.Index(fields=["user", "at"], name="model_use_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.at:%Y-%m-%d %H:%M}"


class ModelCircuit(models.Model):
    """Whether an endpoint and model are worth asking: after some failures in a row nobody asks until `open_until`, then one does."""

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the endpoint's address and the model's name.")
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key[:12]
