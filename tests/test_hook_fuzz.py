"""Spoiled bodies in thousands: no answer but 200, nothing unexpected, and every good event among them becomes its ticket.

`TAMDASH_TEST_FUZZ` sets how many bodies a source is sent; each then goes through the view itself.
"""

import json
import os
from random import Random
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from accounts.hooks import processing, receiving
from accounts.models import HookToken, InboundEvent, Tenant, Ticket
from tests import hooks, make
from tests.mutations import spoiled

ASKED = int(os.environ.get("TAMDASH_TEST_FUZZ", "0"))
BODIES = ASKED or 1_000
THROUGH_THE_VIEW = 1 if ASKED else 20  # each so manieth; the others are stored as the view stores them
GOOD = 10  # each so manieth
# A good event of each source, where its ticket's id stands, and what its ticket is to be.
KNOWN = {
    "jira": ("jira_cloud_created", ("issue", "key"), (2, "open", "Nightly export stops at 2 GB")),
    "zendesk": ("zendesk_event_created", ("detail", "id"), (1, "open", "Sync stopped")),
    "kayako": ("kayako_created", ("case", "id"), (2, "open", "Invoices are printed twice")),
    "generic": ("generic_open", ("ticket_id",), (1, "open", "Export fails")),
}


def good(source: str, number: int) -> tuple[str, bytes]:
    name, path, _ = KNOWN[source]
    payload: Any = hooks.payload(name)
    place = payload
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = f"GOOD-{number}"
    return f"GOOD-{number}", json.dumps(payload).encode()


def post(factory: RequestFactory, source: str, token: str, body: bytes) -> None:
    request = factory.post("/hooks/", body, content_type="application/json")
    assert receiving.receive(request, source, token).status_code == 200


def store(token: HookToken, bodies: list[bytes]) -> None:
    now = timezone.now()
    common = {"tenant": token.tenant, "source": token.source, "token": token, "received_at": now, "next_try_at": now}
    InboundEvent.objects.bulk_create([InboundEvent(body=body, **common) for body in bodies], batch_size=1000)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


@pytest.mark.parametrize("source", sorted(KNOWN))
def test_spoiled_bodies_cost_no_good_event_and_are_all_accounted_for(source: str, tenant: Tenant) -> None:
    random, factory = Random(f"{source} 7"), RequestFactory()
    payloads = [hooks.payload(path.stem) for path in sorted(hooks.DATA.glob(f"{source}_*.json"))]
    token, address = hooks.door(tenant, source)
    expected, stored = [], []
    for number in range(BODIES):
        body = spoiled(random.choice(payloads), random)
        if number % GOOD == 0:
            external_id, body = good(source, number)
            expected.append(external_id)
        if number % THROUGH_THE_VIEW == 0:
            post(factory, source, address.rsplit("/", 1)[1], body)
        else:
            stored.append(body)
    store(token, stored)
    processing.drain()
    while InboundEvent.objects.filter(status="waiting", attempts=0).exists():
        processing.drain()
    assert InboundEvent.objects.count() == BODIES
    assert not InboundEvent.objects.filter(error=processing.UNEXPECTED).exists()
    assert not InboundEvent.objects.filter(error__startswith="The database").exists()
    assert not InboundEvent.objects.filter(status__in=("failed", "ignored"), error="").exists()
    found = Ticket.objects.filter(external_id__startswith="GOOD-").values_list("external_id", "priority", "status", "subject")
    assert sorted(found) == sorted((external_id, *KNOWN[source][2]) for external_id in expected)
    told = dict.fromkeys(InboundEvent.objects.values_list("status", flat=True))
    assert {"done", "failed"} <= set(told)
