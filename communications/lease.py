"""Being at work on a draft, for others to see: its row is touched for as long as its writer lives."""

from contextlib import AbstractContextManager
from datetime import timedelta

from django.utils import timezone

from communications import llm
from communications.models import Communication
from tamdash.lease import renewed

LEASE = timedelta(seconds=20)  # a writer that has not been heard of for so long is gone
SLACK = 60.0  # seconds on top of the model's own limit: reading the data and writing the draft


def held(draft_id: int) -> AbstractContextManager[None]:
    """Inside, the draft counts as being written; a writer that hangs for good gives it up nevertheless."""
    mine = Communication.objects.filter(pk=draft_id, status=Communication.Status.GENERATING)
    return renewed(lambda: mine.update(updated_at=timezone.now()), llm.longest_seconds() + SLACK)
