"""Tickets and heartbeats in bulk: each is answered for, and one that is refused costs no other."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccountKey, Heartbeat, HeartbeatReport, Ticket, TicketState
from tests import make
from tests.api import Caller, problem
from tests.conftest import Cast

OPEN = {"ticket_id": "T-1", "account_id": "acme", "priority": "P1", "status": "open", "created_at": "2026-11-20T10:00:00Z"}
HOSTILE = (
    "</script><script>alert(1)</script>",
    "'; DROP TABLE accounts_ticket; --",
    "\U0001f4a9" * 200,
    "a\nb\tc",
    "\u202egnp",
    "%s %(x)s",
    "{{ 7*7 }}",
)


@pytest.fixture
def caller(cast: Cast) -> Caller:
    make.account(cast.tenant, external_id="acme")
    return Caller(cast.tenant)


def results(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["result"] for item in answer.json()["items"]]


def send(caller: Caller, *tickets: Any, source: str = "generic") -> list[str]:
    return results(caller.post("/tickets", {"source": source, "tickets": tickets}))


def test_each_ticket_has_its_own_result(caller: Caller) -> None:
    answer = caller.post(
        "/tickets",
        {
            "tickets": [
                OPEN,
                OPEN | {"ticket_id": "T-2", "account_id": "nobody"},
                OPEN | {"ticket_id": "T-3", "priority": "soon"},
                OPEN | {"ticket_id": "T-4", "created_at": "2026-11-20T10:00:00"},
                OPEN | {"ticket_id": "T-5", "created_at": 1795168800},
                OPEN | {"ticket_id": "T-6", "prio": "P1"},
                {"ticket_id": "T-7", "deleted_at": "2026-11-21T10:00:00Z"},
                {"ticket_id": "T-8\0"},
                "nonsense",
            ]
        },
    )
    told = answer.json()
    assert results(answer) == ["written", "unmatched", *["refused"] * 7]
    assert (told["written"], told["unmatched"], told["refused"], told["unchanged"]) == (1, 1, 7, 0)
    assert [item["ticket_id"] for item in told["items"]] == [*(f"T-{number}" for number in range(1, 8)), "T-8\0", None]
    reasons = [item["reason"] for item in told["items"]]
    assert reasons[0] == ""
    assert "“account:nobody”" in reasons[1]
    assert "“soon” is not known" in reasons[2]
    assert "created_at" in reasons[3]
    assert "prio" in reasons[5]
    assert "nothing to delete" in reasons[6]
    assert all(reasons[1:])
    assert {ticket.external_id for ticket in Ticket.objects.all()} == {"T-1", "T-2"}


def test_the_latest_state_stands_whichever_comes_first(caller: Caller) -> None:
    closed = OPEN | {"status": "closed", "updated_at": "2026-11-22T10:00:00Z"}
    assert send(caller, closed) == ["written"]
    assert send(caller, OPEN | {"updated_at": "2026-11-21T10:00:00Z"}) == ["unchanged"]
    assert send(caller, closed) == ["unchanged"]
    assert Ticket.objects.get().status == "closed"
    assert send(caller, OPEN | {"updated_at": "2026-11-23T05:00:00Z"}) == ["written"]
    assert Ticket.objects.get().closed_at is None


def test_a_feed_without_times_of_change_may_be_sent_every_night(caller: Caller) -> None:
    closed = OPEN | {"ticket_id": "T-2", "status": "resolved"}
    assert send(caller, OPEN, closed) == ["written", "written"]
    for _ in range(3):
        assert send(caller, OPEN, closed) == ["unchanged", "unchanged"]
    assert not TicketState.objects.exists()
    assert send(caller, OPEN | {"status": "pending"}, closed) == ["written", "unchanged"]
    assert send(caller, OPEN | {"subject": "Worse", "status": "pending"}) == ["written"]
    assert TicketState.objects.count() == 2


def test_a_deletion_needs_the_id_alone(caller: Caller) -> None:
    send(caller, OPEN)
    assert send(caller, {"ticket_id": "T-1", "deleted_at": timezone.now().isoformat()}) == ["written"]
    assert (Ticket.objects.get().status, bool(Ticket.objects.get().deleted_at)) == ("closed", True)


def test_a_ticket_summary_can_be_sent_as_it_is(caller: Caller) -> None:
    send(caller, OPEN)
    ticket = Ticket.objects.select_related("account").get()
    summary = ticket.contract(timezone.now()).model_dump(mode="json")
    assert send(caller, summary) == ["unchanged"]


def test_another_systems_words_are_read_as_that_systems(cast: Cast, caller: Caller) -> None:
    account = make.account(cast.tenant, external_id="hawkmere")
    AccountKey.objects.create(tenant=cast.tenant, source="jira", key="organization:hawkmere ltd", account=account)
    jira = {"ticket_id": "SUP-1", "priority": "Highest", "status": "Wartet", "category": "To Do", "created_at": "2026-11-20T10:00:00Z"}
    assert send(caller, jira | {"account_values": {"organization": ["Hawkmere Ltd"]}}, source="jira") == ["written"]
    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.status, ticket.account, ticket.source) == (1, "open", account, "jira")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text(text: str, caller: Caller) -> None:
    assert send(caller, OPEN | {"ticket_id": text[:100], "subject": text, "account_values": {text[:20]: text[:100]}}) == ["written"]
    ticket = Ticket.objects.get()
    assert (ticket.external_id, ticket.subject) == (text[:100], text)
    told = caller.get("/accounts/acme/projection")
    assert told.status_code == 200
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.headers["X-Content-Type-Options"] == "nosniff"


def test_a_thousand_tickets_cost_as_few_queries_as_ten(caller: Caller) -> None:
    def cost(count: int) -> int:
        tickets = [OPEN | {"ticket_id": f"T-{count}-{number}", "subject": "x" * 300} for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert set(send(caller, *tickets)) == {"written"}
        return len(queries)

    send(caller, OPEN)
    assert cost(1000) == cost(10) < 45
    assert Ticket.objects.count() == 1011
    problem(caller.post("/tickets", {"tickets": [OPEN] * 1001}), "invalid")


def test_a_bulk_call_counts_once_against_the_limit(caller: Caller) -> None:
    first = caller.post("/tickets", {"tickets": [OPEN | {"ticket_id": f"T-{number}"} for number in range(50)]})
    second = caller.post("/tickets", {"tickets": []})
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in (first, second)]
    assert left[0] - left[1] == 1 or left[1] > left[0]  # a new minute of the clock


def test_heartbeats_are_taken_each_by_itself(cast: Cast, caller: Caller) -> None:
    at = timezone.now() - timedelta(hours=1)
    beats = [
        {"account_id": "acme", "at": at.isoformat(), "features": ["Bulk export"], "environment": {"Kubernetes": "1.31"}, "calls": 12},
        {"account_id": "acme", "at": at.isoformat()},
        {"account_id": "nobody"},
        {"account_id": "acme", "at": "2026-11-23T10:00:00"},
        {"account_id": "acme", "at": (at + timedelta(days=30)).isoformat()},
        7,
    ]
    answer = caller.post("/heartbeats", {"heartbeats": beats})
    assert results(answer) == ["recorded", "repeated", *["refused"] * 4]
    assert [bool(item["reason"]) for item in answer.json()["items"]] == [False, False, True, True, True, True]
    assert [item["account_id"] for item in answer.json()["items"]] == ["acme", "acme", "nobody", "acme", "acme", None]
    assert Heartbeat.objects.get().last_at == at
    assert HeartbeatReport.objects.get().features == ["Bulk export"]
    problem(caller.post("/heartbeats", {"heartbeats": [{"account_id": "acme"}] * 1001}), "invalid")
