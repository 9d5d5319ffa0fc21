"""The one door for tickets, whatever way they come in.

A source module (`accounts.sources`) reads what its system says into a `SourceTicket`, in the system's own words. The tenant's `Mapping`
makes a `TicketRow` of it, in ours, and `upsert` brings the tickets up to it. `intervals` then says when each was open.
"""

from accounts.ingest.door import Upserted, merge_staged, upsert
from accounts.ingest.rows import RefusedRow, SourceTicket, TicketRow

__all__ = ["RefusedRow", "SourceTicket", "TicketRow", "Upserted", "merge_staged", "upsert"]
