"""A broken row is refused by its line and in plain words; the rows around it are imported."""

from pathlib import Path

import pytest

from accounts.models import Tenant, Ticket
from tests import make
from tests.commands import Ran, import_tickets

HEADING = b"ticket_id,account,priority,status,created_at,closed_at,updated_at,subject\n"
GOOD = b"T-1,A-1,P1,open,2025-11-21T14:05Z,,,Fine\n"
ALSO_GOOD = b"T-9,A-1,P4,open,2025-11-21T14:05Z,,,Fine too\n"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def imported(tenant: Tenant, directory: Path, content: bytes, format: str = "generic", *options: str) -> Ran:
    path = directory / "tickets.csv"
    path.write_bytes(content)
    return import_tickets(tenant, format, path, *options)


def subjects() -> set[str]:
    return set(Ticket.objects.values_list("subject", flat=True))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"T-2,A-1,P1,open,31.11.2025,,,Bad date", "created_at “31.11.2025” is not a date such as 2026-11-21T14:05Z"),
        (b"T-2,A-1,P1,open,0001-01-01T00:00Z,,,Before all", "the year 1 is out of range"),
        (b"T-2,A-1,P1,open,9999-12-31T23:00Z,,,After all", "the date 9999-12-31 23:00 lies in the future"),
        (b"T-2,A-1,P1,open,,,,No date", "created_at has no date"),
        (b"T-2,A-1,P9,open,2025-11-21T14:05Z,,,Bad priority", "the priority “P9” is not known"),
        (b"T-2,A-1,,open,2025-11-21T14:05Z,,,No priority", "the priority is missing"),
        (b"T-2,A-1,P1,frozen,2025-11-21T14:05Z,,,Bad status", "the status “frozen” is not known"),
        (b",A-1,P1,open,2025-11-21T14:05Z,,,No id", "the ticket id is missing"),
        (b"T-2,A-1,P1", "it has 3 columns where the heading has 8"),
        (b"T-2,A-1,P1,open,2025-11-21T14:05Z,,,Long,row", "it has 9 columns where the heading has 8"),
        (b"T-2,A-1,P1,open,2025-11-21T14:05Z,,,NUL\0here", "it contains a NUL byte"),
        (b"T-2,A-1,P1,closed,2025-11-21T14:05Z,,,When?", "the ticket is closed, but no date says since when"),
        (
            b"T-2,A-1,P1,closed,2025-11-21T14:05Z,2025-11-20T14:05Z,,Before",
            "it was closed (2025-11-20 14:05) before it was opened (2025-11-21 14:05)",
        ),
        (b"T-2," + b"A" * 121 + b",P1,open,2025-11-21T14:05Z,,,Long key", "the account is longer than 120 characters"),
        (b'T-2,A-1,P1,open,2025-11-21T14:05Z,,,"Quotes" inside', "its quotation marks do not close"),
        (b"T-2,A-1,P1,open,2025-11-21T14:05Z,,," + b"x" * 140_000, "a value is longer than 131,072 characters"),
    ],
)
def test_a_broken_row_is_refused_by_line_and_reason(tenant: Tenant, tmp_path: Path, row: bytes, reason: str) -> None:
    report = imported(tenant, tmp_path, HEADING + GOOD + row + b"\n" + ALSO_GOOD)
    assert report.refused == [(3, reason)]
    assert "Some rows were refused" in report.error
    assert subjects() == {"Fine", "Fine too"}
    assert (report.json["rows_read"], report.json["tickets_written"]) == (3, 2)


def test_a_quotation_mark_left_open_costs_only_its_own_row(tenant: Tenant, tmp_path: Path) -> None:
    broken = b'T-2,A-1,P1,open,2025-11-21T14:05Z,,,"Never closed\n'
    quoted = b'T-3,A-1,P3,open,2025-11-21T14:05Z,,,"Two\nlines, quoted"\n'
    report = imported(tenant, tmp_path, HEADING + broken + GOOD + quoted + b"\n" + ALSO_GOOD + b"T-4\n")
    assert report.refused == [(2, "its quotation marks do not close"), (8, "it has 1 columns where the heading has 8")]
    assert subjects() == {"Fine", "Fine too", "Two\nlines, quoted"}


def test_a_line_without_end_is_refused_without_reading_it_whole(tenant: Tenant, tmp_path: Path) -> None:
    report = imported(tenant, tmp_path, HEADING + b"x" * 3_000_000 + b"\n" + GOOD)
    assert report.refused == [(2, "it is longer than 1,048,576 characters, or a quotation mark is never closed")]
    assert subjects() == {"Fine"}


@pytest.mark.parametrize(
    ("encoding", "subject"),
    [("utf-8", "Größe – €"), ("utf-8-sig", "Größe"), ("cp1252", "Größe – €"), ("latin-1", "Größe \x81"), ("utf-16", "Größe – €")],
)
def test_the_encoding_is_found_and_said(tenant: Tenant, tmp_path: Path, encoding: str, subject: str) -> None:
    text = HEADING.decode() + f"T-1,A-1,P1,open,2025-11-21T14:05Z,,,{subject}\n"
    report = imported(tenant, tmp_path, text.encode(encoding))
    assert (report.error, report.json["encoding"], subjects()) == ("", encoding, {subject})


def test_blank_lines_are_no_rows(tenant: Tenant, tmp_path: Path) -> None:
    report = imported(tenant, tmp_path, HEADING + b"\n" + GOOD + b"\r\n,,,,,,,\n")
    assert (report.error, report.json["rows_read"]) == ("", 1)


def test_an_empty_file_says_so(tenant: Tenant, tmp_path: Path) -> None:
    assert imported(tenant, tmp_path, b"").error == "The file is empty."


def test_a_file_of_another_kind_names_the_columns_it_lacks(tenant: Tenant, tmp_path: Path) -> None:
    error = imported(tenant, tmp_path, HEADING + GOOD, "servicenow").error
    assert error.startswith("The file has no column “number”, “incident_state” or “state”, “opened_at”, “sys_mod_count”")
    assert "Its columns: “ticket_id”, “account”" in error


def test_an_account_column_that_is_not_there_is_named(tenant: Tenant, tmp_path: Path) -> None:
    error = imported(tenant, tmp_path, HEADING + GOOD, "generic", "--account-column", "Customer").error
    assert error.startswith("The file has no column “Customer”, which generic needs.")


def test_a_missing_file_or_tenant_is_named(tenant: Tenant, tmp_path: Path) -> None:
    assert "No such file" in import_tickets(tenant, "generic", tmp_path / "nothing.csv").error
    assert "cannot be read" in import_tickets(tenant, "generic", tmp_path).error
    path = tmp_path / "tickets.csv"
    path.write_bytes(HEADING)
    assert import_tickets(Tenant(slug="nowhere"), "generic", path).error.startswith("There is no tenant “nowhere”.")


def test_thousands_of_refusals_are_counted_and_the_first_thousand_named(tenant: Tenant, tmp_path: Path) -> None:
    report = imported(tenant, tmp_path, HEADING + b"broken\n" * 1500 + GOOD)
    assert (report.json["refused_count"], len(report.refused), report.json["tickets_written"]) == (1500, 1000, 1)
