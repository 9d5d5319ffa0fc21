"""The portfolio as people see it. Pages are read as text: what is asserted is what is shown."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scan
from accounts.models import Account, Tenant, User
from tests import make
from tests.conftest import Cast


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="tamdash.sign_in.Passwords")
    return client


def shown(user: User, query: str = "") -> str:
    response = signed_in(user).get(f"/{query}")
    assert response.status_code == 200
    return response.content.decode()


def names(page: str) -> list[str]:
    return re.findall(r'<(?:span class="nm"|a href="/accounts/\d+/")>(Account \d+)<', page.split('class="views"')[1])


@pytest.fixture
def book(cast: Cast) -> list[Account]:
    """Red and Green of the rep's, Green of the other rep's, all scanned."""
    accounts = [
        make.red_account(cast.tenant, cast.rep, tier="strategic", region="EMEA", arr=900_000),
        make.account(cast.tenant, cast.rep, region="APAC", arr=50_000),
        make.account(cast.tenant, cast.other_rep, region="EMEA", arr=70_000),
    ]
    make.scanned(cast.tenant)
    return accounts


def test_a_rep_starts_with_their_own_book_and_may_ask_for_all(cast: Cast, book: list[Account]) -> None:
    assert set(names(shown(cast.rep))) == {book[0].name, book[1].name}
    assert set(names(shown(cast.rep, "?owner=all"))) == {account.name for account in book}
    assert set(names(shown(cast.manager))) == {account.name for account in book}


def test_another_tenant_sees_nothing_of_it(cast: Cast, book: list[Account]) -> None:
    page = shown(cast.stranger, f"?owner=all&q={book[0].external_id}")
    assert names(page) == []
    assert names(shown(cast.stranger, f"?owner={cast.rep.pk}")) == []


@pytest.mark.parametrize("view", ["tiles", "timeline", "table"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rag=Red", [0]),
        ("rag=Green", [1, 2]),
        ("rag=Red&rag=Green", [0, 1, 2]),
        ("tier=strategic", [0]),
        ("region=APAC", [1]),
        ("rag=Amber", []),
    ],
)
def test_filters_in_the_url_decide_what_is_shown(cast: Cast, book: list[Account], view: str, query: str, expected: list[int]) -> None:
    assert set(names(shown(cast.manager, f"?view={view}&{query}"))) == {book[index].name for index in expected}


def test_search_finds_by_name_and_by_id(cast: Cast, book: list[Account]) -> None:
    assert names(shown(cast.manager, f"?q={book[1].external_id.lower()}")) == [book[1].name]
    assert names(shown(cast.manager, f"?q={book[1].name.split()[-1]}+{book[1].external_id}")) == [book[1].name]
    assert "No account matches “nobody”" in shown(cast.manager, "?q=nobody")


@pytest.mark.parametrize(
    "query",
    [
        "?view=spiral",
        "?rag=Purple",
        "?owner=0x1",
        "?owner=99999999",
        "?view=table&after=x:y",
        "?tier=gold",
        "?view=table&after=1:99999999999999999999",
    ],
)
def test_a_link_that_makes_no_sense_shows_the_default_page(cast: Cast, book: list[Account], query: str) -> None:
    assert "Portfolio" in shown(cast.manager, query)


def test_a_table_page_of_the_deepest_kind_holds_every_account_once(cast: Cast) -> None:
    accounts = Account.objects.bulk_create(
        Account(
            tenant=cast.tenant,
            external_id=f"B-{n}",
            name=f"Account {n % 7}",
            arr=n % 5,
            renewal_date=timezone.localdate() if n % 3 else None,
        )
        for n in range(230)
    )
    make.scanned(cast.tenant)
    for sort in ("risk", "name", "size", "renewal"):
        query, found = f"?view=table&sort={sort}", []
        while query:
            page = shown(cast.manager, query)
            found += re.findall(r'<th scope="row" class="grow"><a href="/accounts/(\d+)/"', page)
            following = re.search(r'href="(\?[^"]*after=[^"]*)">Next', page)
            query = following[1].replace("&amp;", "&") if following else ""
        assert sorted(map(int, found)) == sorted(account.pk for account in accounts), sort


def test_what_changed_since_yesterday_stands_beside_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    today = timezone.localdate()
    make.ticket(account, days=3.0, priority=1)
    make.ticket(account, days=3.5, priority=1)
    run = scan.replay_day(cast.tenant, today - timedelta(days=1))
    assert run.green == 1
    make.scanned(cast.tenant)
    page = shown(cast.rep)
    assert "Newly Amber" in page
    assert re.search(rf"{account.name}</span><span class=\"mv\">100<", page)


def test_a_fall_within_one_state_is_told_too(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=3.5, priority=1)
    scan.replay_day(cast.tenant, timezone.localdate() - timedelta(days=1))
    make.scanned(cast.tenant)
    page = shown(cast.rep)
    assert "Fell 10 or more, same state" in page
    assert re.search(rf"{account.name}</span><span class=\"mv\">100<", page)


def test_an_account_not_scanned_yet_says_so(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep)
    page = shown(cast.rep)
    assert "Not scanned" in page
    assert "Not scanned yet." in page


def test_an_empty_tenant_says_what_to_do(cast: Cast) -> None:
    assert "import_tickets" in shown(cast.manager)
    assert "Show all owners" in shown(cast.rep)


@pytest.mark.parametrize("view", ["tiles", "timeline", "table"])
def test_thirty_accounts_cost_as_many_queries_as_one(cast: Cast, view: str) -> None:
    counts = []
    for more in (1, 29):
        for _ in range(more):
            make.ticket(make.account(cast.tenant, cast.rep), days=9, priority=1)
        make.scanned(cast.tenant)
        client = signed_in(cast.manager)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/?view={view}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("view", ["tiles", "timeline", "table"])
def test_hostile_names_are_shown_as_text(cast: Cast, view: str) -> None:
    make.account(cast.tenant, make.user(cast.tenant, "rep", name=HOSTILE), name=HOSTILE, region=HOSTILE[:40])
    make.scanned(cast.tenant)
    page = shown(cast.manager, f"?view={view}")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_the_same_page_again_is_not_sent_twice_until_something_changes(cast: Cast, book: list[Account]) -> None:
    client = signed_in(cast.manager)
    client.get("/")  # sets the cookie that forms need
    tag = client.get("/").headers["ETag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    Account.objects.filter(pk=book[1].pk).update(name="Renamed")
    again = client.get("/", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert "Renamed" in again.content.decode()


def test_a_sign_in_of_another_leaves_the_page_as_it_is_and_a_new_currency_does_not(cast: Cast, book: list[Account]) -> None:
    client = signed_in(cast.manager)
    client.get("/")
    tag = client.get("/").headers["ETag"]
    Client().post("/sign-in/", {"username": cast.rep.email, "password": make.PASSWORD})
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
    Tenant.objects.filter(pk=cast.tenant.pk).update(settings={"currency": "$"})
    assert "$900k" in client.get("/", headers={"If-None-Match": tag}).content.decode()


def test_a_tag_of_one_person_says_nothing_to_another(cast: Cast, book: list[Account]) -> None:
    manager, rep = signed_in(cast.manager), signed_in(cast.rep)
    tags = []
    for client in (manager, rep):
        client.get("/?owner=all")
        tags.append(client.get("/?owner=all").headers["ETag"])
    assert tags[0] != tags[1]


def test_htmx_gets_the_part_and_history_the_whole(cast: Cast, book: list[Account]) -> None:
    client = signed_in(cast.manager)
    assert "<html" not in client.get("/", headers={"HX-Request": "true"}).content.decode()
    for extra in ({"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}):
        assert "<html" in client.get("/", headers={"HX-Request": "true"} | extra).content.decode()
    assert "HX-Request" in client.get("/").headers["Vary"]


def test_the_tenant_of_a_fresh_installation_has_no_page_error(db: None) -> None:
    tenant: Tenant = make.tenant()
    assert "No accounts yet" in shown(make.user(tenant, "manager"))
