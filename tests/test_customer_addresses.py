"""Nobody silences a colleague: no stakeholder gets the address of a person of the tenant, and no person that of a stakeholder."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Stakeholder, User
from tests import make
from tests.conftest import Cast

BACKEND = "tamdash.sign_in.Passwords"
NO_ROWS = {
    f"{rows}-{count}": "0"
    for rows in ("stakeholders", "integrations", "features", "environment", "co_dev_opportunities", "communication_history")
    for count in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def stakeholder(cast: Cast, account: Account, email: str) -> str:
    """As a rep enters one. Answers the page."""
    values = {"name": "Petra", "role": "CIO", "technical_maturity": "low", "email": email}
    response = signed_in(cast.rep).post(reverse("profile-add", args=[account.pk, "stakeholders"]), values, follow=True)
    return str(response.content.decode())


def test_a_colleagues_address_is_no_customers(cast: Cast, account: Account) -> None:
    assert f"the address of {cast.manager}, a colleague" in stakeholder(cast, account, cast.manager.email.upper())
    assert not Stakeholder.objects.exists()


def test_the_address_of_another_tenants_person_or_none_is_a_customers_as_any(cast: Cast, account: Account) -> None:
    stakeholder(cast, account, cast.stranger.email)
    assert Stakeholder.objects.get().email == cast.stranger.email
    stakeholder(cast, make.account(cast.tenant, cast.rep), "")
    assert Stakeholder.objects.filter(email="").count() == 1


def test_nor_is_it_one_in_the_admin_site(cast: Cast, account: Account) -> None:
    address = reverse("admin:accounts_account_change", args=[account.pk])
    row = {"name": "Petra", "role": "CIO", "technical_maturity": "low", "email": cast.manager.email.upper(), "account": account.pk}
    values = {"name": account.name, "tier": "core", "arr": 1, "is_active": "on"} | NO_ROWS | {"stakeholders-TOTAL_FORMS": "1"}
    values |= {f"stakeholders-0-{name}": value for name, value in row.items()}
    assert f"the address of {cast.manager}, a colleague" in signed_in(cast.admin).post(address, values).content.decode()
    assert signed_in(cast.admin).post(address, values | {"stakeholders-0-email": "petra@halden.example"}).status_code == 302
    assert Stakeholder.objects.get().email == "petra@halden.example"


def person(cast: Cast, **values: Any) -> str:
    """The rep, as an admin saves them. Answers the page."""
    given = {"email": cast.rep.email, "name": cast.rep.name, "role": "rep", "is_active": "on"} | values
    address = reverse("admin:accounts_user_change", args=[cast.rep.pk])
    return str(signed_in(cast.admin).post(address, given, follow=True).content.decode())


def test_a_customers_address_is_no_persons(cast: Cast, account: Account) -> None:
    Stakeholder.objects.create(account=account, name="Petra", role="CIO", email="Petra@halden.example")
    assert "the address of Petra, a stakeholder of Halden Freight" in person(cast, email="petra@Halden.example")
    new = {"email": "petra@halden.example", "name": "P", "role": "rep", "usable_password": "false"}
    response = signed_in(cast.admin).post(reverse("admin:accounts_user_add"), new)
    assert "the address of Petra, a stakeholder of Halden Freight" in response.content.decode()
    assert not User.objects.filter(email__iexact="petra@halden.example").exists()


def test_another_tenants_customer_stands_in_nobodys_way(cast: Cast) -> None:
    Stakeholder.objects.create(account=make.account(cast.stranger.tenant), name="Petra", role="CIO", email="petra@halden.example")
    person(cast, email="petra@halden.example")
    assert User.objects.get(pk=cast.rep.pk).email == "petra@halden.example"


def test_who_leaves_can_be_made_inactive_whosever_their_address_is(cast: Cast, account: Account) -> None:
    Stakeholder.objects.create(account=account, name="Petra", role="CIO", email=cast.rep.email)
    assert "a stakeholder of Halden Freight" in person(cast)
    person(cast, is_active="")
    assert not User.objects.get(pk=cast.rep.pk).is_active
