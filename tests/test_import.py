"""Files of tickets as ServiceNow, Jira and Zendesk export them, and tamdash's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.ingest import TicketRow, upsert
from accounts.models import Account, Tenant, Ticket
from tests import make
from tests.commands import import_tickets, run

LOG = Path(__file__).parent / "data" / "servicenow_incident_log.csv"
LOCATIONS = ("--account-column", "location", "--create-accounts")
JIRA = "Issue key,Priority,Status,Status Category,Created,Updated,Resolved,Summary,Custom field (Organizations)\n"
ZENDESK = "ID,Priority,Status,Created at,Updated at,Solved at,Subject,Organization\n"
GENERIC = "ticket_id,account,priority,status,created_at,closed_at,updated_at,subject\n"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north")


def file(directory: Path, text: str) -> Path:
    path = directory / "tickets.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_year_of_real_incidents_scores_as_worked_out_by_hand(tenant: Tenant) -> None:
    report = import_tickets(tenant, "servicenow", LOG, *LOCATIONS)
    assert (report.error, report.refused) == ("", [])
    assert {name: report.json[name] for name in ("rows_read", "tickets_written", "unchanged", "unmatched", "accounts_created")} == {
        "rows_read": 5998,
        "tickets_written": 890,
        "unchanged": 0,
        "unmatched": 0,
        "accounts_created": 85,
    }
    answers = {"2016-03-01T00:00Z": (0, 0, 85, 6, 75), "2016-03-05": (2, 1, 82, 9, 15), "2016-03-07": (2, 3, 80, 13, 15)}
    for at, expected in answers.items():
        found = run("scan", "--at", at, "--tenant", tenant.slug, "--json").json
        below = [score for score in found["scores"].values() if score < 100]
        assert (found["red"], found["amber"], found["green"], len(below), min(below)) == expected
        assert found["scores"]["Location 204"] == min(below)


def test_importing_the_same_file_again_changes_nothing(tenant: Tenant) -> None:
    import_tickets(tenant, "servicenow", LOG, *LOCATIONS)
    before = list(Ticket.objects.order_by("id").values_list())
    again = import_tickets(tenant, "servicenow", LOG, *LOCATIONS)
    assert (again.json["tickets_written"], again.json["unchanged"], again.json["accounts_created"]) == (0, 890, 0)
    assert list(Ticket.objects.order_by("id").values_list()) == before


def test_the_state_with_the_highest_count_wins_whatever_the_order_of_rows(tenant: Tenant, tmp_path: Path) -> None:
    heading = "number,incident_state,sys_mod_count,opened_at,priority,category,subcategory,u_symptom,location,resolved_at,closed_at\n"
    last = "INC1,Closed,10,29-02-2016 01:16,1 - Critical,Network,VPN,?,Bonn,?,05-03-2016 12:00\n"
    first = "INC1,New,9,29-02-2016 01:16,3 - Moderate,Network,?,?,Bonn,29-02-2016 11:29,05-03-2016 12:00\n"
    make.account(tenant, external_id="Bonn")
    import_tickets(tenant, "servicenow", file(tmp_path, heading + last + first))
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.priority, ticket.subject) == ("closed", 1, "Network / VPN")
    assert ticket.closed_at == datetime(2016, 3, 5, 12, tzinfo=UTC)
    older = import_tickets(tenant, "servicenow", file(tmp_path, heading + first))
    assert (older.json["tickets_written"], older.json["unchanged"]) == (0, 1)
    assert Ticket.objects.get().status == "closed"


def test_a_jira_export_is_read_in_jiras_own_words(tenant: Tenant, tmp_path: Path) -> None:
    account = make.account(tenant, external_id="Aldermoor")
    rows = (
        "OPS-1,Blocker,Waiting for customer,In Progress,21/Nov/25 2:05 PM,21/Nov/25 12:30 AM,,Sync is down,Aldermoor\n"
        'OPS-2,Low,Released,Done,2025-11-01 09:00,2025-11-03 10:00,2025-11-02 08:00,"Typo, again",Aldermoor\n'
        "OPS-3,,Escalated,In Progress,2025-11-01T09:00:00.000+0100,2025-11-01T09:00:00.000+0100,,Slow,Elsewhere\n"
    )
    report = import_tickets(tenant, "jira", file(tmp_path, JIRA + rows))
    assert (report.error, report.json["tickets_written"], report.json["unmatched"]) == ("", 3, 1)
    down, typo, slow = Ticket.objects.order_by("external_id")
    assert (down.account, down.priority, down.status) == (account, 1, "pending")
    assert down.created_at == datetime(2025, 11, 21, 14, 5, tzinfo=UTC)
    assert (typo.priority, typo.status, typo.subject) == (4, "resolved", "Typo, again")
    assert typo.closed_at == datetime(2025, 11, 2, 8, tzinfo=UTC)
    assert (slow.account, slow.account_key, slow.priority, slow.status) == (None, "Elsewhere", 3, "open")
    assert slow.created_at == datetime(2025, 11, 1, 8, tzinfo=UTC)


def test_a_zendesk_export_is_read_in_zendesks_own_words(tenant: Tenant, tmp_path: Path) -> None:
    rows = (
        "101,Urgent,Hold,2025-11-21 14:05:33 UTC,2025-11-21 15:00:00 UTC,,Import stuck,Aldermoor\n"
        "102,-,Solved,2025-11-21 14:05,2025-11-22 10:00,2025-11-22 09:00,Question,Aldermoor\n"
    )
    import_tickets(tenant, "zendesk", file(tmp_path, ZENDESK + rows), "--create-accounts")
    stuck, question = Ticket.objects.order_by("external_id")
    assert (stuck.priority, stuck.status, stuck.closed_at) == (1, "pending", None)
    assert (question.priority, question.status, question.closed_at) == (3, "resolved", datetime(2025, 11, 22, 9, tzinfo=UTC))
    assert Account.objects.get().name == "Aldermoor"


def test_tamdashs_own_format_with_semicolons_as_a_spreadsheet_saves_it(tenant: Tenant, tmp_path: Path) -> None:
    text = (GENERIC + "T-1,A-1,P2,open,2025-11-21T14:05,,2025-11-21T14:05,Slow\n").replace(",", ";")
    assert import_tickets(tenant, "generic", file(tmp_path, text)).json["tickets_written"] == 1
    assert Ticket.objects.get().priority == 2


def test_an_unknown_account_is_kept_and_matched_once_it_exists(tenant: Tenant, tmp_path: Path) -> None:
    path = file(tmp_path, GENERIC + "T-1,New Co,P2,open,2025-11-21T14:05Z,,,Slow\nT-2,,P2,open,2025-11-21T14:05Z,,,No one's\n")
    assert import_tickets(tenant, "generic", path).json["unmatched"] == 2
    report = import_tickets(tenant, "generic", path, "--create-accounts")
    assert (report.json["accounts_created"], report.json["tickets_written"], report.json["unmatched"]) == (1, 1, 1)


def test_a_match_made_by_hand_survives_the_next_import(tenant: Tenant, tmp_path: Path) -> None:
    path = file(tmp_path, GENERIC + "T-1,New Co,P2,open,2025-11-21T14:05Z,,,Slow\n")
    import_tickets(tenant, "generic", path)
    Ticket.objects.update(account=make.account(tenant))
    report = import_tickets(tenant, "generic", path)
    assert (report.json["unchanged"], report.json["unmatched"]) == (1, 0)


def test_accounts_of_another_tenant_are_never_matched(tenant: Tenant, tmp_path: Path) -> None:
    make.account(make.tenant("south"), external_id="Aldermoor")
    report = import_tickets(tenant, "generic", file(tmp_path, GENERIC + "T-1,Aldermoor,P2,open,2025-11-21T14:05Z,,,Slow\n"))
    assert report.json["unmatched"] == 1


def test_a_closing_date_in_the_future_means_closed_by_now_and_stays_put(tenant: Tenant, tmp_path: Path) -> None:
    path = file(tmp_path, GENERIC + "T-1,A-1,P2,closed,2025-11-21T14:05Z,2999-01-01T00:00Z,,Planned\n")
    import_tickets(tenant, "generic", path)
    closed_at = Ticket.objects.get().closed_at
    assert closed_at is not None
    assert timezone.now() - closed_at < timedelta(minutes=1)
    assert import_tickets(tenant, "generic", path).json["unchanged"] == 1
    assert Ticket.objects.get().closed_at == closed_at


def test_a_reopened_ticket_loses_its_closing_date(tenant: Tenant) -> None:
    opened = datetime(2025, 11, 1, tzinfo=UTC)
    closed = TicketRow("T-1", ["account:A-1"], 2, "closed", "Slow", opened, opened + timedelta(days=1), 5)
    reopened = TicketRow("T-1", ["account:A-1"], 2, "open", "Slow", opened, None, 6)
    assert upsert(tenant, "generic", [closed]).written == 1
    assert upsert(tenant, "generic", [reopened, closed]).written == 1
    assert upsert(tenant, "generic", [closed]).written == 0
    assert Ticket.objects.get().closed_at is None
