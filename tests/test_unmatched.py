"""`/unmatched/`: what tickets name that no account is known by, and saying once whose they are."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import ingest, remapping
from accounts.ingest import SourceTicket
from accounts.models import Account, AccountKey, Stakeholder, Tenant, Ticket, User
from accounts.sources import mapping_of
from tests import make
from tests.conftest import Cast

BACKEND = "tamdash.sign_in.Passwords"
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} ' OR 1=1 -- %s \u202e"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def told(tenant: Tenant, *tickets: tuple[Any, ...], source: str = "jira") -> None:
    """Tickets of (id, values and then a priority, where that is not High)."""
    read = mapping_of(tenant, source)
    now = timezone.now()
    rows = [
        SourceTicket(name, now, now, None, words[0] if words else "High", "Open", subject=f"About {name}", account_values=tuple(values))
        for name, values, *words in tickets
    ]
    ingest.upsert(tenant, source, [read.row(row) for row in rows], account_by=read.account_by)


def by(value: str, kind: str = "organization") -> list[tuple[str, str]]:
    return [(kind, value)]


def page(user: User, **query: str) -> str:
    response = client_of(user).get(reverse("unmatched"), query)
    assert response.status_code == 200
    return response.content.decode()


def map_to(user: User, account: Account, key: str, source: str = "jira") -> Any:
    return client_of(user).post(reverse("unmatched-map", args=[account.pk]), {"source": source, "key": key}, follow=True)


def test_tickets_are_grouped_by_what_they_name_the_most_open_ones_first(cast: Cast) -> None:
    told(cast.tenant, ("T-1", by("Aldermoor")), ("T-2", by("Varga"), "Highest"), ("T-3", by("Varga"), "Low"))
    told(cast.stranger.tenant, ("T-9", by("Elsewhere")))
    shown = page(cast.rep)
    assert shown.index("Varga") < shown.index("Aldermoor")
    assert "1 P1" in shown
    assert "1 P4" in shown
    assert "About T-1" in shown
    assert "Elsewhere" not in shown
    assert "Aldermoor" not in page(cast.rep, q="varg")
    assert "No value matches" in page(cast.rep, source="zendesk")


def test_with_nothing_to_match_the_page_says_what_would_stand_here(cast: Cast) -> None:
    assert "Every ticket has its account" in page(cast.manager)


def test_mapping_a_value_matches_all_its_tickets_now_and_to_come(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Aldermoor Optics")
    told(cast.tenant, ("T-1", by("ÅLDERMOOR")), ("T-2", by("ålDermoor")), ("T-3", by("Other")))
    answer = map_to(cast.manager, account, "organization:ÅLDERMOOR").content.decode()
    assert answer.count("2 tickets went to Aldermoor Optics") == 1
    assert "organisation: åldermoor" in answer
    assert "Scan now" in answer
    told(cast.tenant, ("T-4", by("ÅlderMoor")))
    assert list(Ticket.objects.filter(account=account).order_by("external_id").values_list("external_id", flat=True)) == [
        "T-1",
        "T-2",
        "T-4",
    ]
    row = AccountKey.objects.get()
    assert (row.key, row.created_by) == ("organization:åldermoor", cast.manager)
    assert LogEntry.objects.get().user == cast.manager


def test_undoing_it_sends_them_back_and_keeps_who_did_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    told(cast.tenant, ("T-1", by("Aldermoor")))
    Ticket.objects.update(status="open")
    map_to(cast.rep, account, "organization:aldermoor")
    answer = client_of(cast.rep).post(reverse("unmatched-undo", args=[AccountKey.objects.get().pk]), follow=True).content.decode()
    assert "1 ticket left it" in answer
    assert Ticket.objects.get().account is None
    assert LogEntry.objects.filter(user=cast.rep, object_repr__contains="aldermoor").count() == 2


def test_of_two_who_map_the_same_value_the_second_finds_what_the_first_did(cast: Cast) -> None:
    mine, theirs = make.account(cast.tenant, cast.rep), make.account(cast.tenant, cast.other_rep, name="Halden Freight")
    told(cast.tenant, ("T-1", by("Aldermoor")))
    map_to(cast.other_rep, theirs, "organization:aldermoor")
    answer = map_to(cast.rep, mine, "organization:aldermoor").content.decode()
    assert "was mapped to Halden Freight by Otto Other. Nothing was changed." in answer
    assert Ticket.objects.get().account == theirs
    assert "0 tickets went to" in map_to(cast.other_rep, theirs, "organization:aldermoor").content.decode()


def test_a_rep_maps_to_their_own_accounts_only_and_finds_no_others(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep, name="Aldermoor Optics")
    other = make.account(cast.tenant, cast.other_rep, name="Aldermoor Steel")
    told(cast.tenant, ("T-1", by("Aldermoor")))
    shown = page(cast.rep, of="jira", value="Aldermoor", find="aldermoor")
    assert "Aldermoor Optics" in shown
    assert "Aldermoor Steel" not in shown
    assert map_to(cast.rep, other, "organization:aldermoor").status_code == 403
    assert map_to(cast.stranger, other, "organization:aldermoor").status_code == 404
    assert not AccountKey.objects.exists()


def test_an_account_is_suggested_with_the_reason(cast: Cast) -> None:
    named = make.account(cast.tenant, name="Aldermoor Optics GmbH")
    asking = make.account(cast.tenant, name="Kestrel Bank")
    Stakeholder.objects.create(account=asking, name="Petra", role="CIO", email="petra@Kestrel.example")
    make.account(cast.tenant, name="Nothing like it")
    told(cast.tenant, ("T-1", [*by("aldermoor optics"), ("domain", "kestrel.example"), ("requester", "nobody@gmail.com")]))
    shown = page(cast.manager, of="jira", value="aldermoor optics")
    assert f'{named.name}</b><small class="dim">Its name is alike' in shown
    assert "Petra there has the address petra@Kestrel.example" in shown
    assert "Nothing like it" not in shown


def test_tickets_can_be_mapped_by_another_of_their_values(cast: Cast) -> None:
    account = make.account(cast.tenant)
    told(cast.tenant, ("T-1", [*by("Reseller"), *by("alder", "component")]), ("T-2", by("Reseller")))
    shown = page(cast.manager, of="jira", value="Reseller", key="component:alder")
    assert 'name="key" value="component:alder"' in shown
    map_to(cast.manager, account, "component:alder")
    assert Ticket.objects.get(account=account).external_id == "T-1"
    map_to(cast.manager, make.account(cast.tenant), "organization:reseller")
    assert Ticket.objects.filter(account=account).exists()  # for now: what had an account follows in the background
    remapping.sweep(timezone.now())
    remapping.remap(cast.tenant, "jira")
    assert not Ticket.objects.filter(account=account).exists()


def test_an_admin_creates_the_account_that_a_value_names(cast: Cast) -> None:
    told(cast.tenant, ("T-1", by("Åldermoor & Söhne")))
    given = {
        "source": "jira",
        "key": "organization:åldermoor & söhne",
        "value": "Åldermoor & Söhne",
        "name": "Åldermoor",
        "external_id": "alder",
    }
    assert client_of(cast.manager).post(reverse("unmatched-new-account"), given).status_code == 403
    client_of(cast.admin).post(reverse("unmatched-new-account"), given)
    account = Account.objects.get()
    assert (account.tenant, account.external_id, Ticket.objects.get().account) == (cast.tenant, "alder", account)
    again = client_of(cast.admin).post(reverse("unmatched-new-account"), given)
    assert again.status_code == 422


def test_hostile_words_of_a_ticket_are_text(cast: Cast) -> None:
    told(cast.tenant, ("T-1", by(HOSTILE)))
    Ticket.objects.update(subject=HOSTILE)
    make.account(cast.tenant, name="alert script")
    for query in (
        {},
        {"of": "jira", "value": HOSTILE},
        {"of": "jira", "value": HOSTILE, "find": HOSTILE},
        {"after": "%00", "q": "%", "of": "x"},
    ):
        shown = page(cast.admin, **query)
        assert "<script>alert" not in shown
    account = make.account(cast.tenant)
    map_to(cast.manager, account, f"organization:{HOSTILE}")
    assert Ticket.objects.get().account == account


def test_a_ticket_that_names_nothing_is_matched_by_itself(cast: Cast) -> None:
    told(cast.tenant, ("T-1", []), ("T-2", [("requester", "a@b.example")]))
    shown = page(cast.admin, of="jira", value="")
    assert "They name nothing that can be mapped" in shown
    link = shown.split('href="', 1)[1]
    assert "account__isempty=1" in link
    listed = client_of(cast.admin).get(
        reverse("admin:accounts_ticket_changelist"), {"account__isempty": "1", "source": "jira", "account_key": ""}
    )
    assert [ticket.external_id for ticket in listed.context["cl"].result_list] == ["T-2", "T-1"]


def test_the_page_costs_the_same_queries_with_thirty_values_as_with_one(cast: Cast) -> None:
    admin = client_of(cast.admin)

    def queries(**query: str) -> int:
        with CaptureQueriesContext(connection) as found:
            admin.get(reverse("unmatched"), query)
        return len(found)

    told(cast.tenant, ("T-0", by("Value 0")))
    map_to(cast.admin, make.account(cast.tenant, name="Value of old"), "organization:mapped")
    of_one = {"of": "jira", "value": "Value 0", "find": "value"}
    with_one = queries(), queries(**of_one)
    told(cast.tenant, *((f"T-{n}", [*by(f"Value {n}"), *by("Value 0", "label")]) for n in range(1, 31)))
    for n in range(1, 31):
        map_to(cast.admin, make.account(cast.tenant, cast.rep, name=f"Value {n}"), f"organization:mapped {n}")
    assert (queries(), queries(**of_one)) == with_one
    assert max(with_one) <= 14


def test_pages_follow_each_other_without_a_gap(cast: Cast) -> None:
    told(cast.tenant, *((f"T-{n}", by(f"Value {n:03}")) for n in range(60)))
    first = client_of(cast.rep).get(reverse("unmatched"))
    second = client_of(cast.rep).get(reverse("unmatched") + first.context["next"])
    found = [row.value for response in (first, second) for row, _link in response.context["rows"]]
    assert found == [f"Value {n:03}" for n in range(60)]
    assert second.context["next"] == ""


def test_who_can_act_is_told_on_the_portfolio(cast: Cast) -> None:
    told(cast.tenant, ("T-1", by("Aldermoor")))
    assert "1 open ticket belongs to no known account" in client_of(cast.manager).get("/").content.decode()
    assert "no known account" not in client_of(cast.rep).get("/").content.decode()
