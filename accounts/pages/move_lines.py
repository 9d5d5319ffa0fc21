"""A move as people read it: three or four parts, each with its sign and the lines behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts import asof
from accounts.models import HealthSnapshot, OpenInterval, ScoringPolicy
from accounts.moves import Event, Kind
from accounts.projection import MICROSECOND, Step
from accounts.recorded import RecordedMove
from accounts.scoring import OpenTicket, Scored
from tamdash.templatetags.tamdash import moment

MOST_LINES = 30


@dataclass(frozen=True)
class Line:
    points: int
    icon: str
    text: str
    at: datetime | None = None
    ticket: OpenTicket | None = None
    subject: str = ""


@dataclass(frozen=True)
class Part:
    """`rest` says what else belongs to the part, or why there is nothing in it."""

    name: str
    points: int
    lines: list[Line]
    rest: str = ""


@dataclass(frozen=True)
class Told:
    """A recorded move in words. The points of the parts add up to `change`, those of the lines to their part."""

    before: HealthSnapshot
    after: HealthSnapshot
    change: int
    parts: list[Part]


def tell(recorded: RecordedMove) -> Told:
    parts = [time_part(recorded), event_part(recorded), policy_part(recorded)]
    if recorded.corrected:
        lines = [correction(*each) for each in recorded.corrected]
        parts.append(Part("Records corrected afterwards", recorded.corrected_points, lines))
    return Told(recorded.before, recorded.after, recorded.change, parts)


def time_part(recorded: RecordedMove) -> Part:
    rows = by_ticket(recorded.tickets)
    lines = [time_line(step, recorded, rows) for step in recorded.move.time]
    return Part("Time passing", recorded.move.time_points, lines, "" if lines else "No ticket and no silence passed a limit.")


def time_line(step: Step, recorded: RecordedMove, rows: dict[OpenTicket, OpenInterval]) -> Line:
    at = step.at - MICROSECOND  # the limit itself: what a person would have worked out
    days = recorded.before.scan.policy.late_after_days
    late = [cause.ticket for cause in step.causes if cause.ticket]
    silent = [silence(cause.hours, recorded) for cause in step.causes if cause.kind == "silence"]
    if len(late) == 1 and not silent:
        row = rows[late[0]]
        # Time passing is what would have come without events; that this one came first is an event's line.
        words = "would be open" if row.closed_at and row.closed_at <= at else "open"
        return Line(step.change, "ticket", f"{words} for {days} days", at, late[0], row.subject)
    tickets = [f"{', '.join(ticket.ticket_id for ticket in late)} open for {days} days"] if late else []
    return Line(step.change, "ticket" if late else "pulse", ", ".join([*silent, *tickets]), at)


def silence(hours: int, recorded: RecordedMove) -> str:
    last = asof.heartbeat_of(recorded.before, recorded.before.scan.at)
    has_newer = any(event.kind == "heartbeat" for event in recorded.move.events)
    age = f"{hours} h" if hours % 24 else f"{hours // 24} d"
    return f"Heartbeat of {moment(last)} {age} old" if last and has_newer else f"Heartbeat silent for {age}"


def event_part(recorded: RecordedMove) -> Part:
    rows = by_ticket(recorded.tickets)
    events = recorded.move.events
    telling = [event for event in events if event.points]
    quiet = Counter(event.kind for event in events if not event.points)
    rest = f"At no cost: {in_counts(quiet)}." if quiet else "" if events else "No ticket opened or resolved, no heartbeat."
    shown = telling[:MOST_LINES]
    lines = [event_line(event, rows, recorded.before.scan.at) for event in shown]
    if left := telling[MOST_LINES:]:
        lines.append(Line(sum(event.points for event in left), "info", f"{len(left)} more events"))
    return Part("Events", recorded.move.event_points, lines, rest)


def event_line(event: Event, rows: dict[OpenTicket, OpenInterval], before: datetime) -> Line:
    if event.ticket is None:
        return Line(event.points, "pulse", "Heartbeat back, last seen" if event.at else "Heartbeat no longer on record", event.at)
    words = {"resolved": "resolved", "opened": "opened"}.get(event.kind, "changed")
    if event.kind == "opened" and event.at and event.at > event.ticket.created_at:
        words = "reopened"
    elif event.kind == "opened" and event.at and event.at <= before:
        words = "reported late, opened"
    if event.before and event.before.priority != event.ticket.priority:
        words = f"was P{event.before.priority}"
    return Line(event.points, "ticket", words, event.at, event.ticket, rows[event.ticket].subject)


def in_counts(quiet: Mapping[Kind, int]) -> str:
    """`3 tickets opened, 1 ticket resolved, a heartbeat`."""
    words = [f"{count} ticket{'s' if count > 1 else ''} {kind}" for kind, count in quiet.items() if kind != "heartbeat"]
    return ", ".join([*words, "a heartbeat"] if "heartbeat" in quiet else words)


def policy_part(recorded: RecordedMove) -> Part:
    before, after = recorded.before.scan.policy, recorded.after.scan.policy
    points = recorded.move.policy_points
    if before.pk == after.pk:
        return Part("Policy", points, [], f"Version {after.version} all along.")
    return Part("Policy", points, [Line(points, "info", f"Version {before.version} → {after.version}: {changed_numbers(before, after)}")])


def changed_numbers(before: ScoringPolicy, after: ScoringPolicy) -> str:
    old, new = before.rules(), after.rules()
    numbers = [(name.replace("_", " "), was, getattr(new, name)) for name, was in old]
    return ", ".join(f"{name} {was} → {now}" for name, was, now in numbers if was != now) or "the same numbers"


def correction(stored: HealthSnapshot, found: Scored, points: int) -> Line:
    text = f"The scan of {moment(stored.scan.at)} found {stored.score}. By the records of today it would find {found.score}"
    if stored.total_open_tickets != found.total_open_tickets:
        text += f": it knew {stored.total_open_tickets} open tickets, now {found.total_open_tickets} are known of then"
    return Line(points, "info", f"{text}.")


def by_ticket(tickets: Sequence[OpenInterval]) -> dict[OpenTicket, OpenInterval]:
    return {asof.seen(ticket): ticket for ticket in tickets}
