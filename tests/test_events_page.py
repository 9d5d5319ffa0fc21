"""`/events/`: what was not understood and why, shown safely, read again or set aside."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.hooks import processing
from accounts.models import InboundEvent, SourceMapping, Tenant, Ticket
from accounts.pages import event_list
from tests import hooks
from tests.conftest import Cast

HUGE = "the priority “huge” is not known"
OPEN = hooks.payload("generic_open")


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.manager, backend="tamdash.sign_in.Passwords")
    return found


def came(tenant: Tenant, *events: dict[str, Any] | bytes, source: str = "generic") -> list[InboundEvent]:
    _, address = hooks.door(tenant, source)
    for event in events:
        hooks.send(address, event if isinstance(event, bytes) else OPEN | event)
    processing.drain()
    return list(InboundEvent.objects.filter(tenant=tenant).order_by("pk"))


def page(client: Client, **asked: str) -> str:
    return client.get(reverse("events"), asked).content.decode()


def test_what_failed_is_listed_by_its_reason_with_how_many(cast: Cast, client: Client) -> None:
    came(cast.tenant, *({"ticket_id": f"T{number}", "priority": "huge"} for number in range(3)), {"ticket_id": "ok"}, b"nonsense")
    found = page(client)
    assert HUGE in found
    assert "The body is not JSON. Check what the source was told to send." in found
    assert "T2" in found
    assert ">ok<" not in found
    reason = client.get(reverse("events"), {"source": "generic", "reason": HUGE})
    assert [event.ticket for event in reason.context["page"].events] == ["T2", "T1", "T0"]
    assert "ok" in page(client, status="done")


def test_all_of_one_reason_are_read_again_once_the_mapping_was_mended(cast: Cast, client: Client) -> None:
    came(cast.tenant, {"ticket_id": "A", "priority": "huge"}, {"ticket_id": "B", "priority": "huge"}, {"ticket_id": "C", "status": "odd"})
    SourceMapping.objects.create(tenant=cast.tenant, source="generic", priorities={"huge": 1})
    answer = client.post(reverse("events-again"), {"source": "generic", "reason": HUGE}, follow=True)
    assert "2 events will be read again" in answer.content.decode()
    processing.drain()
    assert set(Ticket.objects.values_list("external_id", flat=True)) == {"A", "B"}


def test_one_event_is_read_again_or_set_aside(cast: Cast, client: Client) -> None:
    one, two = came(cast.tenant, {"ticket_id": "A", "priority": "huge"}, {"ticket_id": "B", "priority": "huge"})
    client.post(reverse("events-again"), {"event": one.pk, "next": reverse("event", args=[one.pk])})
    client.post(reverse("events-aside"), {"event": two.pk})
    states = dict(InboundEvent.objects.values_list("ticket", "status"))
    assert states == {"A": "waiting", "B": "ignored"}
    InboundEvent.objects.filter(pk=one.pk).update(error="The database did not take it yet.", attempts=1)
    for waiting in (page(client, status="waiting"), client.get(reverse("event", args=[one.pk])).content.decode()):
        assert "did not take it" not in waiting
    assert "Set aside by Mona Manager." in page(client, status="ignored")
    answer = client.post(reverse("events-again"), {"event": two.pk}, follow=True)
    assert "Nothing is read again" in answer.content.decode()


def test_a_body_is_shown_as_text_whatever_it_holds(cast: Cast, client: Client) -> None:
    hostile = {"ticket_id": "<script>alert(1)</script>", "subject": "\ud800 \0 </pre><img src=x>"}
    events = came(cast.tenant, hostile, b"\xff\xfe\0<script>", b"[" * 5000, b"", b"x" * 200_000, json.dumps({"a": "y" * 200_000}).encode())
    for event in events:
        answer = client.get(reverse("event", args=[event.pk]))
        assert answer.status_code == 200
        assert "<script>" not in answer.content.decode().split('id="main"')[1]
        assert "<img" not in answer.content.decode()
        assert len(answer.content) < 3 * event_list.LONGEST
    assert "<script>" not in page(client).split('id="main"')[1]


def test_another_tenants_events_are_not_there(cast: Cast, client: Client) -> None:
    (foreign,) = came(cast.stranger.tenant, {"ticket_id": "Aldermoor", "priority": "huge"})
    assert "Aldermoor" not in page(client)
    assert HUGE not in page(client)
    assert client.get(reverse("event", args=[foreign.pk])).status_code == 404
    for name in ("events-again", "events-aside"):
        assert client.post(reverse(name), {"event": foreign.pk}).status_code == 404
        client.post(reverse(name), {"source": "generic", "reason": HUGE})
    foreign.refresh_from_db()
    assert foreign.status == "failed"


@pytest.mark.parametrize(
    "asked", [{"status": "none"}, {"source": "sap"}, {"before": "x"}, {"before": "9" * 30}, {"reason": "\0"}, {"reason": "x" * 2000}]
)
def test_an_address_that_makes_no_sense_shows_a_page_all_the_same(asked: dict[str, str], client: Client) -> None:
    assert client.get(reverse("events"), {k: v for k, v in asked.items() if "\0" not in v}).status_code == 200
    assert client.post(reverse("events-again"), asked).status_code == 302
    assert client.post(reverse("events-again"), {"event": "9" * 30}).status_code == 404


def test_long_lists_go_on_on_the_next_page_at_the_same_cost(cast: Cast, client: Client) -> None:
    now = timezone.now()
    few = {
        "tenant": cast.tenant,
        "source": "jira",
        "status": "failed",
        "error": HUGE,
        "body": b"{}",
        "received_at": now,
        "next_try_at": now,
    }
    InboundEvent.objects.create(**few)
    with CaptureQueriesContext(connection) as with_one:
        page(client)
    InboundEvent.objects.bulk_create(InboundEvent(**few) for _ in range(59))
    with CaptureQueriesContext(connection) as with_many:
        first = client.get(reverse("events")).context["page"]
    assert len(with_many) == len(with_one)
    assert len(first.events) == event_list.SHOWN
    rest = client.get(reverse("events") + first.earlier).context["page"]
    assert [event.pk for event in first.events + rest.events] == sorted((event.pk for event in first.events + rest.events), reverse=True)
    assert (len(rest.events), rest.earlier) == (10, "")


def test_an_empty_list_says_what_will_be_here(client: Client) -> None:
    for status, words in (("failed", "Everything was understood"), ("waiting", "Nothing waits"), ("done", "No such events")):
        assert words in page(client, status=status)
