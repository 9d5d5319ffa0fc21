"""What a webhook's event says of tickets, as a source's module reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.ingest import SourceTicket


@dataclass(frozen=True)
class Gone:
    """A ticket that its source deleted, where it says no more than which."""

    external_id: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """An event's content: states of tickets, or a reason why it is of no interest. `kind` is the source's own name of it.

    `opened_is_known`: whether the source told when the ticket was opened; else it is taken to be as old as what is known of it.
    """

    kind: str
    tickets: tuple[SourceTicket, ...] = ()
    gone: Gone | None = None
    ignored: str = ""
    opened_is_known: bool = True

    @property
    def ticket(self) -> str:
        """The ticket's external id, to find the event by."""
        return self.gone.external_id if self.gone else self.tickets[0].external_id if self.tickets else ""


# The body, and when it was received: what tells no time of its own counts from then. Raises RefusedRow.
Read = Callable[[Mapping[str, object], datetime], Told]
