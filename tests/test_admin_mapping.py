"""How an admin says what a source's words mean, and what that does to past tickets."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ingest, remapping
from accounts.ingest import RefusedRow, SourceTicket
from accounts.ingest.mapping import unknown_word
from accounts.models import AccountKey, InboundEvent, SourceMapping, Ticket
from accounts.sources import mapping_of
from tests import make
from tests.conftest import Cast

BACKEND = "tamdash.sign_in.Passwords"
SHARP = "  Größe-1 <b>\u2028&"


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.admin, backend=BACKEND)
    return found


@pytest.fixture
def row(cast: Cast) -> SourceMapping:
    remapping.there(cast.tenant)
    found: SourceMapping = SourceMapping.objects.get(tenant=cast.tenant, source="jira")
    return found


def address(row: SourceMapping) -> str:
    return reverse("admin:accounts_sourcemapping_change", args=[row.pk])


def shown(client: Client, row: SourceMapping) -> tuple[str, dict[str, str]]:
    """The page, and what its form would send if it were saved as it is."""
    response = client.get(address(row))
    form = response.context["adminform"].form
    fields = {bound.html_name: str(bound.value() or "") for bound in form}
    for table in (form.priorities, form.statuses):
        fields |= {bound.html_name: str(bound.value() or "") for each in (table.management_form, *table) for bound in each}
    return response.content.decode(), {name: value for name, value in fields.items() if name != "reset"}


def save(client: Client, row: SourceMapping, words: dict[str, str] | None = None, **changes: Any) -> Any:
    """Saves the page with these meanings of words that it lists."""
    _page, fields = shown(client, row)
    for word, meaning in (words or {}).items():
        (name,) = [name for name, value in fields.items() if name.endswith("-word") and value == word]
        fields[name.replace("-word", "-meaning")] = meaning
    return client.post(address(row), fields | changes)


def told(row: SourceMapping, name: str, priority: str, status: str = "Open", **values: Any) -> None:
    now = timezone.now()
    read = mapping_of(row.tenant, "jira")
    ingest.upsert(row.tenant, "jira", [read.row(SourceTicket(name, now, now, None, priority, status, **values))])


def test_every_word_seen_stands_there_with_its_default_and_how_often(client: Client, row: SourceMapping) -> None:
    told(row, "T-1", "High", "Released")
    told(row, "T-2", "HIGH", "Released")
    for _ in range(3):
        make_failed(row, f"the priority “{SHARP}” is not known")
    page, fields = shown(client, row)
    assert "Default: P2" in page
    assert "2 tickets" in page
    assert "3 events not understood" in page
    assert "<b>\u2028" not in page
    assert SHARP.casefold() in fields.values()
    assert "released" in fields.values()


def make_failed(row: SourceMapping, error: str) -> InboundEvent:
    now = timezone.now()
    return InboundEvent.objects.create(
        tenant=row.tenant, source="jira", received_at=now, body=b"{}", status="failed", next_try_at=now, error=error, attempts=3
    )


def test_a_word_mapped_reaches_past_tickets_and_events_that_failed_for_it(client: Client, row: SourceMapping) -> None:
    told(row, "T-1", "High", "Released")
    event = make_failed(row, f"the priority “{SHARP}” is not known")
    other = make_failed(row, "the priority “another” is not known")
    assert save(client, row, {SHARP.casefold(): "1", "released": "closed", "high": "1"}).status_code == 302
    row.refresh_from_db()
    assert (row.priorities, row.statuses) == ({SHARP.casefold(): 1, "high": 1}, {"released": "closed"})
    assert remapping.run(row.pk) == 1
    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.status, ticket.closed_at) == (1, "closed", ticket.source_updated_at)
    event.refresh_from_db()
    other.refresh_from_db()
    assert (event.status, other.status) == ("waiting", "failed")
    page, _fields = shown(client, row)
    assert "Past tickets were brought up to it: 1 changed." in page
    assert remapping.run(row.pk) is None


def test_a_status_mapped_by_mistake_can_be_taken_back(client: Client, row: SourceMapping) -> None:
    told(row, "T-1", "High", "Released")
    for meaning, expected in (("closed", "closed"), ("", "open")):
        save(client, row, {"released": meaning})
        remapping.run(row.pk)
        assert Ticket.objects.get().status == expected


def test_a_new_word_is_added_and_all_is_reset(client: Client, row: SourceMapping) -> None:
    _page, fields = shown(client, row)
    last = max(int(name.split("-")[1]) for name in fields if name.startswith("priority-") and name.endswith("-word"))
    new: dict[str, Any] = {f"priority-{last}-word": " Sev 1 ", f"priority-{last}-meaning": "1", "kind_0": "Customfield_10010"}
    assert save(client, row, **new).status_code == 302
    row.refresh_from_db()
    assert (row.priorities, row.account_by) == ({"sev 1": 1}, ["customfield_10010"])
    assert save(client, row, reset="on").status_code == 302
    row.refresh_from_db()
    assert (row.priorities, row.statuses, row.account_by) == ({}, {}, [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind_0": "label", "kind_1": "LABEL"}, "stands here twice"),
        ({"kind_0": "requester"}, "names no account"),
        ({"kind_0": "account"}, "always looked at first"),
        ({"kind_0": "costumer"}, "Tickets have no “costumer”"),
        ({"priority-0-meaning": "7"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(client: Client, row: SourceMapping, changes: dict[str, Any], words: str) -> None:
    answer = save(client, row, **changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    row.refresh_from_db()
    assert (row.priorities, row.account_by) == ({}, [])


def test_saving_the_page_as_it_is_changes_nothing(client: Client, row: SourceMapping) -> None:
    SourceMapping.objects.filter(pk=row.pk).update(priorities={"sev 1": 1}, account_by=["label"])
    save(client, row)
    row.refresh_from_db()
    assert (row.priorities, row.statuses, row.account_by) == ({"sev 1": 1}, {}, ["label"])


def test_a_value_is_mapped_changed_and_unmapped_in_the_admin_site(cast: Cast, client: Client, row: SourceMapping) -> None:
    first, second = make.account(cast.tenant), make.account(cast.tenant)
    told(row, "T-1", "High", account_values=(("organization", "Ålder"),))
    add = {"source": "jira", "key": "Organization:ÅLDER", "account": first.pk}
    assert client.post(reverse("admin:accounts_accountkey_add"), add).status_code == 302
    key = AccountKey.objects.get()
    assert (key.key, key.created_by, Ticket.objects.get().account) == ("organization:ålder", cast.admin, first)
    client.post(reverse("admin:accounts_accountkey_change", args=[key.pk]), {"account": second.pk})
    assert Ticket.objects.get().account == second
    client.post(reverse("admin:accounts_accountkey_delete", args=[key.pk]), {"post": "yes"})
    assert (AccountKey.objects.count(), Ticket.objects.get().account) == (0, None)
    assert "Kinds:" in client.post(reverse("admin:accounts_accountkey_add"), add | {"key": "ålder"}).content.decode()


def test_an_account_that_is_added_takes_the_tickets_that_wait_for_its_id(cast: Cast, client: Client, row: SourceMapping) -> None:
    told(row, "T-1", "High", account_values=(("organization", "halden"),))
    client.post(
        reverse("admin:accounts_account_add"), {"name": "Halden", "external_id": "halden", "tier": "core", "arr": 0, "is_active": "on"}
    )
    found = Ticket.objects.select_related("account").get().account
    assert found is not None
    assert found.external_id == "halden"


@pytest.mark.parametrize("word", ["x", "", "“quoted” is not known", "two\nlines", SHARP])
def test_the_word_that_was_not_known_is_found_in_the_reason(row: SourceMapping, word: str) -> None:
    with pytest.raises(RefusedRow) as refused:
        mapping_of(row.tenant, "servicenow").priority(word)
    assert unknown_word(f"Ticket T-1: {refused.value}") == ("priority", word)
