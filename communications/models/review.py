"""What a person vouched for: single claims, and the text as a whole."""

from django.db import models

from accounts.models import User
from communications.models.draft import Communication, CommunicationRevision


class Confirmation(models.Model):
    """A claim without a source that somebody vouches for by name. It holds for that claim in that sentence."""

    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="confirmations")
    key = models.CharField(max_length=32, help_text="Of the claim: its kind, its words and the sentence around them.")
    quote = models.CharField(max_length=500)
    name = models.CharField(max_length=120, help_text="As it was typed.")
    source = models.CharField(max_length=200, blank=True, help_text="The record or the words that the claim rests on.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["communication", "key"], name="one_confirmation_per_claim")]

    def __str__(self) -> str:
        return f"{self.name}: {self.quote[:60]}"


class Approval(models.Model):
    """Who let which text go. Words are of subject and body; `changed_words`: added, removed or replaced since a writer wrote it."""

    communication = models.ForeignKey(Communication, on_delete=models.CASCADE, related_name="approvals")
    revision = models.OneToOneField(CommunicationRevision, on_delete=models.CASCADE, related_name="approval")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    written_words = models.PositiveIntegerField(default=0, help_text="Of the text as the writer left it.")
    changed_words = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.by} {self.at:%Y-%m-%d %H:%M}"
