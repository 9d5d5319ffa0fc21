"""What a score comes down to: a few counts, so that many sets of tickets are weighed without scoring each anew.

Property tests of what uses it hold it to `scoring.score`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from accounts.scoring import URGENT, OpenTicket, Policy, Signals, late_since, score


@dataclass(frozen=True)
class Load:
    """All that a score at `at` depends on: late tickets, open tickets, points for silence."""

    policy: Policy
    at: datetime
    late: int
    open: int
    silence: int

    @classmethod
    def of(cls, signals: Signals, policy: Policy, at: datetime) -> "Load":
        scored = score(signals, policy, at)
        return cls(policy, at, scored.late_ticket_count, scored.total_open_tickets, scored.silence_points)

    @property
    def points(self) -> int:
        """Those taken, before the floor."""
        late = min(self.late * self.policy.late_points, self.policy.late_cap)
        volume = min(max(0, self.open - self.policy.free_tickets) * self.policy.volume_points, self.policy.volume_cap)
        return late + volume + self.silence

    @property
    def score(self) -> int:
        return max(0, 100 - self.points)

    def changed(self, ticket: OpenTicket, by: Literal[1, -1]) -> "Load":
        """With the ticket (1) or without it (-1); one that is not open yet counts for nothing."""
        if ticket.created_at > self.at:
            return self
        return replace(self, late=self.late + by * self.is_late(ticket), open=self.open + by)

    def is_late(self, ticket: OpenTicket) -> bool:
        return ticket.priority <= URGENT and ticket.created_at < late_since(self.policy, self.at)
