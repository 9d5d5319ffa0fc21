"""The plan of the week: the pure half against brute force, the other half as people read it."""

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import path
from accounts.models import Account, AccountHealth, Ticket
from accounts.pages import week
from accounts.pages.week import Threat
from accounts.path import RESTORE, Action
from accounts.projection import turns_red_at
from accounts.scoring import OpenTicket, Policy, Signals
from tests import generated, make
from tests.conftest import Cast
from tests.test_account_page import text
from tests.test_portfolio_page import shown

WEEK = timedelta(days=7)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@st.composite
def books(draw: st.DrawFn) -> tuple[Policy, datetime, list[Signals]]:
    """A few accounts with a few tickets each."""
    policy = draw(generated.policies())
    signals = [draw(generated.accounts(policy, AT)).signals_now() for _ in range(draw(st.integers(1, 4)))]
    return policy, AT, [Signals(tuple(t for t in each.tickets[:4] if t.created_at <= AT), each.last_heartbeat) for each in signals]


def threats(book: tuple[Policy, datetime, list[Signals]]) -> list[Threat]:
    policy, at, signals = book
    found = [week.threat(number, number * 1000, each, policy, at, at + WEEK) for number, each in enumerate(signals)]
    return week.cheapest_first(threat for threat in found if threat)


def most_averted(book: tuple[Policy, datetime, list[Signals]], budget: int) -> int:
    """By trying every set of so many actions over the whole book."""
    policy, at, signals = book
    until = at + WEEK
    doomed = [number for number, each in enumerate(signals) if turns_red_at(each, policy, at, until)]
    actions = [(number, action) for number in doomed for action in path.options(signals[number], at)]

    def averted(chosen: tuple[tuple[int, Action], ...]) -> int:
        left = {number: path.after(signals[number], [a for n, a in chosen if n == number]) for number in doomed}
        return sum(turns_red_at(each, policy, at, until) is None for each in left.values())

    return max(averted(chosen) for chosen in combinations(actions, min(budget, len(actions))))


@given(books(), st.integers(0, 4))
def test_no_choice_of_so_many_actions_averts_more_than_the_plan(book: tuple[Policy, datetime, list[Signals]], budget: int) -> None:
    spent = averted = 0
    for threat in threats(book):
        spent += len(threat.actions)
        averted += spent <= budget
    assert averted == most_averted(book, budget)


def test_ties_go_to_the_larger_revenue_then_to_the_sooner() -> None:
    def threat(number: int, arr: int, days: int, actions: int) -> Threat:
        return Threat(number, arr, 50, "Amber", AT + timedelta(days=days), (RESTORE,) * actions)

    given = [threat(1, 5, 1, 2), threat(2, 1, 1, 1), threat(3, 9, 2, 1), threat(4, 9, 1, 1)]
    assert [each.account_id for each in week.cheapest_first(given)] == [4, 3, 2, 1]


def test_an_account_that_is_red_or_never_will_be_is_no_threat() -> None:
    late = tuple(OpenTicket(f"T-{place}", 1, AT - timedelta(days=5)) for place in range(4))
    assert week.threat(1, 0, Signals(late, AT - timedelta(hours=200)), Policy(), AT, AT + WEEK) is None
    assert week.threat(1, 0, Signals(late[:3]), Policy(), AT, AT + WEEK) is None


def doomed(cast: Cast, young: int = 0, small: int = 0, **values: object) -> Account:
    """Two late P1 and a heartbeat that falls silent within the week, which makes it Red; one action averts that."""
    account = make.account(cast.tenant, cast.rep, **values)
    for priority, days, count in ((1, 5, 2), (1, 1, young), (4, 1, small)):
        for _ in range(count):
            make.ticket(account, days=days, priority=priority, subject="Orders are lost")
    make.heartbeat(account, timezone.now() - timedelta(hours=60))
    return account


def lines(page: str) -> list[str]:
    body = page.split('class="tbl plan"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [text(row).strip() for row in body.split("</tr>")[:-1]]


@pytest.fixture
def book(cast: Cast) -> list[Account]:
    accounts = [
        doomed(cast, young=2, small=3, name="Dear", arr=900_000, tier="strategic", region="EMEA"),
        doomed(cast, name="Small", arr=1_000, region="APAC"),
        doomed(cast, name="Large", arr=500_000, region="EMEA"),
    ]
    make.red_account(cast.tenant, cast.rep, name="Red already")
    make.account(cast.tenant, cast.rep, name="Healthy")
    make.scanned(cast.tenant)
    return accounts


def test_the_plan_takes_the_cheapest_accounts_first_and_counts_along(cast: Cast, book: list[Account]) -> None:
    page = shown(cast.rep, "?view=plan")
    found = lines(page)
    assert [line.split()[0] for line in found] == ["Large", "Small", "Dear"]
    assert [re.search(r"after \d+ actions?: \d of \d averted$", line).group() for line in found] == [  # type: ignore[union-attr]
        "after 1 action: 1 of 3 averted",
        "after 2 actions: 2 of 3 averted",
        "after 5 actions: 3 of 3 averted",
    ]
    assert "5 actions avert 3 of 3 projected Reds." in text(page)
    assert "no other plan averts more" in text(page)
    assert "Resolve" in found[0] or "Restore the heartbeat" in found[0]


@pytest.mark.parametrize(
    ("query", "expected"), [("region=EMEA", ["Large", "Dear"]), ("tier=strategic", ["Dear"]), ("q=small", ["Small"]), ("rag=Red", [])]
)
def test_filters_decide_whose_reds_are_planned_for(cast: Cast, book: list[Account], query: str, expected: list[str]) -> None:
    page = shown(cast.rep, f"?view=plan&{query}")
    assert ([line.split()[0] for line in lines(page)] if 'class="tbl plan"' in page else []) == expected
    assert ("No account is projected" in page) == (not expected)


def test_a_plan_is_of_ones_own_book_unless_asked_for_more(cast: Cast, book: list[Account]) -> None:
    Account.objects.filter(name="Small").update(owner=cast.other_rep)
    assert len(lines(shown(cast.rep, "?view=plan"))) == 2
    assert len(lines(shown(cast.rep, "?view=plan&owner=all"))) == 3
    assert "No account is projected" in shown(cast.stranger, "?view=plan&owner=all")


def test_what_was_mended_since_the_scan_is_no_longer_in_the_plan(cast: Cast, book: list[Account]) -> None:
    Ticket.objects.filter(account=book[1]).update(status="closed", closed_at=timezone.now())
    assert "Small" not in shown(cast.rep, "?view=plan").split('class="views"')[1]


def test_without_a_projected_red_the_page_says_so(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    page = text(shown(cast.rep, "?view=plan"))
    assert "No account is projected to turn Red within 7 days" in page
    assert "Of the 1 account asked for." in page


def test_a_longer_book_takes_no_more_queries_and_is_cut_where_it_must(
    cast: Cast, book: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, counts = timezone.now(), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            made = week.plan(Account.objects.visible_to(cast.rep), cast.tenant, at)
        counts.append(len(queries))
        for _ in range(10):
            doomed(cast)
        make.scanned(cast.tenant)
    assert counts[0] == counts[1] <= 3
    assert not made.is_cut
    monkeypatch.setattr(week, "MOST_ACCOUNTS", 2)
    cut = week.plan(Account.objects.visible_to(cast.rep), cast.tenant, at)
    assert (len(cut.lines), cut.is_cut) == (2, True)
    assert "More accounts turn Red than a plan holds" in text(shown(cast.rep, "?view=plan"))


def test_the_stored_projection_is_where_the_plan_looks(cast: Cast, book: list[Account]) -> None:
    AccountHealth.objects.filter(account=book[0]).update(turns_red_at=timezone.now() + timedelta(days=8))
    assert "Dear" not in shown(cast.rep, "?view=plan").split('class="views"')[1]
