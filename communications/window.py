"""Fitting what is known about an account into a model's window: whole records are left out, the least relevant first, and counted."""

import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from accounts.schemas import CommunicationType
from communications import tokens
from communications.context import Context

Record = Any  # of a context's lists: an object, or a name
Path = tuple[str, ...]

STARTING_TEXT = "starting_text"  # in `left_out`, where the earlier version that was to be started from is too long


class TooSmall(Exception):
    """Even the gravest ticket alone does not fit."""


def everything(_: Record, __: Context) -> bool:
    return True


def is_chosen(ticket: Record, given: Context) -> bool:
    return ticket["ticket_id"] in {step["ticket_id"] for step in given.get("chosen_path", [])}


def minor(priority: str) -> Callable[[Record, Context], bool]:
    return lambda ticket, given: ticket["priority"] == priority and not is_chosen(ticket, given)


@dataclass(frozen=True)
class Cut:
    """Records of one list that may go, from its end: each list has its most relevant first. The first `keep` of them stay."""

    name: str
    paths: tuple[Path, ...]  # more than one where the same list stands in several places
    of: Callable[[Record, Context], bool] = everything
    keep: int = 0

    def leave_out(self, given: Context, over: int) -> int:
        """Takes out records worth so many tokens, if there are as many, and says how many it took."""
        taken, (first, *_) = [], self.paths
        candidates = [record for record in at(given, first) if self.of(record, given)][self.keep :]
        while candidates and over > 0:
            taken.append(candidates.pop())
            over -= tokens.estimate(json.dumps(taken[-1], indent=2, ensure_ascii=False, default=str))
        for path in self.paths:
            put(given, path, without(at(given, path), taken))
        return len(taken)


def without(records: Iterable[Record], taken: list[Record]) -> list[Record]:
    """Equal records may be several; as many of them go as were taken, the last ones."""
    left, kept = list(taken), []
    for record in reversed(list(records)):
        if record in left:
            left.remove(record)
        else:
            kept.append(record)
    return kept[::-1]


def at(given: Context, path: Path) -> list[Record]:
    for name in path:
        given = given.get(name) or {}
    return list(given)


def put(given: Context, path: Path, records: list[Record]) -> None:
    *outer, name = path
    for step in outer:
        given = given.get(step) or {}
    if name in given:
        given[name] = records


PROFILE, RELEASE = "relationship_profile", "release_info"
HISTORY = ((PROFILE, "communication_history"), ("recent_communications",))
FEATURES, INTEGRATIONS = ((PROFILE, "feature_adoption"),), ((PROFILE, "integrations"),)
TICKETS, PEOPLE, ROADMAP = (("tickets",),), ((PROFILE, "stakeholders"),), (("roadmap_items",),)
IN_ORDER = (
    Cut("recent_communications", HISTORY, keep=2),
    Cut("resolved_tickets", (("resolved_tickets",),)),
    Cut("features", FEATURES, lambda feature, _: not feature["adopted"]),
    Cut("tickets", TICKETS, minor("P4")),
    Cut("tickets", TICKETS, minor("P3")),
    Cut("environment", ((PROFILE, "customer_environment"),)),
    Cut("integrations", INTEGRATIONS, lambda integration, _: not integration["is_active"]),
    Cut("fixes", ((RELEASE, "fixes"),)),
    Cut("roadmap_items", ROADMAP, keep=5),
    Cut("co_dev_opportunities", ((PROFILE, "co_dev_opportunities"),)),
    Cut("stakeholders", PEOPLE, keep=3),
    Cut("features", FEATURES),
    Cut("integrations", INTEGRATIONS),
    Cut("recent_communications", HISTORY),
    Cut("release_features", ((RELEASE, "features"),)),
    Cut("stakeholders", PEOPLE),
    Cut("breaking_changes", ((RELEASE, "breaking_changes"),), keep=1),
    Cut("roadmap_items", ROADMAP, keep=1),
    Cut("tickets", TICKETS, lambda ticket, _: ticket["priority"] in ("P3", "P4")),
    Cut("tickets", TICKETS, keep=1),
)
# What a prompt of each type shows beside the profile: leaving out anything else makes no room.
SHOWN: dict[CommunicationType, set[str]] = {
    "escalation_outreach": {"tickets"},
    "release_notes": {RELEASE},
    "roadmap_preview": {"roadmap_items"},
    "health_checkin": {"recent_communications"},
    "customer_success_review": {"tickets", "resolved_tickets"},
}


def fit(kind: CommunicationType, given: Context, measure: Callable[[Context], int], room: int) -> Context:
    """The context with as few records left out as the room asks for; `left_out` counts them by list. Raises TooSmall.

    `measure` tells the tokens of the whole prompt. Urgent tickets (P1, P2) go last, the youngest of the least grave first.
    """
    context = deepcopy(given)
    shown = SHOWN[kind]
    context["left_out"] = {name: count for name, count in given.get("left_out", {}).items() if name != "tickets" or name in shown}
    over = measure(context) - room
    for cut in IN_ORDER:
        if cut.paths[0][0] not in shown | {PROFILE}:
            continue
        while over > 0 and (count := cut.leave_out(context, over)):
            note(context, cut.name, count)
            over = measure(context) - room
    if over > 0:
        raise TooSmall
    return context


def note(context: Context, name: str, count: int) -> None:
    context["left_out"][name] = context["left_out"].get(name, 0) + count
    if name == "tickets":
        context["tickets_left_out"] += count


WORDS = {
    "recent_communications": ("past message", "past messages"),
    "resolved_tickets": ("resolved ticket", "resolved tickets"),
    "features": ("feature", "features"),
    "tickets": ("open ticket", "open tickets"),
    "environment": ("entry of the environment", "entries of the environment"),
    "integrations": ("integration", "integrations"),
    "fixes": ("fix of the release", "fixes of the release"),
    "roadmap_items": ("roadmap item", "roadmap items"),
    "co_dev_opportunities": ("co-development opportunity", "co-development opportunities"),
    "stakeholders": ("stakeholder", "stakeholders"),
    "release_features": ("feature of the release", "features of the release"),
    "breaking_changes": ("breaking change", "breaking changes"),
    STARTING_TEXT: ("version to start from", "versions to start from"),
}


def left_out(given: Context) -> list[str]:
    """What the writer was not given for lack of room, in words: “12 open tickets”."""
    return [f"{count} {WORDS[name][count != 1]}" for name, count in given.get("left_out", {}).items() if name in WORDS]
