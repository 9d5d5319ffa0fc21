"""What a worker takes at once: bounded by events and by bytes, and shared between tenants that send much and little."""

import time

import pytest
from django.utils import timezone

from accounts.hooks import processing
from accounts.models import HookToken, InboundEvent, Tenant, Ticket
from accounts.sources import payload
from tests import hooks, make

LARGE = 1 << 20


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def store(tenant: Tenant, count: int, body: bytes) -> HookToken:
    token, _ = hooks.door(tenant, "generic")
    now = timezone.now()
    common = {"tenant": tenant, "source": "generic", "token": token, "received_at": now, "next_try_at": now}
    InboundEvent.objects.bulk_create(InboundEvent(body=body, **common) for _ in range(count))
    return token


def sizes() -> list[int]:
    """Of what the next claim takes, in bytes."""
    return [len(event.body) for event in processing.claim(0, 0, 300)]


def test_a_claim_is_bounded_by_what_it_holds_and_is_never_nothing(tenant: Tenant) -> None:
    store(tenant, 6, b"[" * LARGE)
    assert sizes() == [LARGE] * 4
    assert sizes() == [LARGE] * 2
    store(tenant, 2, b"[" * (2 * processing.BYTES_AT_ONCE))
    assert sizes() == sizes() == [2 * processing.BYTES_AT_ONCE]
    assert sizes() == []


def test_a_tenant_that_sent_much_before_does_not_hold_up_another(tenant: Tenant) -> None:
    store(tenant, 400, b"{}")
    store(tenant, 8, b"[" * LARGE)
    south = make.tenant("south")
    store(south, 5, b"{}")
    first = processing.claim(0, 0, 300)
    assert len(first) == 300
    assert sum(event.tenant_id == south.pk for event in first) == 5
    seen = len(first)
    while held := processing.claim(0, 0, 300):
        seen += len(held)
    assert seen == 413


def test_a_body_of_very_many_values_is_refused_before_it_is_parsed(tenant: Tenant) -> None:
    for body in (b"[" * LARGE, b'{"a": [' + b"0," * (LARGE // 2 - 10) + b"0]}", b'{"a": [' + b"{}," * (LARGE // 3 - 10) + b"0]}"):
        store(tenant, 3, body)
    _, address = hooks.door(tenant, "generic")
    hooks.send(address, hooks.payload("generic_open") | {"notes": "a, " * 10_000})
    began = time.process_time()
    while processing.drain():
        pass
    assert time.process_time() - began < 3
    assert set(InboundEvent.objects.filter(status="failed").values_list("error", flat=True)) == {
        f"it holds more than {payload.MOST_VALUES:,} values"
    }
    assert Ticket.objects.count() == 1
