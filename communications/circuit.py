"""Whether the model's endpoint is worth asking. After some failures in a row nobody asks for a while, then one does, to find out."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from communications import llm
from communications.models import ModelCircuit

FAILURES_IN_A_ROW: Final = 5
SHORTEST, LONGEST = timedelta(seconds=60), timedelta(minutes=10)


class Resting(llm.ModelError):
    """The endpoint is left alone for now."""

    def __init__(self, failures: int, until: datetime | None = None) -> None:
        when = f"is not asked before {until:%H:%M:%S}" if until else "is just being tried again"
        super().__init__(f"The model failed {failures} times in a row and {when}.", permanent=False)

    advice = "Regenerate after that."


@dataclass(frozen=True)
class Turn:
    """Leave to ask the endpoint. Whoever got it says how it went, by one of these."""

    key: str
    is_probe: bool = False

    def succeeded(self) -> None:
        """It answers; what it answered is another matter."""
        ModelCircuit.objects.filter(key=self.key, failures__gt=0).update(failures=0, open_until=None)

    def failed(self) -> None:
        """The next request would fare no better. One that was under way while others found that out already adds nothing."""
        ModelCircuit.objects.get_or_create(key=self.key)
        with transaction.atomic():
            row = ModelCircuit.objects.select_for_update().get(key=self.key)
            if row.open_until and not self.is_probe:
                return
            row.failures += 1
            if row.failures >= FAILURES_IN_A_ROW:
                row.open_until = timezone.now() + rest(row.failures)
            row.save()

    def give_back(self) -> None:
        """Nothing was found out: the next one may try at once."""
        if self.is_probe:
            ModelCircuit.objects.filter(key=self.key, failures__gt=0).update(open_until=timezone.now())


def rest(failures: int) -> timedelta:
    """A minute, and twice as long after each probe that fails too."""
    doubled: int = 2 ** min(failures - FAILURES_IN_A_ROW, 10)
    return min(SHORTEST * doubled, LONGEST)


def key() -> str:
    # The credential is part of it, so that a new one is tried at once.
    parts = (settings.OPENAI_BASE_URL, settings.LLM_MODEL, settings.OPENAI_API_KEY, settings.SECRET_KEY)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def admit(zone: ZoneInfo) -> Turn:
    """Leave to ask now. Raises Resting, with the time in `zone`."""
    now = timezone.now()
    row = ModelCircuit.objects.filter(key=key()).first()
    if row is None or row.open_until is None:
        return Turn(key())
    if row.open_until > now:
        raise Resting(row.failures, row.open_until.astimezone(zone))
    # Should the one that probes die, the next follows when it would have ended.
    lease = now + timedelta(seconds=llm.longest_seconds())
    if not ModelCircuit.objects.filter(key=row.key, open_until=row.open_until).update(open_until=lease):
        raise Resting(row.failures)
    return Turn(row.key, is_probe=True)
