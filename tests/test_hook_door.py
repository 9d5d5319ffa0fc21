"""`/hooks/<source>/<token>`: who is let in, what is stored, and how little it takes."""

import hashlib
import logging
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.hooks import processing, receiving, tokens
from accounts.models import HookToken, InboundEvent, Tenant, Ticket
from tests import hooks, make


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def test_an_event_is_stored_as_it_came_and_answered_at_once(tenant: Tenant) -> None:
    token, address = hooks.door(tenant, "jira")
    assert hooks.send(address, hooks.body("jira_cloud_created")).status_code == 200
    event = hooks.event(tenant)
    assert (bytes(event.body), event.source, event.token) == (hooks.body("jira_cloud_created"), "jira", token)
    assert (event.status, event.content_type) == ("waiting", "application/json")
    assert not Ticket.objects.exists()


def test_it_takes_one_statement_to_check_the_token_and_store_the_event_and_one_more_the_first_time(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    for expected in (2, 1, 1):
        with CaptureQueriesContext(connection) as queries:
            hooks.send(address, hooks.body("generic_open"))
        assert len(queries) == expected


def test_a_token_that_was_used_a_moment_ago_is_refused_once_it_was_revoked(tenant: Tenant) -> None:
    token, address = hooks.door(tenant, "generic")
    assert hooks.send(address, b"{}").status_code == 200
    tokens.revoke(token)
    assert hooks.send(address, b"{}").status_code == 404
    assert InboundEvent.objects.count() == 1


def test_a_token_that_is_not_in_use_is_like_one_that_never_was(tenant: Tenant) -> None:
    now = timezone.now()
    answers = set()
    for values in ({"revoked_at": now}, {"expires_at": now}, {}):
        token, address = hooks.door(tenant, "jira")
        HookToken.objects.filter(pk=token.pk).update(**values)
        other = address if values else address.replace("jira", "zendesk")
        answer = hooks.send(other, hooks.body("jira_cloud_created"))
        answers.add((answer.status_code, answer.content, *sorted(answer.headers.items())))
    never = hooks.send("/hooks/jira/never-given-out", b"{}")
    answers.add((never.status_code, never.content, *sorted(never.headers.items())))
    assert len(answers) == 1
    assert never.status_code == 404
    assert not InboundEvent.objects.exists()


def test_another_tenants_token_leads_to_that_tenant_alone(tenant: Tenant) -> None:
    south = make.tenant("south")
    for owner in (tenant, south):
        make.account(owner, external_id="acme", name=f"Acme of {owner}")
    hooks.told(south, "generic", "generic_open")
    ticket = Ticket.objects.get()
    assert ticket.tenant == south
    assert ticket.account is not None
    assert ticket.account.tenant == south


def test_the_token_is_nowhere_to_be_read_again(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    token, address = hooks.door(tenant, "jira", secret="k3y")
    secret = address.rsplit("/", 1)[1]
    caplog.set_level(logging.DEBUG, logger="django")
    for path in (address, f"{address}/", address.replace("jira", "sap"), f"{address}x"):
        hooks.send(path, b"{}")
        Client().get(path)
    assert secret not in caplog.text
    stored = " ".join(str(value) for value in HookToken.objects.filter(pk=token.pk).values()[0].values())
    assert secret not in stored
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(token) + str(token)
    assert token.hint == secret[-4:]


def test_only_posts_are_taken(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "jira")
    for method in ("get", "head", "put", "delete", "patch", "options"):
        answer = getattr(Client(), method)(address)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_body_of_more_than_a_megabyte_is_refused(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    assert hooks.send(address, b"x" * (receiving.LARGEST + 1)).status_code == 413
    assert hooks.send(address, b"x" * 4_000_000).status_code == 413
    assert not InboundEvent.objects.exists()
    assert hooks.send(address, b"x" * receiving.LARGEST).status_code == 200


def test_a_body_that_did_not_arrive_whole_is_refused_so_that_the_source_sends_it_again(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    assert arrived(address, b'{"ticket_id":', CONTENT_LENGTH="400") == 400
    assert arrived(address, b"{}", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked") == 411
    assert not InboundEvent.objects.exists()


def test_a_body_in_chunks_is_taken_where_the_server_says_where_it_ends(tenant: Tenant) -> None:
    _, address = hooks.door(tenant, "generic")
    in_chunks = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert arrived(address, hooks.body("generic_open"), **in_chunks) == 200
    assert bytes(hooks.event(tenant).body) == hooks.body("generic_open")
    assert arrived(address, b"x" * (receiving.LARGEST + 1), **in_chunks) == 413


def arrived(address: str, sent: bytes, **environment: object) -> int:
    """The answer to what a server hands over with these values in its environment."""
    given = RequestFactory().generic("POST", address).environ | {"wsgi.input": BytesIO(sent)} | environment
    _, _, source, token = address.split("/")
    return receiving.receive(WSGIRequest(given), source, token).status_code


@pytest.mark.parametrize(
    "sent", [b"", b"\0\xff\xfe", b"[1]", b'"text"', b"{" * 100_000, b"[" * 100_000, b'{"a": NaN}', b"9" * 5000, b"<xml/>"]
)
def test_a_body_that_is_no_json_object_is_kept_and_shown_as_not_understood(sent: bytes, tenant: Tenant) -> None:
    for source in ("jira", "zendesk", "kayako", "generic"):
        _, address = hooks.door(tenant, source)
        assert hooks.send(address, sent).status_code == 200
    processing.drain()
    for event in InboundEvent.objects.all():
        assert (event.status, bytes(event.body)) == ("failed", sent)
        assert event.error
        assert event.error != processing.UNEXPECTED


def test_a_rotated_token_goes_on_for_a_day(tenant: Tenant) -> None:
    old, address = hooks.door(tenant, "jira", secret="k3y")
    new, token = tokens.rotate(old)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert timedelta(hours=23, minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=24)
    assert (new.tenant, new.source, new.secret, new.expires_at) == (old.tenant, "jira", "k3y", None)
    first = old.expires_at
    tokens.rotate(old)
    old.refresh_from_db()
    assert old.expires_at <= first
    assert hooks.send(address, b"{}").status_code == 401  # let in, were it signed
    assert tokens.revoke(new)
    assert not tokens.revoke(new)
    assert hooks.send(f"/hooks/jira/{token}", b"{}").status_code == 404


def test_when_a_token_was_last_used_is_told(tenant: Tenant) -> None:
    token, _ = hooks.door(tenant, "generic")
    hooks.send(f"/hooks/generic/{tokens.make(tenant, 'generic', token='known-to-the-demo')[1]}", hooks.body("generic_open"))
    processing.drain()
    used = HookToken.objects.exclude(pk=token.pk).get()
    assert used.last_used_at == hooks.event(tenant).received_at
    token.refresh_from_db()
    assert token.last_used_at is None
