"""The deductions of a score as rows, each a step down from 100."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models import OpenInterval
from accounts.projection import Step
from accounts.scoring import Deduction, Policy

if TYPE_CHECKING:
    from accounts.pages.overview import Overview


@dataclass(frozen=True)
class Line:
    """A deduction as a row: where its step begins on the way down from 100, and how wide it is."""

    points: int
    left: int
    width: int
    icon: str
    text: str
    ticket: OpenInterval | None = None
    age: float | None = None  # days
    next: Step | None = None  # what the same cause costs more, and when


def lines(page: "Overview") -> list[Line]:
    known = {(ticket.source, ticket.external_id): ticket for ticket in page.tickets_since_scan}
    at = page.run.at if page.run else page.now
    found, taken = [], 0
    for deduction in page.deductions:
        is_silence, is_ticket = deduction.cause == "silence", deduction.cause == "late_ticket" and deduction.tickets
        ticket = known.get(deduction.tickets[0].key) if is_ticket else None
        icon, text = words(deduction, page.scored_by, page.health.open_tickets if page.health else 0)
        start, end = sorted((taken, taken + deduction.points))
        age = ticket.age_days(at) if ticket else page.silence_days(at) if is_silence else None
        more = next((step for step in page.coming if step.causes[0].kind == "silence"), None) if is_silence else None
        found.append(Line(deduction.points, max(0, 100 - end), min(100, end) - min(100, start), icon, text, ticket, age, more))
        taken += deduction.points
    return found


def words(deduction: Deduction, policy: Policy, tickets: int) -> tuple[str, str]:
    """Icon and text of a deduction that is not one ticket's."""
    match deduction.cause:
        case "late_ticket":
            return "ticket", f"P1 and P2 tickets older than {policy.late_after_days} days"
        case "late_cap":
            return "info", f"Late tickets cost at most {policy.late_cap}"
        case "volume":
            return "ticket", f"{tickets} open tickets, the first {policy.free_tickets} cost nothing"
        case "volume_cap":
            return "info", f"Open tickets cost at most {policy.volume_cap}"
        case "silence":
            return "pulse", "Heartbeat silent"
        case "floor":
            return "info", "The score ends at 0"
