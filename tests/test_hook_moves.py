"""Keys that an issue had before: which of a change's items tell one, and how many at most."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.ingest import RefusedRow
from accounts.pull import syncing
from accounts.sources import jira_hook
from tests import hooks

Item = dict[str, Any]
MOVED: Item = {"field": "Key", "from": None, "fromString": "SUP-101", "to": None, "toString": "OPS-9"}


def told(*items: Item) -> set[str]:
    """The tickets of an event with that change."""
    event = hooks.payload("jira_cloud_moved") | {"changelog": {"items": list(items)}}
    return {ticket.external_id for ticket in jira_hook.read(event, timezone.now()).tickets}


def pulled(*changes: list[Item]) -> set[str]:
    """The tickets of an issue with those changes in its history."""
    histories = [{"created": "2026-11-19T11:20:00.000+0000", "items": items} for items in changes]
    issue = hooks.payload("jira_cloud_moved")["issue"] | {"changelog": {"histories": histories}}
    return {ticket.external_id for ticket in syncing.tickets_of(issue)}


def keys(count: int) -> list[Item]:
    return [MOVED | {"fromString": f"SUP-{number}"} for number in range(1, count + 1)]


@pytest.mark.parametrize("more", [{}, {"fieldtype": "jira"}, {"fieldtype": "jira", "fieldId": "Key"}, {"fieldId": "key"}, {"field": "key"}])
def test_a_changed_key_is_told_by_jiras_own_field(more: Item) -> None:
    assert told(MOVED | more) == pulled([MOVED | more]) == {"OPS-9", "SUP-101"}


@pytest.mark.parametrize(
    "more",
    [
        {"fieldtype": "custom"},
        {"fieldtype": "custom", "fieldId": "customfield_10077"},
        {"fieldId": "customfield_10077"},
        {"field": "Keys"},
        {"fromString": "somebody's ticket"},
        {"fromString": "sup-101"},
        {"fromString": "SUP-\u0661"},
        {"fromString": "SUP-" + "1" * 500},
        {"fromString": None},
    ],
)
def test_a_custom_field_called_key_ends_nobodys_ticket(more: Item) -> None:
    assert told(MOVED | more) == pulled([MOVED | more]) == {"OPS-9"}


def test_one_change_ends_at_most_three_tickets() -> None:
    assert told(*keys(3), *keys(3)) == pulled(keys(3)) == {"OPS-9", "SUP-1", "SUP-2", "SUP-3"}
    with pytest.raises(RefusedRow, match="more than 3 former keys"):
        told(*keys(4))
    with pytest.raises(RefusedRow, match="more than 3 former keys"):
        pulled(keys(4))


def test_an_issue_that_was_moved_more_often_than_any_is_refused() -> None:
    moves = [[item] for item in keys(syncing.MOST_MOVES + 1)]
    assert len(pulled(*moves[1:])) == syncing.MOST_MOVES + 1
    with pytest.raises(RefusedRow, match="more than 20 times"):
        pulled(*moves)
