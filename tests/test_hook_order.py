"""Any order and repetition of a ticket's events, in any batches, ends in the same state."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.hooks import processing
from accounts.models import InboundEvent, OpenInterval, Tenant, Ticket, TicketState
from tests import hooks, make

STORIES = {
    "jira": [
        "jira_cloud_created",
        "jira_cloud_comment",
        "jira_cloud_resolved",
        "jira_cloud_reopened",
        "jira_cloud_moved",
        "jira_cloud_deleted",
    ],
    "zendesk": [
        "zendesk_event_created",
        "zendesk_event_solved",
        "zendesk_event_reopened",
        "zendesk_event_deleted",
        "zendesk_event_comment",
    ],
    "kayako": ["kayako_created", "kayako_completed", "kayako_trashed", "kayako_bare_case", "kayako_note"],
    "generic": ["generic_open", "generic_closed", "generic_elsewhere", "generic_reopened"],
}


def sent(name: str) -> bytes:
    if name == "generic_elsewhere":
        changed: dict[str, Any] = {"account": "halden", "priority": "P2", "updated_at": "2026-11-20T12:00:00Z"}
    elif name == "generic_reopened":
        changed = {"updated_at": "2026-11-22T09:00:00Z"}
    else:
        return hooks.body(name)
    return json.dumps(hooks.payload("generic_open") | changed).encode()


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[str, list[str], set[int]]:
    """A source, its events each at least once in some order, and after which of them a worker reads."""
    source = draw(st.sampled_from(sorted(STORIES)))
    again = draw(st.lists(st.sampled_from(STORIES[source]), max_size=4))
    order = draw(st.permutations([*STORIES[source], *again]))
    return source, list(order), draw(st.sets(st.integers(0, len(order))))


def told(tenant: Tenant, source: str, order: Sequence[str], read_after: set[int]) -> object:
    """What is stored in the end; nothing of it stays."""
    with transaction.atomic():
        _, address = hooks.door(tenant, source)
        for number, name in enumerate(order):
            assert hooks.send(address, sent(name)).status_code == 200
            if number in read_after:
                processing.drain()
        processing.drain()
        assert not InboundEvent.objects.filter(status__in=("waiting", "failed")).exists()
        found = (
            [{name: row[name] for name in row if name not in NOT_COMPARED} for row in Ticket.objects.order_by("external_id").values()],
            list(states.values_list("ticket__external_id", "source_version", "status", "priority", "account_key", "deleted_at")),
            list(spans.values_list("external_id", "open_from", "closed_at", "priority", "account__external_id")),
        )
        transaction.set_rollback(True)
    return found


NOT_COMPARED = ("id", "heard_at", "known_at", "closed_known_at")  # when tamdash heard of it
states = TicketState.objects.order_by("ticket__external_id", "source_version")
spans = OpenInterval.objects.order_by("external_id", "open_from")


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = make.tenant("north")
    for name in ("acme", "halden"):
        make.account(tenant, external_id=name)
    return tenant


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
def test_any_order_and_repetition_ends_in_the_same_state(tenant: Tenant, delivered: tuple[str, list[str], set[int]]) -> None:
    source, order, read_after = delivered
    expected = told(tenant, source, STORIES[source], set())
    assert expected != ([], [], [])
    assert told(tenant, source, order, read_after) == expected
