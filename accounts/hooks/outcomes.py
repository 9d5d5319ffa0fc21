"""A claimed event, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from accounts.ingest import TicketRow
from accounts.models import InboundEvent
from accounts.sources.told import Told

Status = InboundEvent.Status
MAX_ATTEMPTS = 8


@dataclass(frozen=True)
class Event:
    """A claimed event."""

    pk: int
    tenant_id: int
    source: str
    token_id: int | None
    received_at: datetime
    body: bytes
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """What came of an event. One that is still waiting is tried again at `next_try_at`."""

    event: Event
    status: Status
    told: Told | None = None
    rows: tuple[TicketRow, ...] = ()
    error: str = ""
    next_try_at: datetime | None = None
