"""The history of an account as people see it: what moved it between two scans, any moment of the past, receipts."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import receipts, scan
from accounts.models import Account, HealthSnapshot, Heartbeat, ScanRun, ScoringPolicy, Ticket
from tests import make
from tests.conftest import Cast
from tests.test_account_page import text
from tests.test_portfolio_page import HOSTILE, signed_in

DAY = timedelta(days=1)


def scanned(account: Account, at: datetime) -> ScanRun:
    return scan.scan_tenant(account.tenant, at=at)


@pytest.fixture
def account(cast: Cast) -> Account:
    """Three scans: 100; then one of two urgent tickets late, and the heartbeat silent; then that ticket resolved."""
    row, now = make.account(cast.tenant, cast.rep, name="Halden Freight"), timezone.now()
    make.ticket(row, days=8, priority=1, external_id="OPS-1", subject="Sync is down")
    make.heartbeat(row, now - 8 * DAY)
    scanned(row, now - 7 * DAY)
    make.ticket(row, days=3.5, priority=4, external_id="OPS-2")
    scanned(row, now - 3 * DAY)
    Ticket.objects.filter(external_id="OPS-1").update(status="closed", closed_at=now - 2 * DAY)
    scanned(row, now - DAY)
    return row


def page(client: Client, account: Account, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/accounts/{account.pk}/history/{query}")
    assert answer.status_code == status
    return answer.content.decode()


def parts(shown: str) -> dict[str, int]:
    """Points of each part, and of the change, as shown."""
    table = shown.split('<table class="tbl move">')[1].split("</table>")[0]
    found = re.findall(r'<td class="num"><b>([+−±]\d+)</b></td><(?:th[^>]*|td[^>]*><b)>([\w ]+?)(?: <|<)', table)
    return {name: int(points.replace("−", "-").replace("±", "")) for points, name in found}


def lines(shown: str) -> list[str]:
    table = shown.split('<table class="tbl move">')[1].split("<tfoot>")[0]
    return [text(row).strip() for row in table.split('<tr class="part">') for row in row.split("<tr>")[1:]]


def test_the_account_page_tells_what_moved_the_score_when_it_last_changed(cast: Cast, account: Account) -> None:
    shown = signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
    assert parts(shown) == {"Time passing": -15, "Events": 20, "Policy": 0, "Change": 5}
    told = lines(shown)[1:]
    assert any(line.startswith("−15 Heartbeat silent for 6 d") for line in told)
    assert any(line.startswith("+20 P1 OPS-1 resolved Sync is down") for line in told)


def test_any_two_scans_are_compared_whichever_is_named_first(cast: Cast, account: Account) -> None:
    client = signed_in(cast.other_rep)
    first, middle, last = ScanRun.objects.order_by("at")
    for before, after, expected in [
        (first, middle, {"Time passing": -35, "Events": 0, "Policy": 0, "Change": -35}),
        (middle, first, {"Time passing": -35, "Events": 0, "Policy": 0, "Change": -35}),
        (first, last, {"Time passing": -50, "Events": 20, "Policy": 0, "Change": -30}),
    ]:
        assert parts(page(client, account, f"?before={before.pk}&after={after.pk}")) == expected
    assert "At no cost: 1 ticket opened." in text(page(client, account, f"?before={first.pk}&after={middle.pk}"))


def test_a_limit_that_an_event_forestalled_is_told_as_what_would_have_been(cast: Cast, account: Account) -> None:
    now = timezone.now()
    make.ticket(account, days=7.5, priority=2, external_id="OPS-3")
    before = scanned(account, now - 6.9 * DAY)
    Ticket.objects.filter(external_id="OPS-3").update(status="closed", closed_at=now - 6.5 * DAY)
    Heartbeat.objects.update(last_at=now - 2 * DAY)
    after = scanned(account, now)
    told = lines(page(signed_in(cast.rep), account, f"?before={before.pk}&after={after.pk}"))
    assert any(line.startswith("−20 P2 OPS-3 would be open for 3 days") for line in told)
    assert any(line.startswith("+20 P2 OPS-3 resolved") for line in told)
    assert any(re.match("−15 Heartbeat of .* 3 d old", line) for line in told)
    assert any(line.startswith("+30 Heartbeat back, last seen") for line in told)


def test_another_policy_is_told_with_the_numbers_that_changed(cast: Cast, account: Account) -> None:
    old = cast.tenant.policies.get()
    ScoringPolicy.objects.filter(pk=old.pk).update(status="retired")
    ScoringPolicy.objects.create(tenant=cast.tenant, version=2, status="active", activated_at=timezone.now(), very_silent_points=45)
    scanned(account, timezone.now())
    shown = page(signed_in(cast.rep), account)
    assert parts(shown) == {"Time passing": 0, "Events": 0, "Policy": -15, "Change": -15}
    assert "Version 1 → 2: very silent points 30 → 45" in text(shown)


def test_records_corrected_afterwards_are_a_line_of_their_own_so_that_the_sum_stays_true(cast: Cast, account: Account) -> None:
    first, middle, _ = ScanRun.objects.order_by("at")
    Ticket.objects.filter(external_id="OPS-1").update(priority=3)
    shown = page(signed_in(cast.rep), account, f"?before={first.pk}&after={middle.pk}")
    assert parts(shown) == {"Time passing": -15, "Events": 0, "Policy": 0, "Records corrected afterwards": -20, "Change": -35}
    assert "found 65. By the records of today it would find 85." in text(shown)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?before={first}&after={first}", "This is the same scan twice."),
        ("?before={first}&after=999999", "This scan is not among those of the account"),
        ("?before={first}&after=abc", "This scan is not among those of the account"),
        ("?before={first}", "Choose a scan."),
        ("?at=", "Choose a date and a time."),
        ("?at=yesterday", "This is not a date and time."),
        ("?at=2026-13-01T00:00", "This is not a date and time."),
        ("?at=0001-01-01T00:00%2B23:00", "This is not a date and time."),
        ("?at=1850-01-01T00:00", "before 1990"),
        ("?at=2100-01-01T00:00", "This lies in the future."),
        ("?at=" + "9" * 400, "This is not a date and time."),
    ],
)
def test_what_cannot_be_answered_says_why_in_place(cast: Cast, account: Account, query: str, says: str) -> None:
    first = ScanRun.objects.earliest().pk
    assert says in page(signed_in(cast.rep), account, query.format(first=first), status=422)


def test_as_of_shows_the_score_of_that_moment_with_its_reasons(cast: Cast, account: Account) -> None:
    at = timezone.localtime(timezone.now() - 2.5 * DAY)
    shown = text(page(signed_in(cast.rep), account, f"?at={at:%Y-%m-%dT%H:%M}").split('id="h-asof"')[1])
    assert "65 Amber" in shown
    assert "−20 P1 OPS-1 Sync is down 5 d 12 h" in shown.replace("5 d 11 h", "5 d 12 h")
    assert "−15 Heartbeat silent 5 d" in shown
    assert "Tickets open then 2" in shown
    assert "OPS-2" in shown
    long_ago = text(page(signed_in(cast.rep), account, "?at=2001-01-01T00:00"))
    assert "No open ticket and no heartbeat is on record for that moment" in long_ago
    assert "adopted later: none was in force yet" in long_ago


def test_the_clock_is_that_of_the_tenant_even_on_the_nights_it_is_changed(cast: Cast, account: Account) -> None:
    type(cast.tenant).objects.update(time_zone="Europe/Berlin")
    Ticket.objects.create(
        tenant=cast.tenant, account=account, source="generic", external_id="NIGHT", priority=3, status="closed",
        created_at=datetime(2025, 10, 26, 0, 45, tzinfo=UTC), closed_at=datetime(2025, 10, 26, 1, 45, tzinfo=UTC),
    )  # fmt: skip
    client = signed_in(cast.rep)
    assert "never showed 02:30 on that day: they were put forward" in page(client, account, "?at=2025-03-30T02:30", status=422)
    twice = page(client, account, "?at=2025-10-26T02:30", status=422)
    assert "showed 02:30 twice on that day" in twice
    links = re.findall(r'href="[^"]+(\?[^"]*fold=[01])#h-asof"', twice)
    shown = [page(client, account, link.replace("&amp;", "&")) for link in links]
    assert ["NIGHT" in each.split('id="h-asof"')[1] for each in shown] == [False, True]
    assert "NIGHT" in page(client, account, "?at=2025-10-26T01:00%2B00:00").split('id="h-asof"')[1]


def test_a_receipt_is_a_file_that_holds(cast: Cast, account: Account) -> None:
    run = ScanRun.objects.latest()
    answer = signed_in(cast.rep).get(f"/accounts/{account.pk}/receipts/{run.pk}/")
    assert answer.headers["Content-Type"] == "application/json"
    name = f"receipt-{account.external_id.lower()}-{run.pk}.json"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert receipts.check(answer.content)[1] == []
    assert json.loads(answer.content)["result"]["score"] == HealthSnapshot.objects.get(scan=run).score


def test_a_receipt_that_cannot_be_made_says_why_and_leads_back(cast: Cast, account: Account) -> None:
    run = ScanRun.objects.earliest()
    Ticket.objects.filter(external_id="OPS-1").update(priority=4)
    answer = signed_in(cast.rep).get(f"/accounts/{account.pk}/receipts/{run.pk}/")
    assert answer.status_code == 409
    shown = text(answer.content.decode())
    assert "it counted 1 P1 and P2 tickets, now 0 are known of then" in shown
    assert f"Back to the history of {account}" in shown


def test_scans_and_receipts_of_others_are_not_found(cast: Cast, account: Account) -> None:
    theirs = make.account(cast.stranger.tenant)
    foreign = scan.scan_tenant(cast.stranger.tenant)
    client = signed_in(cast.rep)
    for path in (
        f"{theirs.pk}/history/",
        f"{theirs.pk}/receipts/{foreign.pk}/",
        f"{account.pk}/receipts/{foreign.pk}/",
        f"{account.pk}/receipts/{10**30}/",
    ):
        assert client.get(f"/accounts/{path}").status_code == 404


def test_an_account_without_scans_or_with_one_says_what_comes(cast: Cast) -> None:
    row, client = make.account(cast.tenant, cast.rep), signed_in(cast.rep)
    assert "Not scanned yet" in page(client, row)
    make.scanned(cast.tenant)
    assert "One scan so far" in page(client, row)
    assert "nothing to compare it with yet" in client.get(f"/accounts/{row.pk}/").content.decode()


def test_a_long_history_is_paged_and_costs_no_more_queries(cast: Cast) -> None:
    row, client, now = make.account(cast.tenant, cast.rep), signed_in(cast.rep), timezone.now()
    counts: list[int] = []
    for scans in (3, 100):
        for number in range(scans):
            make.ticket(row, days=9, priority=1 + number % 4)
            scanned(row, now - timedelta(minutes=len(counts) * 1000 + number))
        with CaptureQueriesContext(connection) as queries:
            shown = page(client, row, "?at=2020-01-01T00:00")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
    assert shown.count("/receipts/") == 90
    older = re.findall(r'href="[^"]+(\?older=\d+)', shown)[0]
    assert page(client, row, older).count("/receipts/") == 13
    assert page(client, row, "?older=999999999").count("/receipts/") == 90


def test_scans_older_than_those_on_offer_are_compared_when_a_link_names_them(
    cast: Cast, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.views.history.COMPARABLE", 2)
    first, _, last = ScanRun.objects.order_by("at")
    client = signed_in(cast.rep)
    assert page(client, account).count("<option") == 4
    assert parts(page(client, account, f"?before={first.pk}&after={last.pk}"))["Change"] == -30


def test_htmx_gets_the_part_and_hostile_text_is_shown_as_text(cast: Cast, account: Account) -> None:
    Ticket.objects.update(subject=HOSTILE)
    make.ticket(account, days=5, priority=1, external_id=HOSTILE)
    scanned(account, timezone.now())
    at = timezone.now() - DAY
    answer = signed_in(cast.rep).get(f"/accounts/{account.pk}/history/?at={at:%Y-%m-%dT%H:%M}", headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert "<html" not in shown
    assert json.loads(answer.headers["HX-Trigger"]) == {"said": {"text": "50, Amber, at that moment."}}
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
