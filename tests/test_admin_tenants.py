"""An admin finds, is offered and can change rows of their own tenant only, whatever address or number they try."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Account,
    AccountKey,
    ApiToken,
    ChannelSettings,
    HookToken,
    JiraConnection,
    Notification,
    ProfileChange,
    ScanRun,
    ScoringPolicy,
    SourceMapping,
    Stakeholder,
    Tenant,
    Ticket,
    TicketSource,
    User,
)
from communications.models import Mailbox, Release, RoadmapItem
from tests import make

SECRET = "Aldermoor"  # stands in a row of each kind
BACKEND = "tamdash.sign_in.Passwords"
MODELS = sorted(admin.site._registry, key=lambda model: model.__name__)


@dataclass(frozen=True)
class Foreign:
    """Another tenant with one row of each kind."""

    tenant: Tenant
    rows: dict[type[Model], Model]


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def foreign(db: None) -> Foreign:
    tenant = Tenant.objects.get(pk=make.tenant("north").pk)
    Tenant.objects.filter(pk=tenant.pk).update(name=SECRET)
    owner = make.user(tenant, name=f"{SECRET} Rep")
    account = make.red_account(tenant, owner, name=SECRET)
    Stakeholder.objects.create(account=account, name=SECRET, role="CIO")
    escalation = make.escalation(account)
    rows: list[Model] = [
        tenant,
        owner,
        account,
        escalation,
        make.ticket(account, subject=SECRET),
        make.heartbeat(account, timezone.now()),
        tenant.policies.get(),
        ScanRun.objects.latest(),
        Notification.objects.filter(escalation=escalation)[0],
        ChannelSettings.objects.create(tenant=tenant, chat_url=f"jsons://chat.example/{SECRET}"),
        TicketSource.objects.create(tenant=tenant, source=SECRET, reported_at=timezone.now()),
        HookToken.objects.create(tenant=tenant, source="jira", digest="f" * 64, hint="oor", created_by=owner),
        ProfileChange.objects.create(account=account, at=timezone.now(), asked_by=SECRET, part="stakeholders", name=SECRET),
        JiraConnection.objects.create(tenant=tenant, name=SECRET, base_url="https://jira.example", jql="project = SUP"),
        SourceMapping.objects.create(tenant=tenant, source="jira", account_by=[SECRET]),
        AccountKey.objects.create(tenant=tenant, source="jira", key=f"label:{SECRET}", account=account),
        ApiToken.objects.create(tenant=tenant, name=SECRET, digest="e" * 64, scopes=["accounts:read"], created_by=owner),
        Release.objects.create(tenant=tenant, version=SECRET, released_on="2026-11-01"),
        RoadmapItem.objects.create(tenant=tenant, title=SECRET, horizon="Q1 2027"),
        make.draft(account, subject=SECRET),
        Mailbox.objects.create(user=owner, kind="imap", address=f"{SECRET}@tamdash.example"),
    ]
    return Foreign(tenant, {type(row): row for row in rows})


@pytest.fixture
def client(foreign: Foreign) -> Client:
    """An admin of a tenant that has nothing yet."""
    found = Client()
    found.force_login(make.user(make.tenant("south"), "admin"), backend=BACKEND)
    return found


def test_the_rows_of_another_tenant_stand_for_every_model_of_the_site(foreign: Foreign) -> None:
    assert set(foreign.rows) == set(MODELS)
    owner = Client()
    owner.force_login(make.user(foreign.tenant, "admin"), backend=BACKEND)
    for model in set(MODELS) - {ScoringPolicy}:
        assert SECRET in owner.get(address(model, "changelist")).content.decode(), model


@pytest.mark.parametrize("model", MODELS)
def test_another_tenants_row_is_in_no_list_and_no_search(model: type[Model], client: Client, foreign: Foreign) -> None:
    for query in ({}, {"q": SECRET[:-1].lower()}, {"_facets": "True"}):
        response = client.get(address(model, "changelist"), query)
        assert SECRET not in response.content.decode()
        assert foreign.rows[model].pk not in [row.pk for row in response.context["cl"].result_list]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_another_tenants_row_has_no_page(page: str, model: type[Model], client: Client, foreign: Foreign) -> None:
    response = client.get(address(model, page, foreign.rows[model].pk), follow=True)
    assert SECRET not in response.content.decode()
    assert response.status_code == 403 or response.request["PATH_INFO"] == reverse("admin:index")


@pytest.mark.parametrize("model", MODELS)
def test_another_tenants_row_cannot_be_changed(model: type[Model], client: Client, foreign: Foreign) -> None:
    before = model._default_manager.filter(pk=foreign.rows[model].pk).values().get()
    client.post(address(model, "change", foreign.rows[model].pk), {"name": "Taken", "subject": "Taken", "title": "Taken"})
    assert model._default_manager.filter(pk=foreign.rows[model].pk).values().get() == before


def test_another_tenants_people_and_accounts_are_not_offered_as_choices(client: Client, foreign: Foreign) -> None:
    for model, field in ((Account, "owner"), (Ticket, "account")):
        asked = {"app_label": "accounts", "model_name": str(model._meta.model_name), "field_name": field, "term": ""}
        names = [row["text"] for row in client.get(reverse("admin:autocomplete"), asked).json()["results"]]
        assert not any(SECRET in name for name in names)


def test_another_tenants_owner_is_refused_even_by_number(client: Client, foreign: Foreign) -> None:
    owner = foreign.rows[User].pk
    response = client.post(
        address(Account, "add"), {"name": "Mine", "external_id": "mine", "owner": owner, "tier": "core", "arr": 0, "is_active": "on"}
    )
    assert "Select a valid choice" in response.content.decode()
    assert not Account.objects.filter(name="Mine").exists()
    assert SECRET not in response.content.decode()


def test_a_ticket_cannot_be_matched_to_another_tenants_account(client: Client, foreign: Foreign) -> None:
    tenant = Tenant.objects.get(slug="south")
    ticket = make.ticket(make.account(tenant))
    values = {"account": foreign.rows[Account].pk, "priority": 1, "status": "open", "created_at_0": "2026-11-01", "created_at_1": "10:00"}
    assert "Select a valid choice" in client.post(address(Ticket, "change", ticket.pk), values).content.decode()
    ticket.refresh_from_db()
    assert ticket.account is not None
    assert ticket.account.tenant == tenant


def test_the_same_account_id_may_stand_in_two_tenants_but_not_twice_in_one(client: Client, foreign: Foreign) -> None:
    values = {"name": "Mine", "external_id": Account.objects.get().external_id, "tier": "core", "arr": 0, "is_active": "on"}
    assert client.post(address(Account, "add"), values).status_code == 302
    assert client.post(address(Account, "add"), values).status_code == 200
    assert list(Account.objects.filter(name="Mine").values_list("tenant__slug", flat=True)) == ["south"]


def test_no_address_answers_for_rows_of_any_tenant(client: Client) -> None:
    assert client.get("/admin/r/1/1/").status_code == 404
    assert client.get("/admin/auth/group/").status_code == 404
