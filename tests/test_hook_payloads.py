"""What the systems send, in all the shapes they send it in, read into tickets."""

from datetime import UTC, datetime

import pytest

from accounts.hooks import processing
from accounts.models import InboundEvent, OpenInterval, Tenant, Ticket
from tests import hooks, make


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def state(ticket: Ticket) -> tuple[int, str, str]:
    return ticket.priority, ticket.status, ticket.subject


@pytest.mark.parametrize(
    ("source", "name", "external_id", "expected"),
    [
        ("jira", "jira_cloud_created", "SUP-101", (2, "open", "Nightly export stops at 2 GB")),
        ("jira", "jira_cloud_resolved", "SUP-101", (2, "resolved", "Nightly export stops at 2 GB")),
        ("jira", "jira_cloud_reopened", "SUP-101", (1, "open", "Nightly export stops at 2 GB")),
        ("jira", "jira_cloud_deleted", "SUP-101", (2, "closed", "Nightly export stops at 2 GB")),
        ("jira", "jira_automation", "SUP-101", (2, "pending", "Nightly export stops at 2 GB")),
        ("jira", "jira_server_created", "HELP-7", (1, "open", "Login loops after the upgrade")),
        ("jira", "jira_server7_updated", "HELP-7", (3, "open", "Login loops after the upgrade")),
        ("jira", "jira_server5_bare", "HELP-7", (2, "open", "Login loops after the upgrade")),
        ("jira", "jira_server_post_function", "HELP-7", (1, "closed", "Login loops after the upgrade")),
        ("zendesk", "zendesk_event_created", "35436", (1, "open", "Sync stopped")),
        ("zendesk", "zendesk_event_solved", "35436", (1, "resolved", "Sync stopped")),
        ("zendesk", "zendesk_event_deleted", "35436", (1, "closed", "Sync stopped")),
        ("zendesk", "zendesk_trigger", "4711", (2, "pending", "Cannot log in")),
        ("zendesk", "zendesk_trigger_titles", "4712", (3, "pending", "Slow since the move")),
        ("zendesk", "zendesk_trigger_bare", "4713", (3, "open", "Who can tell")),
        ("kayako", "kayako_created", "88", (2, "open", "Invoices are printed twice")),
        ("kayako", "kayako_completed", "88", (2, "resolved", "Invoices are printed twice")),
        ("kayako", "kayako_trashed", "88", (2, "closed", "Invoices are printed twice")),
        ("kayako", "kayako_bare_case", "88", (3, "open", "Invoices are printed twice")),
        ("generic", "generic_open", "T-1", (1, "open", "Export fails")),
        ("generic", "generic_closed", "T-1", (1, "closed", "Export fails")),
    ],
)
def test_a_payload_is_read_into_its_ticket(
    source: str, name: str, external_id: str, expected: tuple[int, str, str], tenant: Tenant
) -> None:
    hooks.told(tenant, source, name)
    assert state(hooks.ticket(tenant, external_id)) == expected
    assert hooks.event(tenant).ticket == external_id


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("jira", "jira_cloud_comment"),
        ("jira", "jira_cloud_worklog"),
        ("jira", "jira_server_commented"),
        ("jira", "jira_version_released"),
        ("zendesk", "zendesk_event_comment"),
        ("zendesk", "zendesk_user_event"),
        ("kayako", "kayako_note"),
        ("generic", "generic_ping"),
    ],
)
def test_what_says_nothing_of_a_ticket_is_taken_and_ignored_with_the_reason(source: str, name: str, tenant: Tenant) -> None:
    hooks.told(tenant, source, name)
    event = hooks.event(tenant)
    assert event.status == InboundEvent.Status.IGNORED
    assert event.error
    assert not Ticket.objects.exists()


def test_dates_come_with_offsets_in_milliseconds_or_as_people_write_them(tenant: Tenant) -> None:
    hooks.told(tenant, "jira", "jira_server7_updated")
    assert hooks.ticket(tenant, "HELP-7").created_at == at("2026-11-10T07:30:00")
    hooks.told(tenant, "zendesk", "zendesk_trigger", "zendesk_trigger_titles")
    assert hooks.ticket(tenant, "4711").created_at == at("2026-11-03T00:00:00")
    assert hooks.ticket(tenant, "4711").source_updated_at == at("2026-11-05T13:22:10")
    assert hooks.ticket(tenant, "4712").created_at == at("2026-11-13T14:05:00")
    hooks.told(tenant, "kayako", "kayako_created")
    assert hooks.ticket(tenant, "88").created_at == at("2026-11-01T04:00:00")


def test_an_event_without_a_time_of_its_own_counts_from_its_receipt(tenant: Tenant) -> None:
    hooks.told(tenant, "zendesk", "zendesk_trigger_bare")
    ticket, event = hooks.ticket(tenant, "4713"), hooks.event(tenant)
    assert ticket.source_updated_at == ticket.created_at == event.received_at


def test_a_ticket_whose_opening_was_not_told_keeps_the_earliest_that_is_known(tenant: Tenant) -> None:
    hooks.told(tenant, "zendesk", "zendesk_trigger_bare")
    first = hooks.ticket(tenant, "4713").created_at
    hooks.told(tenant, "zendesk", "zendesk_trigger_bare")
    assert hooks.ticket(tenant, "4713").created_at == first
    _, address = hooks.door(tenant, "zendesk")
    hooks.send(
        address, hooks.payload("zendesk_trigger_bare") | {"created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z"}
    )
    processing.drain()
    assert hooks.ticket(tenant, "4713").created_at == at("2026-11-01T10:00:00")


def test_the_values_that_may_name_an_account_are_kept_with_their_kinds(tenant: Tenant) -> None:
    hooks.told(tenant, "jira", "jira_cloud_created")
    keys = set(hooks.ticket(tenant, "SUP-101").account_keys)
    assert keys >= {"organization:Aldermoor", "component:Billing export", "label:vip", "project:SUP", "domain:aldermoor.example"}
    assert keys >= {"requester:mia@aldermoor.example", "customfield_10041:Enterprise", "customfield_10050:ALD-001"}
    assert not any("0|i0000v" in key or "first response" in key for key in keys)
    hooks.told(tenant, "zendesk", "zendesk_trigger", "zendesk_event_created")
    assert set(hooks.ticket(tenant, "4711").account_keys) == {
        "organization:Halden Freight", "organization:3600", "label:login", "label:sso", "label:gold_plan",
        "domain:halden.example", "requester:jo@halden.example", "customfield_360001:HAL-9",
    }  # fmt: skip
    assert hooks.ticket(tenant, "35436").account_keys[0] == "organization:8447346622462"
    hooks.told(tenant, "kayako", "kayako_created")
    assert {"organization:Brewfictus", "label:billing", "customfield_plan:gold"} <= set(hooks.ticket(tenant, "88").account_keys)
    hooks.told(tenant, "generic", "generic_open")
    assert hooks.ticket(tenant, "T-1").account_keys == ["account:acme", "organization:Acme Ltd", "region:emea"]


def test_an_issue_that_moved_to_another_project_is_no_second_open_ticket(tenant: Tenant) -> None:
    hooks.told(tenant, "jira", "jira_cloud_moved", "jira_cloud_created")
    old, new = hooks.ticket(tenant, "SUP-101"), hooks.ticket(tenant, "OPS-9")
    assert (old.status, new.status) == ("closed", "open")
    assert old.deleted_at is not None
    assert "project:SUP" in old.account_keys
    assert "project:OPS" in new.account_keys


def test_a_reopened_ticket_was_open_twice(tenant: Tenant) -> None:
    hooks.told(tenant, "jira", "jira_cloud_reopened", "jira_cloud_resolved", "jira_cloud_created")
    spans = OpenInterval.objects.filter(tenant=tenant).order_by("open_from").values_list("open_from", "closed_at", "priority")
    assert list(spans) == [
        (at("2026-11-18T07:55:01.204"), at("2026-11-18T09:20:00.377"), 2),
        (at("2026-11-19T09:20:00"), None, 1),
    ]


def test_a_deletion_that_names_the_ticket_alone_ends_it_even_when_it_comes_first(tenant: Tenant) -> None:
    hooks.told(tenant, "generic", "generic_deleted")
    event = hooks.event(tenant)
    assert (event.status, event.error) == ("waiting", "Its ticket is not known yet.")
    hooks.told(tenant, "generic", "generic_open")
    InboundEvent.objects.filter(pk=event.pk).update(next_try_at=event.received_at)
    processing.drain()
    ticket = hooks.ticket(tenant, "T-1")
    assert (ticket.status, ticket.deleted_at) == ("closed", at("2026-11-22T10:00:00.001"))
