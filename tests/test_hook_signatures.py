"""A token with a secret takes what its source signed, lately, and nothing else."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.hooks import tokens
from accounts.models import InboundEvent, Tenant
from tests import hooks, make

KEY = "k3y-of-the-source"
BODY = hooks.body("generic_open")
SOURCES = ("jira", "zendesk", "kayako", "generic")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def signed(source: str, body: bytes = BODY, key: str = KEY, at: datetime | None = None) -> dict[str, str]:
    """The headers as the source's own documentation has them."""
    at = at or timezone.now()

    def digest(message: bytes) -> bytes:
        return hmac.new(key.encode(), message, hashlib.sha256).digest()

    if source == "jira":
        return {"X-Hub-Signature": f"sha256={digest(body).hex()}"}
    if source == "zendesk":
        stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = base64.b64encode(digest(stamp.encode() + body)).decode()
        return {"X-Zendesk-Webhook-Signature": given, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    stamp = str(int(at.timestamp()))
    return {"X-Hub-Signature-256": f"sha256={digest(f'{stamp}.'.encode() + body).hex()}", "X-Tamdash-Timestamp": stamp}


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_signed_is_taken(source: str, tenant: Tenant) -> None:
    _, address = hooks.door(tenant, source, secret=KEY)
    assert hooks.send(address, BODY, **signed(source)).status_code == 200
    assert bytes(hooks.event(tenant).body) == BODY


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_not_signed_or_wrongly_is_refused_and_not_stored(source: str, tenant: Tenant) -> None:
    _, address = hooks.door(tenant, source, secret=KEY)
    right = signed(source)
    (header, value), *rest = right.items()
    assert hooks.send(address, BODY).status_code == 401
    wrong = [
        signed(source, key="another"),
        signed(source, body=BODY + b" "),
        {header: "", **dict(rest)},
        {header: value[:-2] + "é", **dict(rest)},
        {header: value * 1000, **dict(rest)},
        {header: value.replace("sha256=", ""), **dict(rest)} if "sha256=" in value else {header: value[:-1], **dict(rest)},
    ]
    for headers in wrong:
        assert hooks.send(address, BODY, **headers).status_code in (401, 403)
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("source", ["zendesk", "kayako", "generic"])
def test_a_signature_is_good_for_five_minutes(source: str, tenant: Tenant) -> None:
    _, address = hooks.door(tenant, source, secret=KEY)
    now = timezone.now()
    for minutes, expected in ((-6, 403), (-4, 200), (4, 200), (6, 403)):
        assert hooks.send(address, BODY, **signed(source, at=now + timedelta(minutes=minutes))).status_code == expected


@pytest.mark.parametrize("source", ["zendesk", "kayako", "generic"])
def test_the_time_of_signing_cannot_be_changed_or_left_out(source: str, tenant: Tenant) -> None:
    _, address = hooks.door(tenant, source, secret=KEY)
    old = signed(source, at=timezone.now() - timedelta(hours=1))
    new = signed(source, at=timezone.now())
    header, stamp = list(old)
    for told in (new[stamp], "", "now", "nan", "inf", "1e400", "9" * 500, "2026-11-23"):
        assert hooks.send(address, BODY, **{header: old[header], stamp: told}).status_code == 403, told
    assert hooks.send(address, BODY, **{header: old[header]}).status_code == 403
    assert not InboundEvent.objects.exists()


def test_a_door_without_a_secret_takes_what_is_signed_all_the_same(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "jira")
    assert hooks.send(address, BODY, **signed("jira")).status_code == 200


def test_a_secret_that_cannot_be_read_any_more_lets_nobody_in(tenant: Tenant) -> None:
    made, token = tokens.make(tenant, "jira", secret=KEY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_hooktoken SET secret = 'encrypted-with-another-key' WHERE id = %s", [made.pk])
    for key in (KEY, "", "encrypted-with-another-key"):
        assert hooks.send(f"/hooks/jira/{token}", BODY, **signed("jira", key=key)).status_code == 403
    assert not InboundEvent.objects.exists()
