"""An escalation in its row and beside its queue, and what two people do at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import escalations
from accounts.models import Account, AccountHealth, Escalation, EscalationEvent, Notification
from communications.models import Communication
from tests import make
from tests.conftest import Cast
from tests.test_escalation_queue import row_of
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


def test_the_detail_says_where_the_account_stands_and_what_would_help(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    for number, age in enumerate((5, 4.9, 2.5)):
        make.ticket(account, days=age, priority=1, external_id=f"JIRA-{number}", subject="Order sync drops messages")
    for _ in range(6):
        make.ticket(account, priority=4)
    make.scanned(cast.tenant)
    row = make.waiting(account)
    page = " ".join(signed_in(cast.manager).get(f"/escalations/{row.pk}/").content.decode().split())
    assert "<b>Turns Red " in page
    assert "Shortest path to Green: resolve JIRA-0 and JIRA-1, +50." in page
    assert 'JIRA-0</a> Order sync drops messages<small class="dim">P1, open 5 d</small>' in page


def test_earlier_escalations_of_the_account_end_the_history(cast: Cast) -> None:
    account, now = make.account(cast.tenant, cast.rep), timezone.now()
    days = timedelta(days=1)
    before = make.waiting(account, status="resolved", opened_at=now - 9 * days, resolved_at=now - 7 * days)
    row = make.waiting(account)
    page = signed_in(cast.manager).get(f"/escalations/{row.pk}/").content.decode()
    assert f"{before}</a>, resolved in 2 d" in page
    assert f"{row}</a>" not in signed_in(cast.manager).get(f"/escalations/{before.pk}/").content.decode()


def test_a_long_history_costs_the_detail_no_more_queries(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    row = make.escalation(account)
    client, counts = signed_in(cast.manager), []
    for more in (1, 29):
        for _ in range(more):
            row.events.create(at=timezone.now(), kind="commented", actor=cast.rep, note="Called")
            make.ticket(account, days=5, priority=2)
            make.draft(account, "escalation_outreach", escalation=row)
            Notification.objects.create(
                tenant=cast.tenant, kind="assigned", channel="email", recipient=cast.rep, escalation=row, status="failed",
                next_try_at=timezone.now(), created_at=timezone.now(),
            )  # fmt: skip
        Account.objects.filter(pk=account.pk).update(arr=more)  # leaves a mark, as a change of what is shown does
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/escalations/{row.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_acknowledge_at_once_one_is_told() -> None:
    tenant = make.tenant()
    escalation = make.escalation(make.red_account(tenant, make.user(tenant)))
    people, done = [make.user(tenant, "manager") for _ in range(2)], []
    ready = threading.Barrier(2)

    def press(index: int) -> None:
        ready.wait()
        try:
            done.extend(escalations.acknowledge(Escalation.objects.filter(pk=escalation.pk), people[index]))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [escalation.pk]
    assert EscalationEvent.objects.filter(kind="acknowledged").count() == 1


def test_one_raised_by_hand_while_green_has_a_clock_like_any_other_and_no_scan_ends_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Lunden Airways")
    make.scanned(cast.tenant)
    raised = escalations.raise_by_hand(account, cast.manager, "Their sponsor left")
    make.scanned(cast.tenant)
    assert "left opened today" in row_of(cast.manager, "Lunden Airways")
    escalations.acknowledge(Escalation.objects.filter(pk=raised.pk), cast.manager)
    make.scanned(cast.tenant)
    assert "Acknowledged today" in row_of(cast.manager, "Lunden Airways")


def test_a_draft_is_called_what_it_is_called_everywhere(cast: Cast) -> None:
    for number, status in enumerate(Communication.Status):
        escalation = make.waiting(make.account(cast.tenant, cast.rep, name=f"Account {number}"))
        make.draft(escalation.account, "escalation_outreach", escalation=escalation, status=status)
        assert f" {status.label} Acknowledge" in row_of(cast.manager, f"Account {number}")
