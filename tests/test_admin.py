"""What an admin does on the admin site, and what it keeps them from doing."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import api_tokens, remapping
from accounts.hooks import tokens
from accounts.models import (
    Account,
    AccountKey,
    ChannelSettings,
    Escalation,
    Heartbeat,
    JiraConnection,
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
from communications.models import Communication, Mailbox, Release, RoadmapItem
from tests import make
from tests.conftest import Cast

BACKEND = "tamdash.sign_in.Passwords"
PROFILE = ("stakeholders", "integrations", "features", "environment", "co_dev_opportunities", "communication_history")
NO_ROWS = {f"{rows}-{count}_FORMS": 0 for rows in PROFILE for count in ("TOTAL", "INITIAL")}
NUMBERS = {
    "late_after_days": 3,
    "late_points": 25,
    "late_cap": 60,
    "free_tickets": 5,
    "volume_points": 5,
    "volume_cap": 25,
    "silent_after_hours": 72,
    "silent_points": 15,
    "very_silent_after_hours": 144,
    "very_silent_points": 30,
    "red_below": 40,
    "amber_below": 70,
}


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.admin, backend=BACKEND)
    return found


def one_more_of_each(cast: Cast) -> None:
    owner = make.user(cast.tenant, name="Olga Owner")
    account = make.red_account(cast.tenant, owner)
    make.heartbeat(account, timezone.now())
    make.escalation(account)
    make.draft(account)
    number = Account.objects.count()
    ScoringPolicy.objects.create(tenant=cast.tenant, version=number + 1)
    Release.objects.create(tenant=cast.tenant, version=f"4.{number}", released_on="2026-11-01")
    RoadmapItem.objects.create(tenant=cast.tenant, title=f"Item {number}", horizon="Q1 2027")
    TicketSource.objects.create(tenant=cast.tenant, source=f"system-{number}", reported_at=timezone.now())
    JiraConnection.objects.create(tenant=cast.tenant, name=f"Jira {number}", base_url="https://jira.example", jql="project = SUP")
    ProfileChange.objects.create(account=account, at=timezone.now(), asked_by="Sales agent", part="account_name", after="New")
    tokens.make(cast.tenant, "jira", created_by=owner)
    api_tokens.issue(cast.tenant, f"Feed {number}", ["accounts:read"], created_by=owner)
    AccountKey.objects.create(tenant=cast.tenant, source="jira", key=f"label:{number}", account=account, created_by=owner)
    ChannelSettings.objects.get_or_create(tenant=cast.tenant)
    remapping.there(cast.tenant)
    Mailbox.objects.create(user=owner)


def test_every_list_costs_the_same_queries_with_thirty_rows_as_with_one(cast: Cast, client: Client) -> None:
    one_more_of_each(cast)
    with_one = {model: queries_and_rows(client, model)[0] for model in admin.site._registry}
    for _ in range(29):
        one_more_of_each(cast)
    for model in admin.site._registry:
        queries, rows = queries_and_rows(client, model)
        assert model in (Tenant, ChannelSettings, SourceMapping) or rows >= 30
        assert queries == with_one[model] <= 9, model


def queries_and_rows(client: Client, model: type[Model]) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address(model, "changelist"))
    return len(queries), len(response.context["cl"].result_list)


def test_an_account_page_shows_its_profile_health_and_escalations(cast: Cast, client: Client) -> None:
    account = make.red_account(cast.tenant, cast.rep, name="Halden Freight")
    Stakeholder.objects.create(account=account, name="Petra Hofmark", role="CIO")
    escalation = make.escalation(account)
    page = client.get(address(Account, "change", account.pk)).content.decode()
    for words in ("Halden Freight", "Petra Hofmark", "Red 25", str(escalation), "Rita Rep"):
        assert words in page
    found = client.get(address(Account, "changelist"), {"q": "halden", "health__rag__exact": "Red"}).content.decode()
    assert "Halden Freight" in found
    assert "Halden Freight" not in client.get(address(Account, "changelist"), {"health__rag__exact": "Green"}).content.decode()


def test_an_account_is_created_in_the_admins_tenant_and_archived_instead_of_deleted(cast: Cast, client: Client) -> None:
    values = {"name": "Halden Freight", "external_id": "halden", "owner": cast.rep.pk, "tier": "core", "arr": 1000}
    client.post(address(Account, "add"), values | {"is_active": "on", "tenant": cast.stranger.tenant.pk})
    account = Account.objects.get()
    assert (account.tenant, account.owner, account.is_active) == (cast.tenant, cast.rep, True)
    response = client.post(address(Account, "change", account.pk), values | NO_ROWS | {"external_id": "another"})
    assert response.status_code == 302
    account.refresh_from_db()
    assert (account.is_active, account.external_id) == (False, "halden")
    assert client.post(address(Account, "delete", account.pk), {"post": "yes"}).status_code == 403


def test_a_person_is_created_in_the_admins_tenant_and_can_sign_in(cast: Cast, client: Client) -> None:
    values = {"email": "new@north.test", "name": "Nina New", "role": "rep", "usable_password": "true"}
    password = {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    assert client.post(address(User, "add"), values | password).status_code == 302
    person = User.objects.get(email="new@north.test")
    assert (person.tenant, person.role) == (cast.tenant, "rep")
    assert Client().post(reverse("sign-in"), {"username": "new@north.test", "password": "correct-horse-battery"}).status_code == 302
    again = client.post(address(User, "add"), values | password | {"email": "New@North.test"})
    assert "This address has an account." in again.content.decode()


def test_a_person_who_leaves_is_made_inactive_and_keeps_their_password_until_then(cast: Cast, client: Client) -> None:
    values = {"email": cast.rep.email, "name": "Rita Renamed", "role": "manager", "tenant": cast.stranger.tenant.pk}
    assert client.post(address(User, "change", cast.rep.pk), values).status_code == 302
    cast.rep.refresh_from_db()
    assert (cast.rep.name, cast.rep.role, cast.rep.is_active, cast.rep.tenant) == ("Rita Renamed", "manager", False, cast.tenant)
    assert cast.rep.check_password(make.PASSWORD)
    assert client.post(address(User, "delete", cast.rep.pk), {"post": "yes"}).status_code == 403


def test_an_admin_cannot_take_the_admin_role_from_themselves(cast: Cast, client: Client) -> None:
    client.post(address(User, "change", cast.admin.pk), {"email": cast.admin.email, "name": "Ada", "role": "rep"})
    cast.admin.refresh_from_db()
    assert (cast.admin.name, cast.admin.role, cast.admin.is_active) == ("Ada", "admin", True)


def test_a_password_is_set_for_someone_of_the_tenant_only(cast: Cast, client: Client) -> None:
    values = {"usable_password": "true", "password1": "another-horse-battery", "password2": "another-horse-battery"}
    client.post(reverse("admin:auth_user_password_change", args=[cast.rep.pk]), values)
    cast.rep.refresh_from_db()
    assert cast.rep.check_password("another-horse-battery")
    assert client.post(reverse("admin:auth_user_password_change", args=[cast.stranger.pk]), values).status_code == 404


def test_a_new_policy_is_a_draft_with_the_next_version(cast: Cast, client: Client) -> None:
    assert client.post(address(ScoringPolicy, "add"), NUMBERS)["Location"] == "/policies/2/"
    draft = ScoringPolicy.objects.get(tenant=cast.tenant, version=2)
    assert (draft.status, draft.late_points, draft.activated_at) == ("draft", 25, None)
    changed = client.post(address(ScoringPolicy, "change", draft.pk), NUMBERS | {"late_points": 30, "status": "active"})
    assert changed["Location"] == "/policies/2/"
    draft.refresh_from_db()
    assert (draft.status, draft.late_points) == ("draft", 30)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"red_below": 70}, "This must be above “Red is under”"),
        ({"silent_after_hours": 200}, "This must be more than “A heartbeat is silent after”."),
        ({"very_silent_points": 1}, "A longer silence cannot cost less"),
        ({"amber_below": 101}, "The limits lie between 1 and 100."),
        ({"red_below": 0}, "The limits lie between 1 and 100."),
    ],
)
def test_numbers_that_contradict_each_other_are_explained(cast: Cast, client: Client, numbers: dict[str, int], words: str) -> None:
    assert words in client.post(address(ScoringPolicy, "add"), NUMBERS | numbers).content.decode()
    assert ScoringPolicy.objects.filter(tenant=cast.tenant).count() == 1


def test_the_numbers_of_a_policy_in_force_stay(cast: Cast, client: Client) -> None:
    active = cast.tenant.policies.get()
    shown = client.get(address(ScoringPolicy, "change", active.pk)).content.decode()
    assert 'name="late_points"' not in shown
    assert "Each late ticket costs (points)" in shown
    assert client.post(address(ScoringPolicy, "change", active.pk), NUMBERS).status_code == 403
    assert client.post(address(ScoringPolicy, "delete", active.pk), {"post": "yes"}).status_code == 403


def test_a_ticket_is_matched_by_hand_and_its_dates_must_fit_its_status(cast: Cast, client: Client) -> None:
    account = make.account(cast.tenant)
    ticket = make.ticket(account, account=None, account_key="Somebody")
    values = {
        "account": account.pk,
        "priority": 1,
        "status": "closed",
        "subject": "Slow",
        "created_at_0": "2026-11-01",
        "created_at_1": "10:00",
    }
    page = address(Ticket, "change", ticket.pk)
    assert "Say since when it is resolved or closed." in client.post(page, values).content.decode()
    early = values | {"closed_at_0": "2026-10-01", "closed_at_1": "10:00"}
    assert "That is before it was opened." in client.post(page, early).content.decode()
    assert "has no such date" in client.post(page, early | {"status": "open"}).content.decode()
    assert client.post(page, values | {"status": "open"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.account, ticket.account_key, ticket.priority) == (account, "Somebody", 1)


@pytest.mark.parametrize("model", [ScanRun, Escalation, Heartbeat, Communication])
def test_what_the_software_wrote_is_there_to_look_at(model: type[Model], cast: Cast, client: Client) -> None:
    one_more_of_each(cast)
    row = model._default_manager.get()
    assert 'name="_save"' not in client.get(address(model, "change", row.pk)).content.decode()
    assert client.post(address(model, "change", row.pk), {}).status_code == 403
    assert client.get(address(model, "add")).status_code == 403
    assert client.get(address(model, "delete", row.pk)).status_code == 403


def test_a_release_is_written_line_by_line(cast: Cast, client: Client) -> None:
    values = {"version": "4.18", "released_on": "2026-11-16", "features": "One, with a comma\r\n\r\n Two ", "is_published": "on"}
    assert client.post(address(Release, "add"), values).status_code == 302
    release = Release.objects.get()
    assert (release.tenant, release.features, release.fixes) == (cast.tenant, ["One, with a comma", "Two"], [])
    assert "One, with a comma\nTwo" in client.get(address(Release, "change", release.pk)).content.decode()


def test_one_enters_by_the_sign_in_page_and_only_admins_get_further(cast: Cast) -> None:
    wanted = address(Account, "changelist")
    visitor = Client()
    at_the_door = visitor.get(wanted, follow=True)
    assert at_the_door.request["PATH_INFO"] == reverse("sign-in")
    there = visitor.post(at_the_door.redirect_chain[-1][0], {"username": cast.admin.email, "password": make.PASSWORD}, follow=True)
    assert (there.status_code, there.request["PATH_INFO"]) == (200, wanted)
    visitor.force_login(cast.rep, backend=BACKEND)
    assert visitor.get(wanted, follow=True).status_code == 403


def test_pages_need_nothing_that_the_content_security_policy_forbids(cast: Cast, client: Client) -> None:
    one_more_of_each(cast)
    account = Account.objects.get()
    channels = address(ChannelSettings, "change", cast.tenant.pk)
    for page in (
        reverse("admin:index"),
        address(Account, "changelist"),
        address(Account, "change", account.pk),
        address(User, "add"),
        channels,
    ):
        html = client.get(page).content.decode()
        assert not re.search(r"<script(?![^>]*(src=|type=.application/json))|<style| style=| on\w+=", html), page
