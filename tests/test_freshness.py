"""What a score could be where a source stopped reporting, and what people are told of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import freshness, ingest
from accounts.freshness import score_range
from accounts.models import Account, ScanRun, TicketSource
from accounts.scoring import OpenTicket, Policy, Signals, score
from tests import make
from tests.conftest import Cast
from tests.generated import DAY, HOUR, MICROSECOND, policies, spans
from tests.test_account_page import page_of, text
from tests.test_portfolio_page import shown, signed_in

AT = datetime(2026, 3, 2, 7, tzinfo=UTC)
ages = spans(3 * DAY, timedelta()).filter(lambda age: age >= timedelta())
opened = st.builds(lambda age, priority, name: OpenTicket(str(name), priority, AT - age), ages, st.integers(1, 4), st.uuids())
beat = st.none() | spans(72 * HOUR, 144 * HOUR).map(lambda age: AT - max(age, timedelta()))
since = st.sampled_from([HOUR, DAY, 3 * DAY, 3 * DAY + MICROSECOND, 3 * DAY + 2 * MICROSECOND, 9 * DAY])


@st.composite
def continuations(draw: st.DrawFn, signals: Signals, as_of: datetime) -> tuple[OpenTicket, ...]:
    """The tickets open at AT as they could have become since: each resolved, kept or raised, and new ones opened."""
    fates = [draw(st.sampled_from(["resolved", "kept", "raised"])) for _ in signals.tickets]
    kept = [
        OpenTicket(ticket.ticket_id, 1 if fate == "raised" else ticket.priority, ticket.created_at)
        for ticket, fate in zip(signals.tickets, fates, strict=True)
        if fate != "resolved"
    ]
    window = int((AT - as_of) / MICROSECOND)
    new = draw(st.lists(st.tuples(st.integers(1, window) | st.just(1), st.integers(1, 4)), max_size=12))
    return (*kept, *(OpenTicket(f"new {n}", priority, as_of + us * MICROSECOND) for n, (us, priority) in enumerate(new)))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(opened, max_size=9), st.lists(opened, max_size=4), beat, policies(), since)
def test_whatever_may_have_happened_scores_within_the_range(
    data: st.DataObject, tickets: list[OpenTicket], certain: list[OpenTicket], last: datetime | None, policy: Policy, ago: timedelta
) -> None:
    as_of = AT - ago
    signals = Signals(tuple(t for t in tickets if t.created_at <= as_of), last)
    found = score_range(signals, policy, AT, as_of, as_of, tuple(certain))
    happened = data.draw(continuations(signals, as_of))
    came = last
    if last is not None and data.draw(st.booleans()):
        came = max(last, as_of + data.draw(st.integers(1, int(ago / MICROSECOND))) * MICROSECOND)
    value = score(Signals((*certain, *happened), came), policy, AT).score
    assert found.worst <= value <= found.best


@given(st.lists(opened, max_size=9), st.lists(opened, max_size=4), beat, policies(), since)
def test_both_ends_of_the_range_can_come_about(
    tickets: list[OpenTicket], certain: list[OpenTicket], last: datetime | None, policy: Policy, ago: timedelta
) -> None:
    as_of = AT - ago
    found = score_range(Signals(tuple(tickets), last), policy, AT, as_of, as_of, tuple(certain))
    assert found.best == score(Signals(tuple(certain), last and AT), policy, AT).score
    raised = [OpenTicket(ticket.ticket_id, 2, ticket.created_at) for ticket in tickets]
    enough = policy.free_tickets + 101
    new = [OpenTicket(f"new {n}", 2, as_of + MICROSECOND) for n in range(enough)]
    assert found.worst == score(Signals((*certain, *raised, *new), last), policy, AT).score


@given(st.lists(opened, max_size=9), beat, policies())
def test_where_all_is_fresh_the_range_is_the_score(tickets: list[OpenTicket], last: datetime | None, policy: Policy) -> None:
    signals = Signals(tuple(tickets), last)
    found = score_range(signals, policy, AT, None, None)
    assert (found.worst, found.best, found.reasons) == (*[score(signals, policy, AT).score] * 2, ())


def test_a_silence_that_may_not_be_one_is_given_back_at_best() -> None:
    signals = Signals((), AT - 80 * HOUR)
    found = score_range(signals, Policy(), AT, None, AT - 30 * HOUR)
    assert (found.worst, found.best, found.best_rag, found.reasons) == (85, 100, "Green", ("heartbeats",))


@pytest.fixture
def account(cast: Cast) -> Account:
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=4, priority=1, source="jira")
    make.scanned(cast.tenant)
    return account


def source(of: Account, name: str = "jira", **ago: float) -> TicketSource:
    return TicketSource.objects.create(tenant=of.tenant, source=name, reported_at=timezone.now() - timedelta(**ago))


def test_an_import_says_up_to_when_its_source_is_known(cast: Cast) -> None:
    before = timezone.now()
    ingest.upsert(cast.tenant, "jira", [])
    first = TicketSource.objects.get()
    ingest.upsert(cast.tenant, "jira", [])
    again = TicketSource.objects.get()
    assert (again.tenant, again.source, again.is_in_use) == (cast.tenant, "jira", True)
    assert before < first.reported_at < again.reported_at


def test_a_fresh_source_shows_its_time_and_no_range(cast: Cast, account: Account) -> None:
    source(account, hours=2)
    page = page_of(cast, account)
    assert "Could be" not in page
    assert known_up_to(page).startswith("Jira")


def known_up_to(page: str) -> str:
    """The list of sources beside the dial."""
    return text(page.split('class="asof"')[1].split("<li>", 1)[1].split("</ul>")[0]).strip()


def test_a_stale_source_shows_the_range_and_why(cast: Cast, account: Account) -> None:
    source(account, days=3, hours=2)
    page = text(page_of(cast, account))
    assert "Could be 15 to 100 now: Jira last reported" in page.replace("  ", " ")
    assert "3 d 2 h ago." in page


def test_sources_without_tickets_of_the_account_do_not_matter_to_it(cast: Cast, account: Account) -> None:
    source(account, hours=2)
    source(account, "zendesk", days=9)
    assert "Zendesk" not in known_up_to(page_of(cast, account))
    other = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    assert "Zendesk" in known_up_to(page_of(cast, other))


def test_tickets_of_a_fresh_system_stay_certain(cast: Cast, account: Account) -> None:
    make.ticket(account, days=1, priority=4, source="zendesk")
    source(account, days=3, hours=2)
    source(account, "zendesk", hours=1)
    type(account.tickets.get(source="jira")).objects.filter(source="jira").update(source="zendesk")
    make.ticket(account, source="jira", status="closed", days=20)
    assert "Could be 15 to 80 now" in text(page_of(cast, account)).replace("  ", " ")


def test_a_system_out_of_use_is_never_stale(cast: Cast, account: Account) -> None:
    TicketSource.objects.filter(pk=source(account, days=30).pk).update(is_in_use=False)
    page = page_of(cast, account)
    assert "Could be" not in page
    assert 'class="asof"' not in page


def test_heartbeats_are_stale_when_nobodys_came_not_when_one_account_is_silent(cast: Cast, account: Account) -> None:
    other, now = make.account(cast.tenant, cast.rep), timezone.now()
    make.heartbeat(account, now - timedelta(hours=100))
    make.heartbeat(other, now - timedelta(hours=1))
    run = make.scanned(cast.tenant)
    assert "Could be" not in page_of(cast, account)
    ScanRun.objects.filter(pk=run.pk).update(heartbeats_as_of=now - timedelta(hours=90))
    page = text(page_of(cast, account)).replace("  ", " ")
    assert "Could be 65 to 80 now: heartbeats of all accounts stopped" in page
    assert "Could be" not in page_of(cast, other)  # its own came later
    never = make.account(cast.tenant, cast.rep)
    assert "Heartbeats" not in text(page_of(cast, never).split('class="verdict"')[1].split("</div>")[0])


def test_the_portfolio_warns_in_a_line(cast: Cast, account: Account) -> None:
    assert "scores may be off" not in shown(cast.rep)
    assert freshness.stale_sources(cast.tenant, timezone.now()) == []
    row = source(account, days=3, hours=2)
    with CaptureQueriesContext(connection) as queries:
        found = freshness.stale_sources(cast.tenant, timezone.now())
    assert [each.name for each in found] == ["Jira"]
    assert len(queries) == 1
    make.scanned(cast.tenant)
    assert "Jira last reported 3 d 2 h ago: scores may be off." in shown(cast.rep)
    assert "scores may be off" not in shown(cast.stranger)
    TicketSource.objects.filter(pk=row.pk).update(reported_at=timezone.now())
    make.scanned(cast.tenant)
    assert "scores may be off" not in shown(cast.rep)


def test_an_admin_unticks_what_stopped_on_purpose(cast: Cast, account: Account) -> None:
    row = source(account, days=3)
    address = f"/admin/accounts/ticketsource/{row.pk}/change/"
    assert signed_in(cast.admin).post(address, {}).status_code == 302
    row.refresh_from_db()
    assert not row.is_in_use
    assert signed_in(make.user(cast.stranger.tenant, "admin")).get(address).status_code == 302  # not found: back to the index
