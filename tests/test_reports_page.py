"""`/reports/`: how forecasts turned out, and who was right where opinion and score disagreed."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scan
from accounts.models import Account, Forecast, Opinion, User
from tests import make
from tests.conftest import Cast
from tests.test_account_page import text
from tests.test_opinions import scan_of
from tests.test_portfolio_page import signed_in


def forecast(of: Account, outcome: str, days_ago: float = 3, why: str = "", **values: datetime) -> Forecast:
    turns, now = timezone.now() - timedelta(days=days_ago), timezone.now()
    run = scan.new_run(of.tenant, "account", turns - timedelta(days=2, hours=3), account=of)
    graded = {"outcome": outcome, "why": why, "graded_at": now if outcome else None}
    return Forecast.objects.create(tenant=of.tenant, account=of, scan=run, made_at=run.at, turns_red_at=turns, **graded | values)


def opinion(of: Account, author: User, right: str, view: str = "worse", ended: bool = True) -> Opinion:
    now = timezone.now()
    times = {"created_at": now - timedelta(days=9), "expires_at": now - timedelta(days=2) if ended else now + timedelta(days=5)}
    ending = {"ended_at": times["expires_at"], "score_then": 60, "right": right} if ended else {}
    return Opinion.objects.create(
        tenant=of.tenant, account=of, author=author, view=view, reason="Their sponsor left", score=80, rag="Green", **times, **ending
    )


def page(user: User, query: str = "") -> str:
    response = signed_in(user).get(f"/reports/{query}")
    assert response.status_code == 200
    return response.content.decode()


def section(body: str, name: str) -> str:
    return re.sub(r"\s+", " ", text(body.split(f'id="{name}"')[1].split("</section>")[0]))


@pytest.fixture
def book(cast: Cast) -> list[Account]:
    return [make.account(cast.tenant, cast.rep, name="Halden Freight"), make.account(cast.tenant, cast.other_rep, name="Green Bank")]


def test_forecasts_are_counted_shared_out_and_listed(cast: Cast, book: list[Account]) -> None:
    forecast(book[0], "came_true", 3)
    forecast(book[0], "averted", 4, "JIRA-1042 resolved")
    forecast(book[0], "averted", 5, "Heartbeat back")
    forecast(book[1], "overtaken", 6, "JIRA-7 opened", red_at=timezone.now() - timedelta(days=7))
    forecast(book[1], "", -2)
    forecast(book[1], "came_true", 100)  # too long ago
    found = section(page(cast.manager), "forecasts")
    for said in (
        "1 came true 25 %",
        "2 averted 50 %",
        "1 overtaken 25 %",
        "1 still open",
        "JIRA-1042 resolved",
        "2 d 3 h",
    ):
        assert said in found
    assert found.count("Halden Freight") == 3


def test_the_owner_and_the_outcome_are_in_the_address(cast: Cast, book: list[Account]) -> None:
    forecast(book[0], "came_true", 3)
    forecast(book[1], "averted", 4, "JIRA-7 resolved")
    mine = section(page(cast.manager, f"?owner={cast.rep.pk}"), "forecasts")
    assert "Halden Freight" in mine
    assert "Green Bank" not in mine
    averted = section(page(cast.manager, "?outcome=averted"), "forecasts")
    assert "Halden Freight" not in averted
    assert "Green Bank" in averted
    assert "1 came true 50 %" in averted
    assert "Green Bank" in section(page(cast.manager, "?owner=999999&outcome=lucky"), "forecasts")


def test_who_was_right_is_counted_by_person(cast: Cast, book: list[Account]) -> None:
    opinion(book[0], cast.rep, "opinion")
    opinion(book[0], cast.rep, "score")
    opinion(book[0], cast.rep, "")
    opinion(book[0], cast.rep, "", ended=False)
    opinion(book[1], cast.other_rep, "score", "better")
    opinion(book[1], cast.other_rep, "", "as_shown")
    found = section(page(cast.manager), "opinions")
    assert "Rita Rep 4 1 1 1 1" in found
    assert "Otto Other 1 0 1 0 0" in found
    assert "Their sponsor left" in found
    assert "Nobody can say" in found
    assert "Right if the score moved 10 points or a state that way" in found
    assert "Otto Other" not in section(page(cast.manager, f"?owner={cast.rep.pk}"), "opinions")


@pytest.mark.parametrize(
    ("view", "scores", "said"),
    [
        ("worse", [(75, "Green"), (15, "Red"), (60, "Amber")], "80, down to 15 60 at the end"),
        ("worse", [(90, "Green"), (85, "Green"), (60, "Amber")], "80, down to 60 Rita"),
        ("worse", [(100, "Green"), (90, "Green"), (100, "Green")], "80, never lower 60 at the end"),
        ("better", [(75, "Green"), (99, "Green"), (60, "Amber")], "80, up to 99 60 at the end"),
        ("better", [(75, "Green"), (60, "Amber")], "80, never higher 60 at the end"),
        ("worse", [], "80 Nobody can say"),
    ],
)
def test_an_opinion_is_shown_with_the_score_that_decided_it(
    cast: Cast, book: list[Account], view: str, scores: list[tuple[int, str]], said: str
) -> None:
    make.scanned(cast.tenant)
    opinion(book[0], cast.rep, "opinion" if scores else "", view)
    for days_ago, (score, rag) in zip((8, 7, 6), scores, strict=False):
        scan_of(book[0], score, rag, days_ago)
    for outside in (1, 10):
        scan_of(book[0], 0 if view == "worse" else 100, "Green", outside)
    assert said in section(page(cast.manager), "opinions")


def test_ten_rows_are_shown_and_all_on_demand(cast: Cast, book: list[Account]) -> None:
    for n in range(12):
        forecast(book[0], "averted", 3 + n)
        opinion(book[0], cast.rep, "score")
    forecast(book[0], "came_true", 2)
    body = page(cast.manager, "?outcome=averted")
    assert [section(body, name).count("Halden Freight") for name in ("forecasts", "opinions")] == [10, 10]
    assert body.count("Show all 12") == 2
    assert 'href="?outcome=averted&amp;all=forecasts#forecasts"' in body
    whole = page(cast.manager, "?all=forecasts")
    assert [section(whole, name).count("Halden Freight") for name in ("forecasts", "opinions")] == [13, 10]
    assert ["Show all" in section(whole, name) for name in ("forecasts", "opinions")] == [False, True]


def test_what_belongs_to_another_tenant_is_not_in_it(cast: Cast, book: list[Account]) -> None:
    forecast(book[0], "averted")
    opinion(book[0], cast.rep, "score")
    body = page(cast.stranger)
    assert "Halden Freight" not in body
    assert "No forecasts yet" in body
    assert "Nobody disagreed" in body


@pytest.mark.parametrize("path", ["/policies/", "/policies/1/", "/reports/"])
def test_who_may_not_see_a_page_is_told_who_may(cast: Cast, path: str) -> None:
    answer = signed_in(cast.rep).get(path)
    assert answer.status_code == 403
    assert "Only managers and admins can see this. Ask your manager." in answer.content.decode()
    assert "You can read this" not in answer.content.decode()


def test_reps_are_neither_let_in_nor_led_there(cast: Cast) -> None:
    assert signed_in(cast.rep).get("/reports/").status_code == 403
    assert 'href="/reports/"' not in signed_in(cast.rep).get("/").content.decode()
    assert 'href="/reports/"' in signed_in(cast.manager).get("/").content.decode()


def test_more_rows_cost_no_more_queries(cast: Cast, book: list[Account]) -> None:
    counts = []
    for rows in (1, 30):
        for n in range(rows):
            forecast(book[0], "averted", 3 + n + rows / 100)
            opinion(book[0], cast.rep, "score")
        client = signed_in(cast.manager)
        client.get("/reports/")  # what is remembered for all pages is not counted
        with CaptureQueriesContext(connection) as queries:
            client.get("/reports/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
