"""What-if on the account's page: every set of ticks a URL, worked out by the server."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Ticket
from tests import make
from tests.conftest import Cast
from tests.test_account_page import text
from tests.test_portfolio_page import signed_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def amber(cast: Cast) -> Account:
    """Two late P1 tickets, the older first, and seven more than two days old: 100 less 40, less 20 for four beyond five."""
    account = make.account(cast.tenant, cast.rep, name="Halden")
    for days in (9, 6):
        make.ticket(account, days=days, priority=1, external_id=f"LATE-{days}", subject=f"Broken for {days} days")
    for place in range(7):
        make.ticket(account, days=2, priority=4, external_id=f"SMALL-{place}")
    make.scanned(cast.tenant)
    return account


def form(page: str) -> str:
    return page.split('class="path"')[1].split("</form>")[0]


def rows(page: str) -> dict[str, tuple[bool, str]]:
    """Each action with whether it is ticked and its gain."""
    found = re.findall(r"<li><label>\s*<input[^>]*?( checked)?><span>(.*?)</span>\s*<b[^>]*>(\S+)</b>", form(page), re.DOTALL)
    return {re.sub(r"<.*", "", label, flags=re.DOTALL).strip(): (bool(checked), gain) for checked, label, gain in found}


def total(page: str) -> str:
    return text(page.split('id="path-sum"')[1].split(">", 1)[1].split("</output>")[0]).strip()


def pk(name: str) -> int:
    return Ticket.objects.get(external_id=name).pk


def asked(client: Client, account: Account, query: str = "") -> str:
    answer = client.get(f"/accounts/{account.pk}/what-if/?{query}", headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_shortest_path_is_ticked_and_its_gains_add_up_to_the_sum(cast: Cast, amber: Account) -> None:
    page = signed_in(cast.rep).get(f"/accounts/{amber.pk}/").content.decode()
    assert {name: row for name, row in rows(page).items() if row[0]} == {"Resolve LATE-9": (True, "+25"), "Resolve LATE-6": (True, "+25")}
    assert "30 points to go, 2 actions at least" in text(form(page))
    assert total(page) == "If done now 40 to 90 Green Stays Green for 14 days at least if nothing else changes."


def test_other_ticks_are_worked_out_anew_with_what_the_rest_would_add(cast: Cast, amber: Account) -> None:
    page = asked(signed_in(cast.rep), amber, f"resolve={pk('LATE-6')}")
    assert rows(page)["Resolve LATE-6"] == (True, "+25")
    assert rows(page)["Resolve LATE-9"] == (False, "+25")
    assert rows(page)["Resolve SMALL-0"] == (False, "+5")
    assert total(page).startswith("If done now 40 to 65 Amber")


def test_nothing_ticked_shows_the_score_as_it_is_and_what_comes(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    for days in (5, 4, 3.5, 2):
        make.ticket(account, days=days, priority=2)
    make.heartbeat(account, timezone.now() - timedelta(hours=71))
    make.scanned(cast.tenant)
    page = asked(signed_in(cast.rep), account)
    assert total(page).startswith("As it is now 40 Amber Then turns Red")
    assert "Restore the heartbeat" not in page  # it costs nothing yet
    for count, then in ((2, "40 to 80 Green Then turns Red"), (3, "40 to 100 Green Then turns Amber")):
        ticks = "&".join(f"resolve={ticket.pk}" for ticket in account.tickets.all()[:count])
        assert then in total(asked(signed_in(cast.rep), account, ticks))


def test_a_silent_heartbeat_can_be_restored(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.heartbeat(account, timezone.now() - timedelta(hours=150))
    make.ticket(account, days=5, priority=1)
    make.scanned(cast.tenant)
    page = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert rows(page)["Restore the heartbeat"] == (True, "+30")
    assert total(page).startswith("If done now 50 to 80 Green")
    assert total(asked(signed_in(cast.rep), account, "heartbeat=1")) == total(page)


def test_a_cap_that_eats_a_gain_is_said(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    for _ in range(4):
        make.ticket(account, days=5, priority=1)
    page = asked(signed_in(cast.rep), account)
    assert {gain for _, gain in rows(page).values()} == {"±0"}
    assert "Nothing by itself: late tickets cost at most 60" in page


def test_a_green_account_says_so_and_ticks_nothing(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=5, priority=1, external_id="ONE")
    make.scanned(cast.tenant)
    page = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert "Green already" in form(page)
    assert rows(page) == {"Resolve ONE": (False, "+20")}
    assert "80 to 100 Green" in total(asked(signed_in(cast.rep), account, f"resolve={pk('ONE')}"))


def test_an_account_without_tickets_has_nothing_to_do_and_nothing_to_draft(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    page = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert "nothing to do" in form(page)
    assert "Draft outreach from this path" not in page


def test_tickets_that_are_not_open_here_count_for_nothing_and_it_is_said(cast: Cast, amber: Account) -> None:
    elsewhere = make.ticket(make.account(cast.tenant, cast.rep), days=5, priority=1)
    gone = make.ticket(amber, days=5, priority=1, status="closed")
    page = asked(signed_in(cast.rep), amber, f"resolve={elsewhere.pk}&resolve={gone.pk}&resolve=x&resolve=99999999999999999999")
    assert total(page).startswith("As it is now 40 Amber")
    assert "2 of the tickets asked for are no longer open." in page


def test_without_script_the_same_address_is_the_whole_page(cast: Cast, amber: Account) -> None:
    client = signed_in(cast.rep)
    query = f"resolve={pk('SMALL-3')}&more=1"
    page = client.get(f"/accounts/{amber.pk}/what-if/?{query}").content.decode()
    assert "<h1>Halden</h1>" in page
    assert form(page).split("csrfmiddlewaretoken")[0] == form(asked(client, amber, query)).split("csrfmiddlewaretoken")[0]
    assert rows(page)["Resolve SMALL-3"] == (True, "+5")


def test_other_tickets_are_folded_until_one_is_ticked_or_the_url_says_so(cast: Cast, amber: Account) -> None:
    client = signed_in(cast.rep)
    assert "<details>" in asked(client, amber, f"resolve={pk('LATE-6')}")
    assert "<details open>" in asked(client, amber, f"resolve={pk('SMALL-1')}")
    assert "<details open>" in asked(client, amber, "more=1")
    assert "7 more tickets" in asked(client, amber)


def test_two_hundred_tickets_can_all_be_ticked(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    for _ in range(210):
        make.ticket(account, days=1, priority=4)
    page = asked(signed_in(cast.rep), account)
    assert len(rows(page)) == 201
    assert "9 more tickets are not listed." in page


def test_who_may_only_look_may_try_but_not_draft(cast: Cast, amber: Account) -> None:
    page = asked(signed_in(cast.other_rep), amber, f"resolve={pk('LATE-9')}")
    assert rows(page)["Resolve LATE-9"] == (True, "+25")
    assert "Draft outreach from this path" not in page
    assert "Draft outreach from this path" in asked(signed_in(cast.rep), amber)


def test_a_token_is_in_no_address(cast: Cast, amber: Account) -> None:
    """It is sent by the button that posts, and by no other."""
    page = form(signed_in(cast.rep).get(f"/accounts/{amber.pk}/").content.decode())
    assert not re.search(r'<input[^>]*name="csrfmiddlewaretoken"', page)
    assert re.search(r'<button[^>]*name="csrfmiddlewaretoken"[^>]*formmethod="post"', page)


def test_many_tickets_cost_no_more_queries_than_few(cast: Cast, amber: Account) -> None:
    client, counts = signed_in(cast.rep), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            asked(client, amber)
        counts.append(len(queries))
        for _ in range(30):
            make.ticket(amber, days=9, priority=1)
    assert counts[0] == counts[1] <= 6
