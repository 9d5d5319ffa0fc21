"""The one door for tickets: whatever order, repetition and batches a ticket's events come in, the same is known in the end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import scan
from accounts.ingest import RefusedRow, TicketRow, upsert
from accounts.ingest.intervals import State, intervals
from accounts.models import AccountKey, OpenInterval, Tenant, Ticket, TicketState
from tests import make
from tests.stored import many

OPENED = datetime(2026, 11, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICKET = ("priority", "status", "subject", "account_key", "account_id", "closed_at", "source_version", "source_updated_at", "deleted_at")
INTERVAL = ("account_id", "priority", "open_from", "closed_at")


def state(hours: int, status: str = "open", priority: int = 2, account: str = "A-1", subject: str = "Slow", **values: Any) -> TicketRow:
    """What the source says `hours` after the ticket was opened."""
    at = OPENED + hours * HOUR
    ended = values.pop("closed_at", at)
    return TicketRow(
        "T-1",
        [f"account:{account}"],
        priority,
        status,
        subject,
        OPENED,
        ended if status in ("resolved", "closed") else None,
        int(at.timestamp() * 1000),
        at,
        source_status=status,
        source_priority=str(priority),
        **values,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[TicketRow]:
    """A ticket's states in their order: resolved and reopened, raised and lowered, moved between two accounts and an unknown one."""
    hours = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=6)))
    return [
        state(
            hour,
            draw(st.sampled_from(("open", "pending", "resolved", "closed"))),
            draw(st.integers(1, 4)),
            draw(st.sampled_from(("A-1", "A-2", "Nobody"))),
            closed_at=OPENED + draw(st.integers(0, hour)) * HOUR,
        )
        for hour in hours
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[TicketRow], list[list[TicketRow]]]:
    """A history, and the same in any order, with repeats, in batches."""
    history = draw(histories())
    events = draw(st.permutations(history + draw(st.lists(st.sampled_from(history), max_size=4))))
    cuts = sorted(draw(st.sets(st.integers(0, len(events)), max_size=3)) | {0, len(events)})
    return history, [events[start:end] for start, end in pairwise(cuts)]


def two_accounts(slug: str) -> Tenant:
    tenant = make.tenant(slug)
    for name in ("A-1", "A-2"):
        make.account(tenant, external_id=name)
    return tenant


def known(tenant: Tenant) -> tuple[list[Any], list[Any]]:
    """The ticket, and when it was open, with accounts by their name."""
    names = dict(tenant.accounts.values_list("pk", "external_id"))
    tickets = [{**row, "account_id": names.get(row["account_id"])} for row in tenant.tickets.values(*TICKET)]
    intervals = OpenInterval.objects.filter(tenant=tenant).order_by("open_from", "priority").values(*INTERVAL)
    open_ones = [row for row in intervals if row["closed_at"] is None or row["closed_at"] > row["open_from"]]
    return tickets, [{**row, "account_id": names.get(row["account_id"])} for row in open_ones]


@pytest.mark.django_db
@settings(many, max_examples=40)
@given(deliveries())
def test_any_order_and_repetition_of_events_ends_in_the_same_state(given_: tuple[list[TicketRow], list[list[TicketRow]]]) -> None:
    history, batches = given_
    with transaction.atomic():
        one, other = two_accounts("in-order"), two_accounts("any-order")
        for event in history:
            upsert(one, "generic", [event], as_events=True)
        for batch in batches:
            upsert(other, "generic", batch, as_events=True)
        expected = known(one)
        found = known(other)
        transaction.set_rollback(True)
    assert found == expected


def open_by_hand(history: Sequence[TicketRow], at: datetime) -> tuple[int, str] | None:
    """Whether the ticket was open at an instant, with which priority and account: the last state told by then decides, and a later one
    may say that it had ended before."""
    told = [row for row in history[1:] if row.source_updated_at and row.source_updated_at <= at]
    last = told[-1] if told else history[0]
    following = [] if last.closed_at else history[history.index(last) + 1 :]
    end = last.closed_at or next((row.closed_at for row in following if row.closed_at), None)
    is_over = end is not None and (end <= at or (last.closed_at is not None and bool(told)))
    return None if is_over else (last.priority, last.account_keys[0])


@settings(max_examples=300)
@given(histories(), st.integers(0, 45))
def test_when_it_was_open_is_what_the_states_say_instant_by_instant(history: list[TicketRow], hour: int) -> None:
    keys = {"account:A-1": 1, "account:A-2": 2, "account:Nobody": None}
    states = [State(row.source_updated_at, row.status, row.priority, keys[row.account_keys[0]], row.closed_at) for row in history]
    at = OPENED + hour * HOUR + timedelta(minutes=30)
    found = [each for each in intervals(OPENED, states) if each.start <= at and (each.end is None or at < each.end)]
    by_hand = open_by_hand(history, at)
    assert [(each.priority, each.account) for each in found] == ([] if by_hand is None else [(by_hand[0], keys[by_hand[1]])])


@pytest.mark.django_db
def test_a_reopened_ticket_was_not_open_in_between() -> None:
    tenant = two_accounts("north")
    upsert(tenant, "generic", [state(0, priority=1), state(10, "resolved", 1), state(100, priority=1)], as_events=True)
    counts = [next(scan.scores_at(tenant, OPENED + hours * HOUR)).total_open_tickets for hours in (5, 50, 101)]
    assert counts == [1, 0, 1]
    assert tenant.tickets.get().age_days(OPENED + 240 * HOUR) == 10


@pytest.mark.django_db
def test_a_ticket_that_moved_counts_for_each_account_in_its_time() -> None:
    tenant = two_accounts("north")
    upsert(tenant, "generic", [state(0), state(48, account="A-2")], as_events=True)
    early, late = ({row.account_id: row.total_open_tickets for row in scan.scores_at(tenant, OPENED + hours * HOUR)} for hours in (24, 72))
    assert (early, late) == ({"A-1": 1, "A-2": 0}, {"A-1": 0, "A-2": 1})


@pytest.mark.django_db
def test_a_deleted_ticket_stays_deleted_whatever_arrives_late_and_comes_back_when_restored() -> None:
    tenant = two_accounts("north")
    gone = state(20, "closed", deleted_at=OPENED + 20 * HOUR)
    upsert(tenant, "generic", [gone, state(10, priority=1)], as_events=True)
    upsert(tenant, "generic", [state(5)], as_events=True)
    ticket = tenant.tickets.get()
    assert (ticket.status, ticket.deleted_at) == ("closed", OPENED + 20 * HOUR)
    upsert(tenant, "generic", [state(30)], as_events=True)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.deleted_at, ticket.closed_at) == ("open", None, None)


@pytest.mark.django_db
def test_two_states_of_one_instant_end_the_same_whichever_came_first() -> None:
    one, other = two_accounts("one"), two_accounts("other")
    first, second = state(3, priority=1), state(3, "resolved", 4)
    for tenant, events in ((one, (first, second)), (other, (second, first))):
        for event in events:
            upsert(tenant, "generic", [event], as_events=True)
    assert known(one) == known(other)


@pytest.mark.django_db
def test_an_account_is_the_first_value_that_means_one_in_the_tenants_order() -> None:
    tenant = two_accounts("north")
    AccountKey.objects.create(tenant=tenant, source="generic", key="project:pay", account=tenant.accounts.get(external_id="A-2"))
    row = state(0)
    row.account_keys[:] = ["project:PAY", "organization:A-1", "label:A-1"]
    upsert(tenant, "generic", [row], account_by=("organization", "project"))
    assert tenant.tickets.get().account == tenant.accounts.get(external_id="A-1")
    upsert(tenant, "generic", [row], account_by=("project", "organization"))
    assert tenant.tickets.get().account == tenant.accounts.get(external_id="A-2")
    upsert(tenant, "generic", [row], account_by=("component",))
    assert (tenant.tickets.get().account, tenant.tickets.get().account_key) == (None, "")


@pytest.mark.django_db
def test_a_label_that_is_an_accounts_id_moves_no_ticket_unless_somebody_mapped_it() -> None:
    tenant = two_accounts("north")
    row = state(0)
    row.account_keys[:] = ["label:A-1"]
    upsert(tenant, "jira", [row], account_by=("organization", "label"))
    assert tenant.tickets.get().account is None
    AccountKey.objects.create(tenant=tenant, source="jira", key="label:a-1", account=tenant.accounts.get(external_id="A-2"))
    upsert(tenant, "jira", [row], account_by=("organization", "label"))
    assert tenant.tickets.get().account == tenant.accounts.get(external_id="A-2")


def test_a_clock_that_is_days_ahead_is_refused_so_that_it_hides_nothing_that_is_told_later() -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    with pytest.raises(RefusedRow, match="lies in the future"):
        TicketRow("T-1", [], 1, "open", "Slow", OPENED, None, 1, ahead)
    with pytest.raises(RefusedRow, match="lies in the future"):
        TicketRow("T-1", [], 1, "open", "Slow", ahead, None)


@pytest.mark.django_db
def test_neither_a_value_nor_a_ticket_of_another_tenant_is_found() -> None:
    north, south = two_accounts("north"), two_accounts("south")
    AccountKey.objects.create(tenant=south, source="generic", key="account:theirs", account=south.accounts.get(external_id="A-1"))
    upsert(south, "generic", [state(0, account="theirs")], as_events=True)
    upsert(north, "generic", [state(5, "resolved", account="theirs")], as_events=True)
    assert Ticket.objects.get(tenant=north).account is None
    theirs = Ticket.objects.get(tenant=south)
    assert (theirs.status, theirs.account_id) == ("open", south.accounts.get(external_id="A-1").pk)
    assert not TicketState.objects.exists()
