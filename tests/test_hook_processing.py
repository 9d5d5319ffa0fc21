"""Stored events become tickets whatever happens on the way, and one that is bad costs no other."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts import remapping, tasks
from accounts.hooks import hints, keeping, processing, writing
from accounts.hooks.outcomes import MAX_ATTEMPTS
from accounts.models import InboundEvent, SourceMapping, Tenant, Ticket
from tamdash.celery import app
from tests import hooks, make

OPEN = hooks.payload("generic_open")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def send(tenant: Tenant, *events: dict[str, Any]) -> None:
    _, address = hooks.door(tenant, "generic")
    for event in events:
        assert hooks.send(address, OPEN | event).status_code == 200


def come_again() -> None:
    """As if the lease had run out, or the time of the next attempt had come."""
    InboundEvent.objects.filter(status="waiting").update(next_try_at=timezone.now() - timedelta(seconds=1))


def reasons() -> dict[str, str]:
    return dict(InboundEvent.objects.exclude(error="").values_list("ticket", "error"))


def test_one_bad_event_costs_no_other(tenant: Tenant) -> None:
    send(
        tenant,
        {"ticket_id": "A"},
        {"ticket_id": "B", "priority": "huge"},
        {"ticket_id": "C"},
        {"ticket_id": ""},
        {"ticket_id": "D", "status": None},
    )
    processing.drain()
    assert set(Ticket.objects.values_list("external_id", flat=True)) == {"A", "C"}
    assert reasons() == {"B": "the priority “huge” is not known", "": "the ticket id is missing", "D": "the status is missing"}


def test_what_the_database_refuses_is_tried_again_alone_and_given_up_in_the_end(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_ticket ADD CONSTRAINT not_b CHECK (external_id <> 'B') NOT VALID")
    send(tenant, {"ticket_id": "A"}, {"ticket_id": "B"}, {"ticket_id": "C"})
    processing.drain()
    assert set(Ticket.objects.values_list("external_id", flat=True)) == {"A", "C"}
    bad = InboundEvent.objects.get(ticket="B")
    assert (bad.status, bad.attempts) == ("waiting", 1)
    assert timedelta(seconds=10) < bad.next_try_at - timezone.now() < timedelta(seconds=31)
    for _ in range(MAX_ATTEMPTS):
        come_again()
        processing.drain()
    bad.refresh_from_db()
    assert (bad.status, bad.error) == ("failed", "The database did not take it: IntegrityError.")
    make.check_constraints_at_once()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_ticket DROP CONSTRAINT not_b")
    assert keeping.replay(InboundEvent.objects.all()) == 1
    processing.drain()
    assert Ticket.objects.filter(external_id="B").exists()


def test_what_a_killed_worker_held_comes_back_when_its_lease_has_run_out(tenant: Tenant) -> None:
    send(tenant, {"ticket_id": "A"}, {"ticket_id": "B"})
    assert len(processing.claim(0, 0, 10)) == 2
    processing.drain()
    assert not Ticket.objects.exists()
    come_again()
    assert processing.drain() == 2
    assert Ticket.objects.count() == 2


def test_an_event_that_kills_its_workers_is_given_up_and_the_others_are_not(tenant: Tenant) -> None:
    send(tenant, {"ticket_id": "A"}, {"ticket_id": "B"})
    processing.claim(0, 0, 10)
    for _ in range(MAX_ATTEMPTS):  # it is first in line each time, and alone
        come_again()
        (held,) = processing.claim(1, 99, 1)
        assert held.pk == min(InboundEvent.objects.values_list("pk", flat=True))
    come_again()
    processing.drain()
    assert list(Ticket.objects.values_list("external_id", flat=True)) == ["B"]
    assert set(reasons().values()) == {processing.WENT_AWAY}


def test_a_late_outcome_of_an_attempt_that_was_taken_over_is_dropped(tenant: Tenant) -> None:
    send(tenant, {"ticket_id": "A"})
    first = processing.claim(0, 0, 10)
    come_again()
    second = processing.claim(1, 99, 1)
    processing.process(first)
    assert hooks.event(tenant).status == "waiting"
    processing.process(second)
    assert hooks.event(tenant).status == "done"
    assert Ticket.objects.count() == 1


def test_two_workers_never_hold_the_same_event(tenant: Tenant) -> None:
    send(tenant, *({"ticket_id": f"T{number}"} for number in range(5)))
    held = [event.pk for most in (2, 2, 2) for event in processing.claim(0, 0, most)]
    assert len(held) == len(set(held)) == 5


def test_an_event_is_understood_once_the_mapping_was_mended(tenant: Tenant) -> None:
    send(tenant, {"ticket_id": "A", "priority": "huge"})
    processing.drain()
    SourceMapping.objects.create(tenant=tenant, source="generic", priorities={"huge": 1})
    remapping.remap(tenant, "generic")
    processing.drain()
    assert Ticket.objects.get().priority == 1
    assert hooks.event(tenant).error == ""


def test_a_worker_is_told_once_until_it_has_looked(tenant: Tenant, own_queue: list[str], settings: Settings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": str(uuid4())}}  # other tests' workers look, too
    send(tenant, *({"ticket_id": f"T{number}"} for number in range(5)))
    assert own_queue == [hints.PROCESS]
    processing.drain()
    send(tenant, {"ticket_id": "late"})
    assert own_queue == [hints.PROCESS] * 2


@pytest.fixture
def own_queue(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were sent."""
    sent: list[str] = []

    def note(name: str, *_: object, **__: object) -> None:
        sent.append(name)

    monkeypatch.setattr(app, "send_task", note)
    return sent


def test_without_redis_events_are_stored_and_the_sweep_finds_them(
    tenant: Tenant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/at/all.sock"}}
    monkeypatch.setattr(hints, "away_until", 0.0)
    send(tenant, {"ticket_id": "A"}, {"ticket_id": "B"})
    assert hints.away_until > 0
    tasks.process_events()
    assert Ticket.objects.count() == 2


def test_what_was_read_long_ago_is_forgotten_and_later_what_was_not_understood(tenant: Tenant) -> None:
    send(tenant, {"ticket_id": "done"}, {"ticket_id": "failed", "priority": "huge"}, {"event": "ping"})
    processing.drain()
    now = timezone.now()
    assert keeping.prune(now + timedelta(days=6)) == 0
    assert not InboundEvent.objects.filter(body=b"").exists()
    assert keeping.prune(now + timedelta(days=8)) == 1
    assert list(InboundEvent.objects.filter(body=b"").values_list("ticket", flat=True)) == ["done"]
    assert keeping.prune(now + timedelta(days=31)) == 1
    assert keeping.prune(now + timedelta(days=89)) == 0
    assert (hooks.event(tenant).ticket, bytes(hooks.event(tenant).body)[:1]) == ("failed", b"{")
    assert keeping.prune(now + timedelta(days=91)) == 1


def test_an_unknown_ticket_that_was_deleted_is_given_up_without_a_fuss(tenant: Tenant) -> None:
    hooks.told(tenant, "generic", "generic_deleted")
    for _ in range(MAX_ATTEMPTS):
        come_again()
        processing.drain()
    assert (hooks.event(tenant).status, hooks.event(tenant).error) == ("ignored", writing.NOT_KNOWN)
