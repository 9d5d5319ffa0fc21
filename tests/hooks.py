"""Webhooks as the systems send them: the payloads of `tests/data/hooks`, posted to a door and read by a worker's stage."""

import json
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.hooks import processing, tokens
from accounts.models import HookToken, InboundEvent, Tenant, Ticket

DATA = Path(__file__).parent / "data" / "hooks"


def body(name: str) -> bytes:
    return (DATA / f"{name}.json").read_bytes()


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body(name))
    return found


def door(tenant: Tenant, source: str, **values: Any) -> tuple[HookToken, str]:
    """A token and the address that ends with it."""
    made, token = tokens.make(tenant, source, **values)
    return made, f"/hooks/{source}/{token}"


def send(address: str, sent: bytes | dict[str, Any], **headers: str) -> HttpResponse:
    content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answer: HttpResponse = Client().post(address, content, content_type="application/json", headers=headers)  # type: ignore[assignment]
    return answer


def told(tenant: Tenant, source: str, *names: str) -> None:
    """The payloads of those names, sent one after the other and then read."""
    _, address = door(tenant, source)
    for name in names:
        assert send(address, body(name)).status_code == 200, name
    processing.drain()


def ticket(tenant: Tenant, external_id: str) -> Ticket:
    return Ticket.objects.get(tenant=tenant, external_id=external_id)


def event(tenant: Tenant) -> InboundEvent:
    return InboundEvent.objects.get(tenant=tenant)
