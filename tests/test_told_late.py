"""What a ticket system tells only after a scan is no part of what that scan knew, and is no correction of it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts import recorded, scan
from accounts.ingest import TicketRow, upsert
from accounts.models import Account
from accounts.pages.move_lines import tell
from tests import make

HOUR = timedelta(hours=1)


@pytest.fixture
def account(db: None) -> Account:
    return make.account(make.tenant("north"), external_id="A-1")


def told(name: str, opened: datetime, closed: datetime | None = None, *, updated: datetime | None = None) -> TicketRow:
    at = updated or closed or opened
    return TicketRow(
        name, ["account:A-1"], 1, "resolved" if closed else "open", "Slow", opened, closed, int(at.timestamp() * 1000), at
    )  # fmt: skip


def test_a_ticket_told_late_leaves_the_receipt_of_the_scan_before_as_it_was(account: Account) -> None:
    now = timezone.now()
    upsert(account.tenant, "jira", [told("T-1", now - 100 * HOUR)], as_events=True)
    scan.scan_account(account)
    upsert(account.tenant, "jira", [told("T-2", now - 90 * HOUR)], as_events=True)
    scan.scan_account(account)
    second, first = recorded.snapshots(account)[:2]
    assert [ticket.ticket_id for ticket in recorded.receipt(first, account).inputs.tickets] == ["T-1"]
    assert [ticket.ticket_id for ticket in recorded.receipt(second, account).inputs.tickets] == ["T-1", "T-2"]
    move = recorded.moved(first, second, recorded.tickets_at(account, first, second))
    assert (move.change, move.corrected) == (-20, [])
    (line,) = tell(move).parts[1].lines
    assert (line.points, line.text, line.ticket and line.ticket.ticket_id) == (-20, "reported late, opened", "T-2")


def test_an_end_told_late_leaves_the_receipt_of_the_scan_before_as_it_was(account: Account) -> None:
    now = timezone.now()
    upsert(account.tenant, "jira", [told("T-1", now - 100 * HOUR)], as_events=True)
    scan.scan_account(account)
    upsert(account.tenant, "jira", [told("T-1", now - 100 * HOUR, now - 2 * HOUR)], as_events=True)
    scan.scan_account(account)
    second, first = recorded.snapshots(account)[:2]
    assert [ticket.ticket_id for ticket in recorded.receipt(first, account).inputs.tickets] == ["T-1"]
    assert recorded.receipt(second, account).inputs.tickets == ()
    assert recorded.moved(first, second, recorded.tickets_at(account, first, second)).corrected == []


def test_a_reopened_ticket_is_said_to_be_reopened(account: Account) -> None:
    now = timezone.now()
    upsert(account.tenant, "jira", [told("T-1", now - 100 * HOUR, now - 2 * HOUR)], as_events=True)
    scan.scan_account(account)
    upsert(account.tenant, "jira", [told("T-1", now - 100 * HOUR, updated=timezone.now())], as_events=True)
    scan.scan_account(account)
    second, first = recorded.snapshots(account)[:2]
    (line,) = tell(recorded.moved(first, second, recorded.tickets_at(account, first, second))).parts[1].lines
    assert (line.points, line.text) == (-20, "reopened")
