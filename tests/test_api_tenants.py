"""A token of one tenant can neither read, write nor detect what is another's: it is answered as if that were not there."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Heartbeat, Tenant, Ticket
from communications.models import TaskRun
from tamdash.api.document import document, operations
from tests import make
from tests.api import Caller
from tests.conftest import Cast

THEIRS = "theirs"
NOBODYS = "nobodys"
MADE_UP = "00000000-0000-4000-8000-000000000000"
TICKET = {"priority": "P1", "status": "open", "created_at": "2026-11-20T10:00:00Z"}


@pytest.fixture
def theirs(cast: Cast) -> Account:
    """An account of the other tenant, with all there can be."""
    account = make.red_account(cast.stranger.tenant, external_id=THEIRS)
    make.heartbeat(account, timezone.now())
    make.scanned(account.tenant)
    make.draft(account)
    return account


def same(one: Any, other: Any, *names: tuple[str, str]) -> None:
    """Two answers that differ in nothing but the ids that were asked for."""
    told, expected = one.content.decode(), other.content.decode()
    for theirs, nobodys in names:
        told = told.replace(theirs, nobodys)
    assert one.status_code == other.status_code
    assert told == expected


def test_every_operation_is_tried_here() -> None:
    tried = {"write_tickets", "write_heartbeats", "list_accounts", "get_account", "get_profile", "get_health", "list_history"}
    tried |= {"get_projection", "list_drafts", "get_draft", "run_task", "get_task", "hand_off", "check_handoff"}
    assert {operation["operationId"] for operation in operations(document())} == tried


def test_reading_anothers_is_as_reading_what_is_not_there(cast: Cast, theirs: Account) -> None:
    caller = Caller(cast.tenant)
    for part in ("", "/profile", "/health", "/history", "/projection"):
        same(caller.get(f"/accounts/{THEIRS}{part}"), caller.get(f"/accounts/{NOBODYS}{part}"))
        assert caller.get(f"/accounts/{THEIRS}{part}").status_code == 404
    same(caller.get(f"/accounts?account_id={THEIRS}"), caller.get(f"/accounts?account_id={NOBODYS}"))
    same(caller.get(f"/accounts?owner={cast.stranger.email}"), caller.get("/accounts?owner=nobody@example.com"))
    same(caller.get(f"/drafts/{theirs.communications.get().pk}"), caller.get("/drafts/999999999"))
    same(caller.get(f"/drafts?account_id={THEIRS}"), caller.get(f"/drafts?account_id={NOBODYS}"))
    run = TaskRun.objects.create(tenant=theirs.tenant, task_type="health_scan", account=theirs, task={})
    same(caller.get(f"/tasks/{run.pk}"), caller.get(f"/tasks/{MADE_UP}"))
    assert [caller.get(path).json()["items"] for path in ("/accounts", "/drafts")] == [[], []]


def test_writing_anothers_changes_nothing_of_theirs(cast: Cast, theirs: Account) -> None:
    caller = Caller(cast.tenant)
    known = theirs.tickets.order_by("pk")[0].external_id
    before = list(Ticket.objects.filter(tenant=theirs.tenant).order_by("pk").values())
    beat = Heartbeat.objects.get().last_at

    def tickets(account_id: str, ticket_id: str) -> Any:
        gone = {"ticket_id": ticket_id, "deleted_at": "2026-11-21T10:00:00Z"}
        return caller.post("/tickets", {"tickets": [gone, TICKET | {"ticket_id": ticket_id, "account_id": account_id}]})

    same(tickets(THEIRS, known), tickets(NOBODYS, "T-0"), (THEIRS, NOBODYS), (known, "T-0"))
    one, other = (caller.post("/heartbeats", {"heartbeats": [{"account_id": name}]}) for name in (THEIRS, NOBODYS))
    same(one, other, (THEIRS, NOBODYS))
    assert list(Ticket.objects.filter(tenant=theirs.tenant).order_by("pk").values()) == before
    assert Heartbeat.objects.get().last_at == beat


@pytest.mark.parametrize("path", ["/tasks", "/handoffs"])
def test_asking_for_work_on_anothers_is_as_on_what_is_not_there(path: str, cast: Cast, theirs: Account) -> None:
    caller = Caller(cast.tenant)
    asked = {"task_type": "health_scan"} if path == "/tasks" else {}
    one, other = (caller.post(path, asked | {"tenant_id": cast.tenant.slug, "account_id": name}) for name in (THEIRS, NOBODYS))
    same(one, other, (THEIRS, NOBODYS))
    in_their_name, made_up = (caller.post(path, asked | {"tenant_id": name, "account_id": THEIRS}) for name in ("south", "nowhere"))
    same(in_their_name, made_up, ("south", "nowhere"))
    assert in_their_name.status_code in (403, 404, 422)
    assert not TaskRun.objects.filter(tenant=theirs.tenant).exists()


def test_a_handoff_is_checked_against_ones_own_tenant_alone(cast: Cast, theirs: Account) -> None:
    caller = Caller(cast.tenant)
    payloads = [{"tenant_id": cast.tenant.slug, "account_id": name} for name in (THEIRS, NOBODYS)]
    one, other = (caller.post("/handoffs/validate", {"payload": payload}) for payload in payloads)
    same(one, other, (THEIRS, NOBODYS))
    assert not one.json()["is_valid"]


def test_the_same_id_in_two_tenants_is_two_accounts(cast: Cast, theirs: Account) -> None:
    make.account(cast.tenant, external_id=THEIRS, name="Ours")
    assert Caller(cast.tenant).get(f"/accounts/{THEIRS}").json()["account_name"] == "Ours"
    assert Caller(Tenant.objects.get(slug="south")).get(f"/accounts/{THEIRS}").json()["account_name"] == theirs.name
