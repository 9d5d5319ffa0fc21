"""The commands an operator types: creating tenants and people, scanning, and asking what the scores were."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import HealthSnapshot, ScanRun, Tenant, User
from tests import make
from tests.commands import run

CREATE = ("create_user", "ada@north.test", "--tenant", "north", "--role", "admin")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def test_a_new_tenant_scores_by_the_default_policy(db: None) -> None:
    ran = run("create_tenant", "north", "--name", "North", "--time-zone", "Europe/Berlin")
    assert ran.error == ""
    assert "manage.py create_user EMAIL --tenant north --role admin" in ran.output
    tenant = Tenant.objects.get(slug="north")
    assert (tenant.name, tenant.time_zone) == ("North", "Europe/Berlin")
    assert tenant.policies.get().status == "active"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("north", "--name", "Again"), "Tenant with this Slug already exists."),
        (("so uth", "--name", "South"), "Enter a valid “slug”"),
        (("south", "--name", "South", "--time-zone", "Mars/Olympus"), "“Mars/Olympus” is not a time zone."),
    ],
)
def test_a_tenant_that_cannot_be_says_why(tenant: Tenant, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in run("create_tenant", *arguments).error
    assert Tenant.objects.count() == 1


def test_a_person_gets_the_password_given_on_standard_input(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-battery\nignored\n"))
    assert "Created ada@north.test, admin of north." in run(*CREATE, "--password-stdin", "--name", "Ada Admin").output
    user = User.objects.get()
    assert (user.role, user.name, user.check_password("correct-horse-battery")) == ("admin", "Ada Admin", True)


def test_without_a_terminal_a_person_is_created_without_a_password_and_it_says_how_to_set_one(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "manage.py changepassword ada@north.test" in run(*CREATE).output
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("password", ["short", "12345678901", "password123", ""])
def test_a_weak_password_creates_nobody(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    assert "password" in run(*CREATE, "--password-stdin").error
    assert not User.objects.exists()


def test_an_address_is_given_once_whatever_its_case(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    run(*CREATE)
    assert "This address has an account." in run("create_user", "Ada@North.test", "--tenant", "north", "--role", "rep").error
    assert "There is no tenant “south”" in run("create_user", "x@south.test", "--tenant", "south", "--role", "rep").error


def test_a_scan_of_all_tenants_reports_each(tenant: Tenant) -> None:
    make.red_account(tenant)
    make.account(make.tenant("south"))
    north, south = run("scan", "--json").output.splitlines()
    found = json.loads(north)
    assert {name: found[name] for name in ("tenant", "accounts", "red", "amber", "green", "escalations_opened")} == {
        "tenant": "north",
        "accounts": 1,
        "red": 1,
        "amber": 0,
        "green": 0,
        "escalations_opened": 1,
    }
    assert json.loads(south)["tenant"] == "south"
    assert "south at" in run("scan", "--tenant", "south").output
    assert ScanRun.objects.exclude(finished_at=None).count() == 3


def test_a_scan_of_one_account_leaves_the_others(tenant: Tenant) -> None:
    make.account(tenant, external_id="one")
    make.account(tenant, external_id="two")
    assert run("scan", "--tenant", "north", "--account", "one", "--json").json["accounts"] == 1
    assert HealthSnapshot.objects.get().account.external_id == "one"
    assert run("scan", "--tenant", "north", "--account", "three").error == "north has no active account “three”."
    assert "--tenant SLUG" in run("scan", "--account", "one").error


def test_asking_for_an_instant_writes_nothing(tenant: Tenant) -> None:
    make.red_account(tenant, external_id="acme")
    now = timezone.now().isoformat()
    assert run("scan", "--at", now, "--tenant", "north", "--json").json["scores"] == {"acme": 25}
    long_ago = run("scan", "--at", "2020-01-01", "--json").json
    assert long_ago == {
        "tenant": "north",
        "at": "2020-01-01T00:00:00Z",
        "accounts": 1,
        "red": 0,
        "amber": 0,
        "green": 1,
        "scores": {"acme": 100},
    }
    assert "25  acme" in run("scan", "--at", now).output
    assert not ScanRun.objects.exists()
    assert not HealthSnapshot.objects.exists()


def test_an_instant_without_a_zone_is_utc_and_another_zone_is_converted(tenant: Tenant) -> None:
    assert run("scan", "--at", "2026-03-01T09:00", "--json").json["at"] == "2026-03-01T09:00:00Z"
    assert run("scan", "--at", "2026-03-01T09:00+02:00", "--json").json["at"] == "2026-03-01T07:00:00Z"


def test_what_is_not_an_instant_or_a_tenant_is_named(tenant: Tenant) -> None:
    with pytest.raises(CommandError, match="“yesterday” is not an instant"):
        call_command("scan", "--at", "yesterday")
    assert run("scan", "--tenant", "nowhere").error == "There is no tenant “nowhere”."


def test_a_scan_that_fails_for_one_tenant_goes_on_with_the_others_and_names_it(tenant: Tenant) -> None:
    broken = make.tenant("broken")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_scanrun ADD CONSTRAINT disk_full CHECK (tenant_id <> %s OR finished_at IS NULL)", [broken.pk])
    ran = run("scan", "--json")
    assert ran.json["tenant"] == "north"
    assert ran.error.startswith("Not scanned, nothing of them was written: broken: ")
    assert "disk_full" in ScanRun.objects.get(tenant=broken).error
