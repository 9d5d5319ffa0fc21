"""Uploading a file of tickets: looked at first, then imported by a worker, and reported on."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.imports import content, lease, running
from accounts.models import StagedTicket, Ticket, TicketImport, TicketImportPart
from tests import make
from tests.commands import import_tickets
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db

LOG = Path(__file__).parent / "data" / "servicenow_incident_log.csv"
HEADING = "ticket_id,account,priority,status,created_at,subject\n"
ROWS = "T-1,A-1,P1,open,2026-11-21,<b>Slow</b>\nT-2,Nobody,P9,open,2026-11-21,Down\nT-3,Nobody,P2,closed,2026-11-21,Odd\nT-4,Nobody,P2,open,2026-11-21,-\n"


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.manager)


def page(client: Client, row: TicketImport, query: str = "", **headers: str) -> str:
    return client.get(f"/imports/{row.pk}/{query}", headers=headers).content.decode()


def start(client: Client, row: TicketImport, **said: str) -> None:
    assert client.post(f"/imports/{row.pk}/start/", said).status_code == 302
    running.run(str(row.pk))
    row.refresh_from_db()


def test_an_upload_lies_in_pieces_that_make_the_file_again(cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PART", 1000)
    text = HEADING + "".join(f"T-{n},A-1,P1,open,2026-11-21,Größe\n" for n in range(200))
    answer = client.post("/imports/new/", {"file": SimpleUploadedFile("année.csv", text.encode())})
    row = TicketImport.objects.get()
    assert (answer.headers["Location"], row.file_name, row.status) == (f"/imports/{row.pk}/", "année.csv", "uploaded")
    assert content.opened(row.pk, row.size).read() == text.encode()
    assert {len(part.data) for part in TicketImportPart.objects.all()} == {1000, len(text.encode()) % 1000}
    start(client, row)
    assert (row.status, row.report["tickets_written"], TicketImportPart.objects.count()) == ("done", 200, 0)


def test_the_preview_tells_what_an_import_would_do_and_writes_nothing(cast: Cast, client: Client) -> None:
    make.account(cast.tenant, external_id="A-1")
    row = make.upload(cast.manager, HEADING + ROWS)
    shown = page(client, row)
    for words in ("Found: Tickets of another system", "Found: comma", "Found: ticket_id", "P1 is P1 (1)", "Nobody (1)", "1 rows unmatched"):
        assert words in shown, words
    assert "The priority “P9” is not known (1, first in line 3)" in shown
    assert "no date says since when" in shown
    assert "&lt;b&gt;Slow&lt;/b&gt;" in shown
    assert not Ticket.objects.exists()
    assert "<html" not in page(client, row, HX_Request="true")


def test_a_mended_reading_is_shown_again_before_it_counts(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, "Nr;Prio;status;created_at\nT-1;P1;open;03/04/2026\n")
    assert "Columns are missing" in page(client, row)
    mended = {"format": "generic", "column-ticket_id": "=Nr", "column-priority": "=Prio", "date_order": "mdy", "time_zone": "Asia/Tokyo"}
    answer = client.post(f"/imports/{row.pk}/start/", mended | {"seen": ""})
    row.refresh_from_db()
    assert row.status == "uploaded"
    query = answer.headers["Location"].partition("?")[2]
    shown = page(client, row, f"?{query}")
    assert "3 Mar 2026, 15:00" in shown
    assert '<option value="Asia/Tokyo" selected>' in shown
    assert "cannot be told apart" not in shown
    start(client, row, seen=query, **mended)
    assert Ticket.objects.get().created_at.month == 3


def test_columns_of_no_known_system_are_not_called_found(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, "Name;Wert\nx;1\n")
    shown = page(client, row)
    assert "Not recognised: choose" in shown
    assert "Found: day, month, year" not in shown
    assert "Found: semicolon" in shown
    answer = client.post(f"/imports/{row.pk}/start/", {"seen": ""}, follow=True)
    assert "Choose which it was exported from" in answer.content.decode()
    chosen = page(client, row, "?format=zendesk")
    assert "Columns are missing" in chosen
    assert "Not recognised" not in chosen


def test_a_column_that_names_each_ticket_is_doubted(cast: Cast, client: Client) -> None:
    rows = "".join(f"T-{number},A-{number % 3},P1,open,2026-11-21,-\n" for number in range(2000))
    row = make.upload(cast.manager, HEADING + rows)
    doubt = "Nearly every ticket names another account"
    assert doubt not in page(client, row)
    shown = page(client, row, "?account_column=ticket_id")
    assert doubt in shown
    assert "and 1,988 more" in shown


def test_dates_that_can_be_read_either_way_are_called_a_guess(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, "ticket_id,priority,status,created_at\nT-1,P1,open,03/04/2026\n")
    shown = page(client, row)
    assert "The day and the month cannot be told apart" in shown
    assert "3 Apr 2026" in shown
    assert "4 Mar 2026" in page(client, row, "?date_order=mdy")


def test_an_address_that_makes_no_sense_is_read_as_found(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, HEADING + ROWS)
    for query in ("?format=x&delimiter=x&encoding=zip&date_order=x&column-colour==Red&account_column=&page=7", "?column-key==ticket_id"):
        assert "As they would be read" in page(client, row, query)
    assert "A column is missing" in page(client, row, "?account_column=Gone")
    assert client.get(f"/imports/{row.pk}/?encoding=utf-16").status_code == 200


def test_a_file_in_the_browser_and_by_command_gives_the_same_rows(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, LOG.read_text(), "log.csv")
    said = {"account_column": "location", "create_accounts": "on"}
    shown = page(client, row, "?account_column=location&create_accounts=on")
    assert "Found: ServiceNow incidents" in shown
    start(client, row, seen="account_column=location&create_accounts=on", **said)
    other = make.tenant("command")
    report = import_tickets(other, "servicenow", LOG, "--account-column", "location", "--create-accounts").json
    assert row.report == report
    columns = ("external_id", "account__external_id", "priority", "status", "subject", "created_at", "closed_at", "source_version")
    rows = [list(Ticket.objects.filter(tenant=of).order_by("external_id").values_list(*columns)) for of in (cast.tenant, other)]
    assert len(rows[0]) == 890
    assert rows[0] == rows[1]


def test_what_was_refused_is_shown_and_can_be_downloaded(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, HEADING.replace("subject", "=cmd") + ROWS.replace("P9", "=2+3").replace(",Odd", ""))
    start(client, row)
    shown = page(client, row)
    assert "<dt>Rows refused</dt><dd>2</dd>" in shown
    answer = client.get(f"/imports/{row.pk}/refused/")
    lines = list(csv.reader(io.StringIO(answer.content.decode()[1:])))
    assert lines == [["Line", "Reason"], ["3", "the priority “=2+3” is not known"], ["4", "it has 5 columns where the heading has 6"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\0" * 5000, "NUL"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\n\0\x08", "NUL"),
    ],
)
def test_what_is_no_text_is_refused_at_the_door(client: Client, data: bytes, words: str) -> None:
    answer = client.post("/imports/new/", {"file": SimpleUploadedFile("x.csv", data)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not TicketImport.objects.exists()
    assert client.post("/imports/new/").status_code == 422


@pytest.mark.parametrize(
    "data", [b"a\n\0\nb", b"x" * 3_000_000, b'"' * 9999, b"a,b\n" + b'"' * 3_000_000, b"\xff\xfe" + b"\0\xd8" * 999, b"\n\n\n,,,\n"]
)
def test_a_hostile_file_is_told_about_and_can_be_removed(cast: Cast, client: Client, data: bytes) -> None:
    client.post("/imports/new/", {"file": SimpleUploadedFile("x.csv", data)})
    row = TicketImport.objects.get()
    assert client.get(f"/imports/{row.pk}/").status_code == 200
    assert client.get(f"/imports/{row.pk}/?encoding=utf-16&delimiter=tab&format=jira").status_code == 200
    client.post(f"/imports/{row.pk}/start/")
    row.refresh_from_db()
    assert row.status == "uploaded"
    client.post(f"/imports/{row.pk}/cancel/")
    row.refresh_from_db()
    assert row.status == "failed"
    assert not TicketImportPart.objects.exists()


def test_a_cancelled_import_writes_nothing_even_if_a_worker_has_it(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, HEADING + ROWS)
    client.post(f"/imports/{row.pk}/start/")
    held = lease.claim(row.pk)
    assert held is not None
    client.post(f"/imports/{row.pk}/cancel/")
    with pytest.raises(lease.Lost):
        lease.go_on(held, rows_read=4)
    running.run(str(row.pk))
    row.refresh_from_db()
    assert (row.status, Ticket.objects.count(), StagedTicket.objects.count()) == ("failed", 0, 0)
    assert "Cancelled by Mona Manager" in page(client, row)


def test_two_people_at_once_import_it_once(cast: Cast, client: Client) -> None:
    row = make.upload(cast.manager, HEADING + ROWS)
    start(client, row)
    again = signed_in(cast.admin).post(f"/imports/{row.pk}/start/", follow=True)
    assert "Somebody started or removed it before you did" in again.content.decode()
    assert "too late to cancel" in client.post(f"/imports/{row.pk}/cancel/", follow=True).content.decode()
    assert TicketImport.objects.get().report["tickets_written"] == 2


def test_what_stops_again_and_again_is_given_up_and_what_is_forgotten_cleared(cast: Cast, client: Client) -> None:
    stuck, forgotten = (make.upload(cast.manager, HEADING + ROWS) for _ in range(2))
    client.post(f"/imports/{stuck.pk}/start/")
    TicketImport.objects.filter(pk=stuck.pk).update(attempts=running.MAX_ATTEMPTS)
    running.run(str(stuck.pk))
    assert "without getting further" in page(client, stuck)
    running.sweep(timezone.now())
    assert TicketImport.objects.get(pk=forgotten.pk).status == "uploaded"
    running.sweep(timezone.now() + timedelta(days=8))
    assert TicketImport.objects.get(pk=forgotten.pk).status == "failed"
    assert not TicketImportPart.objects.exists()
