"""The queue, and the two steps a person takes."""

import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import escalations
from accounts.models import AccountHealth, Escalation, EscalationEvent
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in


def test_a_rep_acknowledges_and_the_history_says_who(cast: Cast) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    answer = signed_in(cast.rep).post(f"/escalations/{escalation.pk}/acknowledge/", follow=True).content.decode()
    assert "acknowledged." in answer
    assert "Acknowledged by Rita Rep" in answer


def test_a_second_acknowledgement_changes_nothing_and_says_so(cast: Cast) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    signed_in(cast.rep).post(f"/escalations/{escalation.pk}/acknowledge/")
    answer = signed_in(cast.manager).post(f"/escalations/{escalation.pk}/acknowledge/", follow=True).content.decode()
    assert "is acknowledged already. Nothing was changed." in answer
    assert EscalationEvent.objects.filter(kind="acknowledged").count() == 1


def test_resolving_needs_a_reason(cast: Cast) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    client = signed_in(cast.manager)
    refused = client.post(f"/escalations/{escalation.pk}/resolve/", {"reason": "  "})
    assert refused.status_code == 422
    assert "Say what resolved it" in refused.content.decode()
    client.post(f"/escalations/{escalation.pk}/resolve/", {"reason": "Fixed in 4.18"})
    escalation.refresh_from_db()
    health = AccountHealth.objects.get(account=escalation.account)
    assert (escalation.status, escalation.resolved_score, escalation.resolved_rag) == ("resolved", health.score, health.rag)
    assert "Resolved by Mona Manager: Fixed in 4.18" in client.get(f"/escalations/{escalation.pk}/").content.decode()


def test_the_queue_shows_the_overdue_first_and_a_rep_their_own(cast: Cast) -> None:
    mine, other = make.red_account(cast.tenant, cast.rep), make.red_account(cast.tenant, cast.other_rep)
    first, second = make.escalation(mine), make.escalation(other)
    Escalation.objects.filter(pk=second.pk).update(due_at=first.opened_at)
    page = signed_in(cast.manager).get("/escalations/").content.decode()
    assert page.index(other.name) < page.index(mine.name)
    assert "overdue" in page
    assert other.name not in signed_in(cast.rep).get("/escalations/").content.decode()
    assert other.name in signed_in(cast.rep).get("/escalations/?owner=all").content.decode()


def test_an_empty_queue_says_what_to_do(cast: Cast) -> None:
    assert "No open escalations" in signed_in(cast.manager).get("/escalations/").content.decode()


def test_thirty_escalations_cost_as_many_queries_as_one(cast: Cast) -> None:
    counts = []
    for more in (1, 29):
        for _ in range(more):
            make.red_account(cast.tenant, cast.rep)
        make.scanned(cast.tenant)
        client = signed_in(cast.manager)
        with CaptureQueriesContext(connection) as queries:
            client.get("/escalations/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_acknowledge_at_once_one_is_told() -> None:
    tenant = make.tenant()
    escalation = make.escalation(make.red_account(tenant, make.user(tenant)))
    people, lost = [make.user(tenant, "manager") for _ in range(2)], []
    ready = threading.Barrier(2)

    def press(index: int) -> None:
        ready.wait()
        try:
            escalations.acknowledge(escalation, people[index])
        except escalations.NotNow as answer:
            lost.append(str(answer))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1
    assert EscalationEvent.objects.filter(kind="acknowledged").count() == 1
