"""The relationship profile as Notion's blocks. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models.profile import CommunicationType
from accounts.schemas import RelationshipProfile

Json = Mapping[str, object]
Rows = list[tuple[str, ...]]

# Notion takes 2,000 UTF-16 units in a text, so 1,000 characters of any kind; and 100 blocks and 500 kB in a call.
TEXT = 1000
BATCH = 100
BATCH_BYTES = 400_000
TABLE_ROWS = 40  # in one table, so that it fits into a call whatever is in it
LONGEST_LIST = 500  # lines a section: what a delivery has time for

NOTE = "tamdash wrote this page on {} and replaces it at every escalation. Change the profile in tamdash: what is changed here is lost."


@dataclass(frozen=True)
class Block:
    """One block; `lines`: how many it is with the rows of a table in it."""

    body: Json
    lines: int = 1


def batches(all_blocks: Sequence[Block]) -> list[list[Json]]:
    """What goes out in one call each."""
    calls: list[list[Json]] = [[]]
    lines = size = 0
    for block in all_blocks:
        length = len(json.dumps(block.body, ensure_ascii=False).encode())
        if lines + block.lines > BATCH or size + length > BATCH_BYTES:
            calls.append([])
            lines = size = 0
        calls[-1].append(block.body)
        lines, size = lines + block.lines, size + length
    return calls


def blocks(profile: RelationshipProfile, now: datetime) -> list[Block]:
    """The whole page, section by section; an empty one says so."""
    return [
        written("callout", NOTE.format(when(now))),
        *section("Stakeholder map", ("Name", "Role", "Technical maturity", "Notes"), stakeholders(profile), "No stakeholder is known yet."),
        *section("Integration depth", ("Integration", "State", "Since"), integrations(profile), "No integration is known yet."),
        *section("Feature adoption", ("Feature", "Adopted", "Known from"), features(profile), "Nothing is known about features yet."),
        written("heading_2", "Customer environment"),
        *listed(profile.customer_environment, "Nothing is known about the environment yet."),
        *section("Communication history", ("Date", "Type", "Subject", "Outcome"), history(profile), "No communication is recorded yet."),
        written("heading_2", "Health"),
        *listed(health(profile), "The account has not been scanned yet."),
        *section(
            "Co-development",
            ("Opportunity", "Status", "With sales", "Description"),
            opportunities(profile),
            "No opportunity has come up yet.",
        ),
    ]


def stakeholders(profile: RelationshipProfile) -> Rows:
    return [(row.name, row.role, row.technical_maturity.capitalize(), row.notes) for row in profile.stakeholders]


def integrations(profile: RelationshipProfile) -> Rows:
    return [(row.integration_name, "Active" if row.is_active else "Inactive", row.since) for row in profile.integrations]


def features(profile: RelationshipProfile) -> Rows:
    return [(row.feature_name, "Yes" if row.adopted else "No", row.source.capitalize()) for row in profile.feature_adoption]


def history(profile: RelationshipProfile) -> Rows:
    return [
        (row.date, str(CommunicationType(row.communication_type).label), row.subject, row.outcome) for row in profile.communication_history
    ]


def health(profile: RelationshipProfile) -> list[str]:
    if profile.health_score is None:
        return []
    scanned = [f"Last scan: {when(profile.last_health_scan)}"] if profile.last_health_scan else []
    return [f"Score: {profile.health_score} of 100", f"State: {profile.health_rag}", *scanned]


def opportunities(profile: RelationshipProfile) -> Rows:
    return [
        (row.opportunity_name, row.status.replace("_", " ").capitalize(), "Yes" if row.dispatched_to_sales else "No", row.description)
        for row in profile.co_dev_opportunities
    ]


def when(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC"


def section(title: str, columns: tuple[str, ...], rows: Rows, nothing: str) -> Iterator[Block]:
    """A heading and a table: several where one would be too long for a call."""
    yield written("heading_2", title)
    if not rows:
        yield written("paragraph", nothing)
    shown = rows[:LONGEST_LIST]
    for start in range(0, len(shown), TABLE_ROWS):
        yield table(columns, shown[start : start + TABLE_ROWS])
    if len(rows) > len(shown):
        yield written("paragraph", left_out(len(rows)))


def listed(lines: Sequence[str], nothing: str) -> Iterator[Block]:
    for line in lines[:LONGEST_LIST]:
        yield written("bulleted_list_item", line)
    if not lines:
        yield written("paragraph", nothing)
    if len(lines) > LONGEST_LIST:
        yield written("paragraph", left_out(len(lines)))


def left_out(total: int) -> str:
    return f"And {total - LONGEST_LIST} more, in tamdash."


def table(columns: tuple[str, ...], rows: Rows) -> Block:
    lines = [{"type": "table_row", "table_row": {"cells": [rich_text(cell) for cell in row]}} for row in (columns, *rows)]
    body = {"type": "table", "table": {"table_width": len(columns), "has_column_header": True, "children": lines}}
    return Block(body, lines=1 + len(lines))


def written(kind: str, text: str) -> Block:
    return Block({"type": kind, kind: {"rich_text": rich_text(text)}})


def rich_text(text: str) -> list[Json]:
    """The text in pieces that Notion takes, which it shows as one."""
    return [{"type": "text", "text": {"content": text[start : start + TEXT]}} for start in range(0, len(text), TEXT)]
