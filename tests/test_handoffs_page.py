"""`/handoffs/`: what leaders see of what other software asked for."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from communications import exchange_page
from communications.handoffs.exchange import Refused, take
from communications.models import Handoff
from communications.work import door
from tests import make
from tests.asking import ask, token
from tests.conftest import Cast
from tests.releasing import signed_in


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def shown(user: User, query: str = "") -> str:
    response = signed_in(user).get(f"/handoffs/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def handed(cast: Cast, count: int, **values: Any) -> None:
    given = {"tenant": cast.tenant, "direction": "in", "handoff_type": "health_report", "payload": {}, "is_accepted": True}
    Handoff.objects.bulk_create(Handoff(**given | values) for _ in range(count))


def test_an_accepted_one_and_a_refused_one_with_its_issues_are_shown(account: Account, cast: Cast) -> None:
    agent = token(cast.tenant, "Sales agent")
    take({"account_id": account.external_id, "tenant_id": "north", "deal_id": "D-7"}, cast.tenant, agent)
    with pytest.raises(Refused):
        take({"account_id": "<b>nobody</b>", "tenant_id": "north", "mood": "glad"}, cast.tenant, agent)
    page = shown(cast.manager)
    for words in ("In: health report", "Out: health report", "Halden Freight", "deal D-7", "Sales agent", "mood: there is no such field."):
        assert words in page
    assert "<b>nobody" not in page
    refused = shown(cast.admin, "?outcome=refused")
    assert "mood" in refused
    assert "deal D-7" not in refused
    assert "mood" not in shown(cast.manager, "?outcome=accepted")
    assert "No handoff yet" in shown(cast.stranger)


def test_tasks_are_shown_with_how_far_they_have_come(account: Account, cast: Cast) -> None:
    ask(cast.tenant, "release_notes", account)
    run = ask(cast.tenant, "health_checkin")
    door.work_off(str(run.pk), run.created_at)
    page = shown(cast.manager, "?tab=tasks")
    assert "0 of 1 accounts done" in page
    assert "No release is published yet." in page
    assert "Release notes" not in shown(cast.manager, "?tab=tasks&outcome=under-way")
    assert "No task yet" in shown(cast.stranger, "?tab=tasks")


def test_pages_follow_one_another_without_gap_or_repeat(cast: Cast) -> None:
    handed(cast, 120)
    seen: list[int] = []
    asked = exchange_page.Asked()
    for _ in range(3):
        page = exchange_page.of(cast.manager, asked)
        seen += [line.row.pk for line in page.lines]
        asked = exchange_page.Asked(after=page.next_link.rpartition("after=")[2])
    assert (len(seen), seen, page.next_link) == (120, sorted(set(seen), reverse=True), "")


@pytest.mark.parametrize("query", ["?after=x+y", "?after=-1", "?tab=tasks&after=2026-11-23", "?tab=x&outcome=y", "?after=" + "9" * 60])
def test_nonsense_in_the_address_counts_as_not_given(query: str, cast: Cast) -> None:
    handed(cast, 1)
    assert "pagehead" in shown(cast.manager, query)


@pytest.mark.parametrize("tab", ["handoffs", "tasks"])
def test_it_costs_as_many_queries_whatever_there_is(tab: str, account: Account, cast: Cast) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            handed(cast, 2, account=account, token=token(cast.tenant, f"Agent {next(make.numbers)}"))
            ask(cast.tenant, "health_scan")
        with CaptureQueriesContext(connection) as queries:
            exchange_page.of(cast.manager, exchange_page.Asked(tab))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 2
