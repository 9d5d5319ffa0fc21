"""How a file is read is found by looking, and can be said otherwise."""

from pathlib import Path

import pytest

from accounts.models import AccountKey, Tenant, Ticket
from tests import make
from tests.commands import Ran, import_tickets

GENERIC = "ticket_id,account,priority,status,created_at,subject\n"
ROW = "T-1,A-1,P2,open,2025-11-21T14:05Z,Slow\n"
JIRA_ROW = "OPS-1,High,Open,2025-11-21 14:05"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def imported(tenant: Tenant, directory: Path, text: str | bytes, format: str = "generic", *options: str) -> Ran:
    path = directory / "tickets.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_tickets(tenant, format, path, *options)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_between_columns_is_found(tenant: Tenant, tmp_path: Path, mark: str) -> None:
    report = imported(tenant, tmp_path, (GENERIC + ROW).replace(",", mark))
    assert (report.error, report.json["delimiter"], report.json["tickets_written"]) == ("", mark, 1)


def test_a_line_that_tells_spreadsheets_the_mark_is_none_of_the_headings(tenant: Tenant, tmp_path: Path) -> None:
    report = imported(tenant, tmp_path, "sep=;\r\n" + (GENERIC + "broken\n" + ROW).replace(",", ";"))
    assert report.refused == [(3, "it has 1 columns where the heading has 6")]
    assert Ticket.objects.get().subject == "Slow"


def test_the_mark_and_the_encoding_can_be_said(tenant: Tenant, tmp_path: Path) -> None:
    text = (
        "a,b,c,d,e,f,g,h\n".replace("a,b", "ticket_id;priority;status;created_at;subject;x,y")
        + "T-1;P1;open;2025-11-21;Größe;1,2,3,4,5,6,7,8\n"
    )
    assert "has no column" in imported(tenant, tmp_path, text.encode("mac-roman")).error
    report = imported(tenant, tmp_path, text.encode("mac-roman"), "generic", "--delimiter", "semicolon", "--encoding", "mac-roman")
    assert (report.error, Ticket.objects.get().subject) == ("", "Größe")


def test_utf_16_without_its_mark_is_read_when_it_is_said(tenant: Tenant, tmp_path: Path) -> None:
    report = imported(tenant, tmp_path, (GENERIC + ROW).encode("utf-16-le"), "generic", "--encoding", "utf-16")
    assert (report.error, report.json["tickets_written"]) == ("", 1)


def test_a_column_of_another_name_is_read_when_it_is_said(tenant: Tenant, tmp_path: Path) -> None:
    text = "Nr,Prio,Zustand,Angelegt,Kunde\nT-1,P1,open,2025-11-21,A-1\n"
    account = make.account(tenant, external_id="A-1")
    said = [f"--column={pair}" for pair in ("ticket_id=Nr", "priority=prio", "status=Zustand", "created_at=Angelegt", "account=Kunde")]
    assert imported(tenant, tmp_path, text, "generic", *said).error == ""
    assert Ticket.objects.get().account == account


def test_a_column_can_be_left_out(tenant: Tenant, tmp_path: Path) -> None:
    assert imported(tenant, tmp_path, GENERIC + ROW, "generic", "--column", "subject=").error == ""
    assert Ticket.objects.get().subject == ""


def test_a_choice_that_no_file_could_have_is_named(tenant: Tenant, tmp_path: Path) -> None:
    assert "no value “colour”" in imported(tenant, tmp_path, GENERIC + ROW, "generic", "--column", "colour=Red").error
    assert "has no column “Betreff”" in imported(tenant, tmp_path, GENERIC + ROW, "generic", "--column", "subject=Betreff").error
    assert "VALUE=HEADING" in imported(tenant, tmp_path, GENERIC + ROW, "generic", "--column", "subject").error


def test_each_of_jiras_repeated_columns_may_name_the_account(tenant: Tenant, tmp_path: Path) -> None:
    account = make.account(tenant)
    AccountKey.objects.create(tenant=tenant, source="jira", key="label:aldermoor", account=account)
    heading = "Issue key,Priority,Status,Created,Labels,Comment,Labels,Component/s,Component/s,Comment,Labels\n"
    report = imported(tenant, tmp_path, f"{heading}{JIRA_ROW},urgent,Hi,vip beta,Sync,,Bye,aldermoor\n", "jira")
    ticket = Ticket.objects.get()
    assert (report.error, ticket.account) == ("", account)
    assert ticket.account_keys == ["component:Sync", "label:urgent", "label:vip", "label:beta", "label:aldermoor"]


def test_a_custom_field_and_a_mail_address_may_name_the_account(tenant: Tenant, tmp_path: Path) -> None:
    text = f"Issue key,Priority,Status,Created,Custom field (Customer),Reporter Email\n{JIRA_ROW},Aldermoor,Nora@Aldermoor.example\n"
    assert imported(tenant, tmp_path, text, "jira", "--column", "customfield_10010=Custom field (Customer)").error == ""
    expected = {"customfield_10010:Aldermoor", "domain:aldermoor.example", "requester:nora@aldermoor.example"}
    assert set(Ticket.objects.get().account_keys) == expected


@pytest.mark.parametrize(
    ("start", "word"),
    [(b"\x1f\x8b\x08", "gzip"), (b"PK\x03\x04", "Excel workbook"), (b"\xd0\xcf\x11\xe0", "old Excel"), (b"%PDF-1", "PDF")],
)
def test_what_is_no_text_is_refused_with_what_to_do(tenant: Tenant, tmp_path: Path, start: bytes, word: str) -> None:
    assert word in imported(tenant, tmp_path, start + bytes(2000)).error


def test_a_heading_of_ten_thousand_columns_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    assert "10,000 columns" in imported(tenant, tmp_path, ",".join(map(str, range(10_000))) + "\n1\n").error


def test_a_formula_and_markup_are_data(tenant: Tenant, tmp_path: Path) -> None:
    subject = "=HYPERLINK(1)<script>"
    assert imported(tenant, tmp_path, GENERIC + ROW.replace("Slow", subject)).error == ""
    assert Ticket.objects.get().subject == subject


def test_dates_without_a_time_zone_are_of_the_one_that_is_said(tenant: Tenant, tmp_path: Path) -> None:
    rows = "T-1,A-1,P2,open,2025-07-21 14:05,Slow\nT-2,A-1,P2,open,2025-07-21T14:05Z,Slow\nT-3,A-1,P2,open,2025-07-21 14:05 UTC,Slow\n"
    assert imported(tenant, tmp_path, GENERIC + rows, "generic", "--time-zone", "Europe/Berlin").error == ""
    assert [ticket.created_at.hour for ticket in Ticket.objects.order_by("external_id")] == [12, 14, 14]
    assert "--time-zone" in imported(tenant, tmp_path, GENERIC + rows, "generic", "--time-zone", "Mars/Olympus").error
