"""The queue as a list: its tabs, filters, orders and pages, and what a row says."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AccountHealth, Escalation, Notification, User
from accounts.pages import queue_reads as reads
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shown(user: User, query: str = "") -> str:
    response = signed_in(user).get(f"/escalations/{query}")
    assert response.status_code == 200
    return response.content.decode()


def listed(user: User, query: str = "") -> list[str]:
    return re.findall(r'<a id="e-\d+"[^>]*>([^<]*)</a>', shown(user, query))


def counted(user: User, query: str = "") -> list[str]:
    return re.findall(r'<a id="tab-[^"]*".*?<span class="n">([^<]*)</span>', shown(user, query))


def row_of(user: User, name: str, query: str = "") -> str:
    """What one row says, without its tags."""
    [found] = [row for row in shown(user, query).split("<tr")[2:] if f">{name}</a>" in row]
    return " ".join(re.sub(r"<[^>]*>", " ", found.split("</tr>")[0].partition(">")[2]).split())


@pytest.fixture
def queue(cast: Cast) -> None:
    """One of each: open (Ann, overdue; Ben), acknowledged (Cid), muted (Dot), resolved (Eve), resolved long ago (Fay)."""
    now = timezone.now()

    def account(name: str, arr: int, **values: Any) -> Account:
        return make.account(cast.tenant, cast.rep, name=name, arr=arr, **values)

    make.waiting(account("Ann", 10), due_at=now - HOUR, opened_at=now - 5 * HOUR)
    make.waiting(account("Ben", 30, tier="strategic"), severity="Amber", reason="early_warning")
    make.waiting(account("Cid", 20), status="acknowledged", acknowledged_at=now, opened_at=now - DAY)
    make.waiting(account("Dot", 40), muted_until=now + DAY)
    make.waiting(account("Eve", 50), status="resolved", resolved_at=now - DAY)
    make.waiting(account("Fay", 60), status="resolved", resolved_at=now - 31 * DAY)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Ann", "Ben", "Cid"]),
        ("?tab=waiting", ["Ann", "Ben"]),
        ("?tab=muted", ["Dot"]),
        ("?tab=resolved", ["Eve"]),
        ("?severity=Amber", ["Ben"]),
        ("?reason=early_warning", ["Ben"]),
        ("?tier=strategic", ["Ben"]),
        ("?owner=none", []),
        ("?sort=arr", ["Ben", "Cid", "Ann"]),
        ("?sort=opened", ["Ben", "Ann", "Cid"]),
        ("?tab=x&sort=y&owner=%00&severity=Green&tier=z&reason=q&after=1:2", ["Ann", "Ben", "Cid"]),
        ("?owner=99999999999999999999&after=0:5:2026-01-01", ["Ann", "Ben", "Cid"]),
        ("?after=9:5:2026-01-01T00:00:00%2B00:00", ["Ann", "Ben", "Cid"]),
        ("?after=0:1:2026-01-01T00:00:00%2B23:59", ["Ann", "Ben", "Cid"]),
        ("?after=0:1:0001-01-01T00:00:00%2B23:59", ["Ann", "Ben", "Cid"]),
    ],
)
def test_the_address_says_which_rows_in_which_order(cast: Cast, queue: None, query: str, expected: list[str]) -> None:
    assert listed(cast.manager, query.replace("%00", "nobody")) == expected


def test_each_tab_says_how_many_it_holds_within_the_filters(cast: Cast, queue: None) -> None:
    assert counted(cast.manager) == ["3", "2", "1", "1"]
    assert counted(cast.manager, "?severity=Amber&tab=muted") == ["1", "1", "0", "0"]


def test_a_thousand_is_as_far_as_tabs_count() -> None:
    assert [reads.in_words(count, count > 1000) for count in (999, 1000, 1001)] == ["999", "1,000", "1,000+"]


def test_the_lowest_score_of_now_leads_when_asked_for(cast: Cast) -> None:
    make.red_account(cast.tenant, cast.rep, name="Worse")
    better = make.account(cast.tenant, cast.rep, name="Better")
    make.scanned(cast.tenant)
    make.waiting(better)
    assert listed(cast.manager, "?sort=score") == ["Worse", "Better"]


def test_an_owner_is_found_by_account_and_by_assignment(cast: Cast) -> None:
    make.waiting(make.account(cast.tenant, cast.rep, name="Own"))
    make.waiting(make.account(cast.tenant, cast.other_rep, name="Given"), assignee=cast.rep)
    make.waiting(make.account(cast.tenant, cast.other_rep, name="Other"))
    assert sorted(listed(cast.rep)) == ["Given", "Own"]
    assert sorted(listed(cast.manager, f"?owner={cast.other_rep.pk}")) == ["Given", "Other"]
    assert '<span class="n">2<span class="vh"> open' in shown(cast.rep), "the badge counts what the list shows"
    assert "Rita Rep assigned" in row_of(cast.manager, "Given")


def test_another_tenant_sees_nothing_of_it(cast: Cast, queue: None) -> None:
    for query in ("", "?tab=muted", "?tab=resolved", f"?owner={cast.rep.pk}"):
        assert listed(cast.stranger, query) == []
    assert counted(cast.stranger) == ["0"] * 4


@pytest.mark.parametrize("query", ["", "?sort=arr", "?sort=opened", "?sort=score", "?tab=waiting", "?tab=resolved", "?tab=muted"])
def test_pages_follow_each_other_without_a_gap_or_a_repeat(cast: Cast, query: str) -> None:
    now = timezone.now()
    state: dict[str, Any] = {"status": "resolved", "resolved_at": now} if query == "?tab=resolved" else {}
    if query == "?tab=muted":
        state = {"muted_until": now + DAY}
    for number in range(9):
        taken = {"status": "acknowledged", "acknowledged_at": now} if number % 2 and not state and "waiting" not in query else {}
        make.waiting(make.account(cast.tenant, cast.rep, arr=number // 2), **(state | taken), due_at=now + (number // 3) * HOUR)
    asked = reads.State.read(QueryDict(query[1:]), cast.manager, {})
    whole, _ = reads.page(asked, cast.manager, now)
    found: list[reads.Row] = []
    after, pages = "", 0
    while pages == 0 or after:
        rows, after = reads.page(replace(asked, after=after), cast.manager, now, 2)
        found, pages = [*found, *rows], pages + 1
    assert [row.id for row in found] == [row.id for row in whole]
    assert (len({row.id for row in found}), pages) == (9, 5)


def test_the_next_page_is_one_link_away(cast: Cast) -> None:
    for number in range(51):
        make.waiting(make.account(cast.tenant, cast.rep, name=f"Nr {number}", arr=1000 - number))
    first = shown(cast.manager, "?sort=arr")
    following = re.search(r'href="/escalations/(\?[^"]*)">Next 50', first)
    assert following
    assert "All 51 that match" in first
    assert listed(cast.manager, following[1].replace("&amp;", "&")) == ["Nr 50"]


def test_a_deep_page_reads_no_more_than_the_first(cast: Cast) -> None:
    now = timezone.now()
    accounts = [make.account(cast.tenant, cast.rep) for _ in range(400)]
    Escalation.objects.bulk_create(
        Escalation(
            tenant=cast.tenant, account=each, reason="early_warning", score=50, rag="Amber", severity="Amber", opened_at=now, due_at=now
        )
        for each in accounts
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_escalation, accounts_account")
        cursor.execute("SET LOCAL enable_seqscan = off")
    state = reads.State()
    first, after = reads.page(state, cast.manager, now)
    for _ in range(6):
        _, after = reads.page(reads.State(after=after), cast.manager, now)
    with CaptureQueriesContext(connection) as queries:
        deep, _ = reads.page(reads.State(after=after), cast.manager, now)
    assert len(deep) == len(first) == 50
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    read = re.search(r"escalation_queue on accounts_escalation escalation_\d \(actual rows=(\d+)", plan)
    assert read, plan
    assert float(read[1]) <= 51, plan


def test_thirty_rows_cost_as_many_queries_as_one(cast: Cast) -> None:
    counts = []
    for more in (1, 29):
        for _ in range(more):
            row = make.waiting(make.red_account(cast.tenant, cast.rep), assignee=cast.other_rep)
            make.draft(row.account, "escalation_outreach", escalation=row)
        client = signed_in(cast.manager)
        with CaptureQueriesContext(connection) as queries:
            client.get("/escalations/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_names_from_outside_stay_text(cast: Cast) -> None:
    name = "<script>alert(1)</script>\"'&"
    User.objects.filter(pk=cast.rep.pk).update(name="<b>Rita</b>")
    account = make.account(cast.tenant, cast.rep, name=name)
    make.ticket(account, days=5, priority=1, external_id="<i>1</i>", subject="<u>x</u>")
    make.scanned(cast.tenant)
    row = make.waiting(account)
    AccountHealth.objects.filter(account=account).update(late_points=20)
    for page in (shown(cast.manager), shown(cast.manager, f"{row.pk}/")):
        assert not re.search(r"<script>alert|<b>Rita|<i>1|<u>x", page)


def test_a_row_tells_what_is_known_of_it(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Halden Freight", tier="strategic", arr=1_800_000)
    make.ticket(account, days=5.1, priority=1, external_id="JIRA-763")
    make.scanned(cast.tenant)
    row = make.waiting(account, severity="Amber", rag="Amber", score=60)
    make.draft(account, "escalation_outreach", escalation=row)
    now = timezone.now()
    for channel, status in (("notion", "delivered"), ("email", "delivered"), ("email", "failed"), ("chat", "pending")):
        delivered = now if status == "delivered" else None
        person = cast.manager if status == "failed" else None
        Notification.objects.create(
            tenant=cast.tenant, kind="opened", channel=channel, recipient=person, escalation=row, status=status, delivered_at=delivered,
            next_try_at=now, created_at=now,
        )  # fmt: skip
    said = row_of(cast.manager, "Halden Freight")
    for words in (
        "Strategic, €1.8M",
        "80 to 60 now 80",
        "P1 JIRA-763 open 5 d",
        "left opened",
        "Rita Rep",
        "In review",
        "Acknowledge Halden Freight",
    ):
        assert words in said
    assert "Notion: delivered. Event bus: not sent. Email: failed. Chat: pending." in said


def test_the_clock_says_how_each_stands(cast: Cast, queue: None) -> None:
    assert "1 h overdue" in row_of(cast.manager, "Ann")
    assert "min left" in row_of(cast.manager, "Ben")
    assert "Acknowledged today" in row_of(cast.manager, "Cid")
    assert "Muted until" in row_of(cast.manager, "Dot", "?tab=muted")
    assert "By hand" in row_of(cast.manager, "Eve", "?tab=resolved")


def test_a_clock_of_working_hours_stands_still_at_night(cast: Cast) -> None:
    cast.tenant.settings = {"working_hours": {"days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "start": "08:00", "end": "18:00"}}
    cast.tenant.save()
    manager = User.objects.get(pk=cast.manager.pk)
    now = timezone.now()
    make.waiting(make.account(cast.tenant, cast.rep, name="Varga Steel"), due_at=now + 3 * DAY, severity="Amber")
    assert re.search(r"(30|29) h.* left", row_of(manager, "Varga Steel"))
    assert "The clock runs Mon to Sun, 08:00 to 18:00." in shown(manager)
