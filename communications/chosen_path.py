"""The path a rep chose to propose: actions ticked on the account's page, kept with the draft they led to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from accounts.models import Account
from accounts.pages.overview import Overview
from accounts.pages.what_if import Asked, WhatIf
from communications.models import Communication

Record = dict[str, Any]


class NoSuchPath(Exception):
    """What was ticked is nothing, or no longer what can be done. The message is for the person who ticked it."""


class ChosenStep(BaseModel):
    """One action as it was chosen. `gain` in points of the score, after the steps before it: ours alone, never a customer's."""

    model_config = ConfigDict(frozen=True)

    action: Literal["resolve", "restore_heartbeat"]
    source: str = ""
    ticket_id: str = ""
    priority: str = ""
    subject: str = ""
    gain: int = 0


def of(account: Account, asked: Asked, at: datetime) -> list[Record]:
    """The ticked actions in the order of the path, with their gains at `at`. Raises NoSuchPath unless each can be done now."""
    what_if = WhatIf(Overview(account, at), asked)
    if not asked.tickets and not asked.heartbeat:
        raise NoSuchPath("No action was ticked. Tick what you want to propose, then draft from the path.")
    has_heartbeat = any(choice.ticket is None for choice in what_if.ticked)
    if what_if.missing or has_heartbeat != asked.heartbeat:
        raise NoSuchPath("The path changed meanwhile: not all that was ticked is still to be done. It is shown as it is now.")
    return [
        (
            ChosenStep(
                action="resolve",
                source=choice.ticket.source,
                ticket_id=choice.ticket.external_id,
                priority=f"P{choice.ticket.priority}",
                subject=choice.ticket.subject,
                gain=gain.points,
            )
            if choice.ticket
            else ChosenStep(action="restore_heartbeat", gain=gain.points)
        ).model_dump(mode="json")
        for choice, gain in zip(what_if.ticked, what_if.path.gains, strict=True)
    ]


def again(draft: Communication, account: Account, at: datetime) -> list[Record]:
    """The path of an earlier draft, as far as it is still to be done, with the gains of now. Raises NoSuchPath where nothing is left."""
    left = due(draft, account)
    if not left:
        raise NoSuchPath("Everything on the path of that draft was done meanwhile. Tick what you want to propose now.")
    live = live_tickets(account)
    tickets = frozenset(live[key(step)] for step in left if step["action"] == "resolve")
    return of(account, Asked(tickets, heartbeat=len(tickets) < len(left)), at)


def same(one: Sequence[Record], other: Sequence[Record]) -> bool:
    """Whether both propose the same steps in the same order; what they gain may have changed."""
    return [key(step) for step in one] == [key(step) for step in other]


def key(step: Record) -> tuple[str, str]:
    """A ticket's ids are its source's own; a heartbeat has none."""
    return step["source"], step["ticket_id"]


def live_tickets(account: Account) -> dict[tuple[str, str], int]:
    return {(source, name): pk for pk, source, name in account.tickets.live().values_list("pk", "source", "external_id")}


def for_model(steps: Sequence[Record]) -> list[Record]:
    """What a writer outside may know of the steps: not what they gain in our score."""
    return [ChosenStep.model_validate(step).model_dump(mode="json", exclude={"gain", "source"}) for step in steps]


def due(draft: Communication, account: Account) -> list[Record]:
    """The chosen steps that are still to be done: no draft proposes to resolve what was resolved since it was asked for."""
    if not draft.chosen_path:
        return []
    live = live_tickets(account)
    beat = getattr(account, "heartbeat", None)
    is_back = beat is None or beat.last_at > draft.created_at
    return [step for step in draft.chosen_path if (key(step) in live if step["action"] == "resolve" else not is_back)]
