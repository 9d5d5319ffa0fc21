"""Tokens of the API, as an admin makes and revokes them, and the page that shows how to call with one."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from jsonschema_rs import Draft202012Validator

from accounts import api_tokens
from accounts.models import ApiToken
from tamdash.api.document import document, operations
from tests.api import Caller
from tests.conftest import Cast

ADD = "admin:accounts_apitoken_add"
LIST = "admin:accounts_apitoken_changelist"
SHOWN = re.compile(r"tamd_[\w-]{43}")


def browser(person: Any) -> Client:
    found = Client()
    found.force_login(person, backend="tamdash.sign_in.Passwords")
    return found


def test_an_admin_sees_a_new_token_once_and_it_opens_what_was_ticked(cast: Cast) -> None:
    admin = browser(cast.admin)
    page = admin.post(reverse(ADD), {"name": "Ticket feed", "scopes": ["accounts:read"]})
    (text,) = set(SHOWN.findall(page.content.decode()))
    assert "no-store" in page.headers["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.tenant, token.created_by, token.scopes, token.hint) == (cast.tenant, cast.admin, ["accounts:read"], text[-4:])
    headers = {"Authorization": f"Bearer {text}"}
    assert [Client().get(f"/api/v1/{path}", headers=headers).status_code for path in ("accounts", "drafts")] == [200, 403]
    for address in (reverse(LIST), reverse("admin:accounts_apitoken_change", args=[token.pk]), reverse("api-page")):
        assert text not in admin.get(address).content.decode()


def test_a_revoked_token_is_shut_at_once(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    browser(cast.admin).post(reverse(LIST), {"action": "revoke", "_selected_action": [caller.token.pk]})
    assert caller.get("/accounts").status_code == 401
    again = browser(cast.admin).post(reverse(LIST), {"action": "revoke", "_selected_action": [caller.token.pk]}, follow=True)
    assert "0 tokens are revoked" in again.content.decode()


def test_what_makes_no_usable_token_is_refused(cast: Cast) -> None:
    api_tokens.issue(cast.tenant, "Taken", ["accounts:read"])
    past = timezone.now() - timedelta(days=1)
    for values in (
        {"name": "Taken", "scopes": ["accounts:read"]},
        {"name": "None", "scopes": []},
        {"name": "Odd", "scopes": ["everything"]},
        {"name": "Past", "scopes": ["accounts:read"], "expires_at_0": f"{past:%Y-%m-%d}", "expires_at_1": "10:00"},
    ):
        assert not SHOWN.search(browser(cast.admin).post(reverse(ADD), values).content.decode())
    assert ApiToken.objects.count() == 1


def test_the_command_prints_the_token_alone(cast: Cast) -> None:
    out, err = StringIO(), StringIO()
    given = ["north", "--name", "Feed", "--scope", "tickets:write", "--scope", "accounts:read"]
    call_command("create_api_token", *given, "--days", "30", stdout=out, stderr=err)
    text = out.getvalue().strip()
    assert SHOWN.fullmatch(text)
    assert text not in err.getvalue()
    token = api_tokens.find(text, timezone.now())
    assert token
    assert token.expires_at
    assert (token.scopes, (token.expires_at - timezone.now()).days) == (["accounts:read", "tickets:write"], 29)
    with pytest.raises(CommandError, match="in use"):
        call_command("create_api_token", *given)
    for wrong in ([*given, "--days", "0"], ["nowhere", *given[1:]], [*given[:3], "--scope", "everything"]):
        with pytest.raises(CommandError):
            call_command("create_api_token", *wrong)
    assert ApiToken.objects.count() == 1


def test_the_page_shows_every_operation_with_a_call_and_leaders_the_tokens(cast: Cast) -> None:
    api_tokens.issue(cast.tenant, "Sales agent", ["handoffs:write"])
    api_tokens.issue(cast.stranger.tenant, "Of another tenant", ["handoffs:write"])
    for person, is_shown in ((cast.rep, False), (cast.manager, True), (cast.admin, True)):
        page = browser(person).get(reverse("api-page")).content.decode()
        assert ("Sales agent" in page) == is_shown
        assert "Of another tenant" not in page
        assert page.count("Authorization: Bearer $TAMDASH_TOKEN") == len(operations(document()))


def test_every_operation_has_examples_that_fit_its_description() -> None:
    found = document()

    def check(part: Any, what: str) -> None:
        told = part["content"]["application/json"]
        schema = told["schema"] | {"components": found["components"]}
        assert not list(Draft202012Validator(schema).iter_errors(told["example"])), what

    for operation in operations(found):
        check(operation["responses"]["200"], operation["operationId"])
        if "requestBody" in operation:
            check(operation["requestBody"], operation["operationId"])
