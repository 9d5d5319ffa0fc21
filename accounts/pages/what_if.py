"""What-if on an account: the actions there are, those that are ticked, what they bring, and what comes then."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.http import QueryDict

from accounts import path, projection
from accounts.asof import seen, was_open
from accounts.load import Load
from accounts.models import OpenInterval
from accounts.pages.overview import MOST_TICKETS, Overview
from accounts.pages.portfolio import whole
from accounts.path import Action, Gain, Path
from accounts.projection import Step
from accounts.scoring import URGENT, OpenTicket, Policy

SHOWN_URGENT = 8  # urgent tickets in sight; more of them, unless on the shortest path, are with the others


@dataclass(frozen=True)
class Asked:
    """What a form or a link ticks. Tickets that are no longer open are for the reader of this to notice."""

    tickets: frozenset[int] = frozenset()
    heartbeat: bool = False
    is_unfolded: bool = False  # the list of other tickets

    @classmethod
    def read(cls, query: QueryDict) -> "Asked":
        tickets = (whole(text, 10**11) for text in query.getlist("resolve"))
        return cls(frozenset(pk for pk in tickets if pk), "heartbeat" in query, "more" in query)


@dataclass(frozen=True)
class Choice:
    """An action with the ticket it is about; without one it is the heartbeat."""

    action: Action
    ticket: OpenInterval | None = None

    def is_in(self, asked: Asked) -> bool:
        return self.ticket.pk in asked.tickets if self.ticket else asked.heartbeat


@dataclass(frozen=True)
class Row:
    """A choice with its box. Gains of ticked ones add up in their order; the others' are on top of those."""

    choice: Choice
    gain: Gain
    is_ticked: bool
    why: str

    @property
    def ticket(self) -> OpenInterval | None:
        return self.choice.ticket


class WhatIf:
    """`asked` is what is ticked; None ticks the shortest path to Green."""

    def __init__(self, page: Overview, asked: Asked | None = None) -> None:
        self.policy, self.now = page.policy, page.now
        self.signals, self.expected = page.now_known, page.expected
        self.choices = choices(page, path.options(self.signals, self.now))
        green = path.to_green(self.signals, self.policy, self.now)
        self.shortest = green.actions if green else ()
        self.asked = asked
        self.missing = asked.tickets - {choice.ticket.pk for choice in self.choices if choice.ticket} if asked else frozenset()

    @cached_property
    def on_path(self) -> list[Choice]:
        """The shortest path, as choices: of two equal tickets the first."""
        left = Counter(self.shortest)
        found = []
        for choice in self.choices:
            if left[choice.action]:
                left[choice.action] -= 1
                found.append(choice)
        return found

    @cached_property
    def ticked(self) -> list[Choice]:
        return self.on_path if self.asked is None else [choice for choice in self.choices if choice.is_in(self.asked)]

    @cached_property
    def path(self) -> Path:
        return path.walk(self.signals, self.policy, self.now, (choice.action for choice in self.ticked))

    @property
    def is_green(self) -> bool:
        return self.path.before >= self.policy.amber_below

    @property
    def to_go(self) -> int:
        return self.policy.amber_below - self.path.before

    @cached_property
    def listed(self) -> list[Row]:
        """All rows, as many as fit a page."""
        gains = {id(choice): gain for choice, gain in zip(self.ticked, self.path.gains, strict=True)}
        load = Load.of(path.after(self.signals, self.path.actions), self.policy, self.now)
        return [
            Row(choice, gain, id(choice) in gains, why(gain, self.policy))
            for choice in self.choices[: MOST_TICKETS + 1]
            for gain in [gains.get(id(choice)) or path.gain(load, choice.action)]
        ]

    @cached_property
    def in_sight(self) -> set[int]:
        """Ids of the choices shown singly. They stay where they are, whatever is ticked."""
        urgent = [choice for choice in self.choices if choice.ticket and choice.ticket.priority <= URGENT]
        heartbeat = [choice for choice in self.choices if choice.ticket is None]
        return {id(choice) for choice in (*urgent[:SHOWN_URGENT], *heartbeat, *self.on_path)}

    @property
    def rows(self) -> list[Row]:
        return [row for row in self.listed if id(row.choice) in self.in_sight]

    @property
    def more(self) -> list[Row]:
        return [row for row in self.listed if id(row.choice) not in self.in_sight]

    @property
    def left_out(self) -> int:
        return len(self.choices) - len(self.listed)

    @property
    def is_unfolded(self) -> bool:
        return bool(self.asked and self.asked.is_unfolded) or any(row.is_ticked for row in self.more)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What comes once the ticked actions are done, if nothing else changes."""
        left = path.after(self.expected, self.path.actions)
        return projection.steps(left, self.policy, self.now, self.now + timedelta(days=projection.AHEAD_DAYS))

    @property
    def turn(self) -> Step | None:
        """When it turns Red; if it does not, the first change of state."""
        return projection.turn(self.steps, self.path.rag)


def choices(page: Overview, options: Iterable[Action]) -> list[Choice]:
    """The options with their tickets. A heartbeat that costs nothing now is none."""
    known: dict[OpenTicket, list[OpenInterval]] = {}
    for ticket in page.tickets_since_scan:
        if was_open(ticket, page.now):
            known.setdefault(seen(ticket), []).append(ticket)
    return [
        Choice(action, known[action.ticket].pop(0) if action.ticket else None)
        for action in options
        if action.ticket or page.live.silence_points
    ]


def why(gain: Gain, policy: Policy) -> str:
    """Why an action brings nothing where it stands."""
    match gain.idle:
        case "late_cap":
            return f"Nothing by itself: late tickets cost at most {policy.late_cap}"
        case "volume_cap":
            return f"Nothing by itself: open tickets cost at most {policy.volume_cap}"
        case "floor":
            return "Nothing by itself: the score ends at 0"
        case "free":
            return "Costs nothing now"
        case "":
            return ""
