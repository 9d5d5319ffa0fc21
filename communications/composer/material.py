"""What the offline composer knows of an account, parsed from a draft's context, and the plain facts that follow from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from accounts.schemas import CommunicationRecord, HealthScoreResult, RelationshipProfile, StakeholderProfile, TicketSummary
from communications.chosen_path import ChosenStep
from communications.composer.words import age, line, quote, written_date

# Where a context holds no scan's points, the default policy says when a backlog or a silence is worth a word.
FREE_TICKETS = 5
SILENT_AFTER_HOURS = 72
TRAILING_VERSION = re.compile(r"\s+v?\d[\w.]*$", re.IGNORECASE)
Kind = Literal["integration", "feature", "environment", "ticket", "opportunity"]


@dataclass(frozen=True)
class Known:
    """Something on record about the account that a text may touch."""

    name: str
    kind: Kind
    phrase: str  # as it is said to the customer

    @property
    def bare(self) -> str:
        """Without a version, where something is left that names it: of “Version 4.17” nothing is."""
        bare = TRAILING_VERSION.sub("", self.name.strip())
        return self.name.strip() if bare.casefold() in ("version", "release") else bare

    def is_listed(self, names: Iterable[str]) -> bool:
        """Whether one of them is its name. Of an environment, a name without a version means every version, and one with it just that."""
        own, listed = self.name.casefold().strip(), {name.casefold().strip() for name in names}
        if self.kind != "environment":
            return own in listed
        # What is on record without a version may be any.
        return not listed.isdisjoint({own, self.bare.casefold()}) or own in {TRAILING_VERSION.sub("", name) for name in listed}

    def is_in(self, text: str) -> bool:
        """Whether the text names it, as whole words. “Kubernetes 1.31” in an environment is named by “Kubernetes” too, not by “Kubernetes 1.30”."""
        name, bare = self.name.strip(), self.bare
        if len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
            return True
        of_any_version = rf"(?<!\w){re.escape(bare)}(?!\w)(?!\s+v?\d)"
        return self.kind == "environment" and len(bare) > 1 and bool(re.search(of_any_version, text, re.IGNORECASE))


@dataclass(frozen=True)
class Material:
    given: dict[str, Any]

    @cached_property
    def profile(self) -> RelationshipProfile:
        return RelationshipProfile.model_validate(self.given["relationship_profile"])

    @cached_property
    def health(self) -> HealthScoreResult | None:
        stored = self.given.get("health_score")
        return HealthScoreResult.model_validate(stored) if stored else None

    @cached_property
    def tickets(self) -> list[TicketSummary]:
        """Open and pending, the gravest first, the oldest first among those."""
        rows = [TicketSummary.model_validate(row) for row in self.given.get("tickets", [])]
        return sorted(rows, key=lambda ticket: (ticket.priority, -ticket.age_days))

    @cached_property
    def resolved(self) -> list[TicketSummary]:
        return [TicketSummary.model_validate(row) for row in self.given.get("resolved_tickets", [])]

    @cached_property
    def past(self) -> list[CommunicationRecord]:
        """The latest first."""
        return [CommunicationRecord.model_validate(row) for row in self.given.get("recent_communications", [])]

    @cached_property
    def chosen(self) -> list[ChosenStep]:
        """What the rep chose to propose, in that order; empty: what the data suggests."""
        return [ChosenStep.model_validate(row) for row in self.given.get("chosen_path", [])]

    @property
    def to_resolve(self) -> list[ChosenStep]:
        return [step for step in self.chosen if step.action == "resolve"]

    @property
    def restores_heartbeat(self) -> bool:
        return any(step.action == "restore_heartbeat" for step in self.chosen)

    @property
    def chosen_tickets(self) -> list[TicketSummary]:
        """The tickets to resolve, as far as the list holds them."""
        names = {step.ticket_id for step in self.to_resolve}
        return [ticket for ticket in self.tickets if ticket.ticket_id in names]

    @property
    def as_of(self) -> datetime:
        return datetime.fromisoformat(self.given["as_of"])

    @property
    def name(self) -> str:
        return line(self.profile.account_name or self.profile.account_id)

    @property
    def open_count(self) -> int:
        return len(self.tickets) + int(self.given.get("tickets_left_out", 0))

    @property
    def resolved_count(self) -> int:
        return max(len(self.resolved), int(self.given.get("resolved_ticket_count", 0)))

    @property
    def urgent(self) -> list[TicketSummary]:
        return [ticket for ticket in self.tickets if ticket.priority in ("P1", "P2")]

    @property
    def urgent_beside(self) -> list[TicketSummary]:
        """Urgent tickets that no chosen step is about."""
        names = {step.ticket_id for step in self.to_resolve}
        return [ticket for ticket in self.urgent if ticket.ticket_id not in names]

    @property
    def told(self) -> list[TicketSummary]:
        """What an outreach lists: urgent tickets, and the chosen ones of whatever priority."""
        shown = (*self.urgent, *self.chosen_tickets)
        return [ticket for ticket in self.tickets if ticket in shown]

    @property
    def has_more_urgent(self) -> bool:
        """Whether tickets that the list leaves out may be urgent too. It holds the gravest."""
        return len(self.urgent) == len(self.tickets) < self.open_count

    # The points are the scan's and the rest is of now: what has ended since must not be told as if it went on.

    @property
    def is_busy(self) -> bool:
        """More open tickets than is normal."""
        points = self.given.get("deductions", {}).get("volume")
        if points is None:
            return self.open_count > FREE_TICKETS
        then = self.health.total_open_tickets if self.health else 0
        return bool(points) and self.open_count >= max(2, min(then, FREE_TICKETS + 1))

    @property
    def is_late(self) -> bool:
        """An urgent ticket has been open for longer than it should be."""
        return bool(self.late)

    @property
    def late(self) -> list[TicketSummary]:
        """Urgent tickets that are late for sure: the scan's points name none, so as old as its oldest was, or older."""
        then = self.health.oldest_p1_p2_age_days if self.health else 0
        points = self.given.get("deductions", {}).get("late")
        return [ticket for ticket in self.urgent if ticket.age_days >= then] if points else []

    @property
    def last_signal(self) -> datetime | None:
        """The last heartbeat."""
        if at := self.given.get("last_heartbeat"):
            return datetime.fromisoformat(at)
        if self.health is None or self.health.hours_since_heartbeat is None:
            return None
        return self.health.scan_timestamp - timedelta(hours=self.health.hours_since_heartbeat)

    @property
    def signal_hours(self) -> float | None:
        """Hours since the last heartbeat."""
        return max(0.0, (self.as_of - self.last_signal) / timedelta(hours=1)) if self.last_signal else None

    @property
    def silent_hours(self) -> float | None:
        """The same, if that is longer than it should be; a heartbeat that was chosen to be restored was silent for too long."""
        if self.restores_heartbeat:
            return self.signal_hours
        points = self.given.get("deductions", {}).get("silence")
        if points is None:
            return self.signal_hours if (self.signal_hours or 0) > SILENT_AFTER_HOURS else None
        has_resumed = self.health and self.last_signal and self.last_signal > self.health.scan_timestamp
        return self.signal_hours if points and not has_resumed else None

    @property
    def readers(self) -> list[StakeholderProfile]:
        return self.profile.stakeholders

    @property
    def specialists(self) -> list[str]:
        return [line(person.name, 80) for person in self.readers if person.technical_maturity == "high"]

    @property
    def is_plain(self) -> bool:
        """Somebody reads who wants effects in plain words before any detail."""
        return any(person.technical_maturity == "low" for person in self.readers)

    @cached_property
    def known(self) -> list[Known]:
        """What the account runs and uses, with tickets and open ideas: what news must touch to matter."""
        profile = self.profile
        found = [
            *(
                Known(row.integration_name, "integration", in_use(row.integration_name, row.since))
                for row in profile.integrations
                if row.is_active
            ),
            *(
                Known(row.feature_name, "feature", f"your use of {line(row.feature_name)}")
                for row in profile.feature_adoption
                if row.adopted
            ),
            *(Known(name, "environment", f"{line(name)} in your environment") for name in profile.customer_environment),
            *(Known(ticket.ticket_id, "ticket", f"your ticket {line(ticket.ticket_id)}") for ticket in (*self.tickets, *self.resolved)),
            *(
                Known(idea.opportunity_name, "opportunity", f"our joint idea {quote(idea.opportunity_name)}")
                for idea in profile.co_dev_opportunities
                if idea.status in ("discussed", "in_progress")
            ),
        ]
        return [known for known in found if line(known.name)]

    def touched_by(self, text: str, names: Iterable[str] = ()) -> list[Known]:
        """What is on record that the text names, or that is listed by name."""
        listed = list(names)
        return [known for known in self.known if known.is_in(text) or known.is_listed(listed)]


def in_use(name: str, since: str) -> str:
    return f"your {line(name)} integration" + (f" (in use since {written_date(since)})" if re.match(r"\d{4}-", since) else "")


def exact(ticket: TicketSummary) -> str:
    """For readers who want the detail: “T-12, P1, open for 5 days: Payouts fail”."""
    return line(f"{ticket.ticket_id}, {ticket.priority}, {waiting(ticket)}: {ticket.subject or 'no subject'}", 500)


def in_words(ticket: TicketSummary) -> str:
    """For readers who want the effect: “Payouts fail”, open for 5 days, of the highest urgency (reference T-12)."""
    urgency = {"P1": ", of the highest urgency", "P2": ", of high urgency"}.get(ticket.priority, "")
    return f"{quote(ticket.subject or ticket.ticket_id)}, {waiting(ticket)}{urgency} (reference {line(ticket.ticket_id)})"


def waiting(ticket: TicketSummary) -> str:
    return f"open for {age(ticket.age_days)}" if ticket.status == "open" else f"{ticket.status}, opened {age(ticket.age_days)} ago"
