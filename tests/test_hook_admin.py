"""Admins make, replace and revoke the addresses of webhooks; each is shown once."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import HookToken
from tests import hooks
from tests.conftest import Cast


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.admin, backend="tamdash.sign_in.Passwords")
    return found


def path_in(page: str) -> str:
    found = re.search(r'value="https?://[^/"]+(/hooks/[^"]+)"', page)
    assert found
    return found.group(1)


def made(client: Client, source: str = "jira", secret: str = "") -> str:
    """The path of a new address, as the page shows it."""
    answer = client.post(reverse("admin:accounts_hooktoken_add"), {"source": source, "secret": secret})
    assert "no-store" in answer.headers["Cache-Control"]
    return path_in(answer.content.decode())


@pytest.mark.parametrize("source", ["jira", "zendesk", "kayako", "generic"])
def test_a_new_address_is_shown_once_with_how_to_set_it_up(source: str, cast: Cast, client: Client) -> None:
    path = made(client, source)
    token = HookToken.objects.get()
    assert (token.tenant, token.source, token.created_by) == (cast.tenant, source, cast.admin)
    assert hooks.send(path, b"{}").status_code == 200
    secret = path.rsplit("/", 1)[1]
    for name, args in (("changelist", []), ("change", [token.pk]), ("history", [token.pk])):
        assert secret not in client.get(reverse(f"admin:accounts_hooktoken_{name}", args=args)).content.decode()
    assert secret not in " ".join(LogEntry.objects.values_list("change_message", flat=True))


def test_the_secret_is_kept_and_never_shown(cast: Cast, client: Client) -> None:
    path = made(client, secret="k3y-of-jira")
    token = HookToken.objects.get()
    assert hooks.send(path, b"{}").status_code == 401
    address = reverse("admin:accounts_hooktoken_change", args=[token.pk])
    assert "k3y-of-jira" not in client.get(address).content.decode()
    client.post(address, {"secret": ""})
    token.refresh_from_db()
    assert token.secret == "k3y-of-jira"
    client.post(address, {"secret": "", "remove_secret": "on", "source": "zendesk"})
    token.refresh_from_db()
    assert (token.secret, token.source) == ("", "jira")


def test_a_replaced_address_goes_on_beside_the_new_one_and_a_revoked_one_does_not(cast: Cast, client: Client) -> None:
    old_path = made(client)
    old = HookToken.objects.get()
    answer = client.post(reverse("admin:accounts_hooktoken_rotate", args=[old.pk]))
    new_path = path_in(answer.content.decode())
    assert [hooks.send(path, b"{}").status_code for path in (old_path, new_path)] == [200, 200]
    client.post(reverse("admin:accounts_hooktoken_revoke", args=[old.pk]))
    assert [hooks.send(path, b"{}").status_code for path in (old_path, new_path)] == [404, 200]
    for step in ("rotate", "revoke"):
        assert client.post(reverse(f"admin:accounts_hooktoken_{step}", args=[old.pk])).status_code == 404
        assert client.get(reverse(f"admin:accounts_hooktoken_{step}", args=[old.pk])).status_code == 405


def test_another_tenants_address_can_be_neither_replaced_nor_revoked(cast: Cast, client: Client) -> None:
    foreign, path = hooks.door(cast.stranger.tenant, "jira")
    for step in ("rotate", "revoke"):
        assert client.post(reverse(f"admin:accounts_hooktoken_{step}", args=[foreign.pk])).status_code == 404
    assert HookToken.objects.count() == 1
    assert hooks.send(path, b"{}").status_code == 200


def test_a_manager_makes_none(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager, backend="tamdash.sign_in.Passwords")
    client.post(reverse("admin:accounts_hooktoken_add"), {"source": "jira", "secret": ""})
    assert not HookToken.objects.exists()
