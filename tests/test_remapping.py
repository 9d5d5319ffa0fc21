"""Past tickets after a mapping changed: what importing everything anew under it would have made of them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import account_keys, ingest, remapping
from accounts.ingest import SourceTicket
from accounts.ingest.mapping import Mapping
from accounts.models import Account, AccountKey, EarlierInterval, SourceMapping, Tenant, Ticket, TicketState
from accounts.sources import WORDS, mapping_of
from tests import make

START = datetime(2026, 10, 1, tzinfo=UTC)
JIRA = WORDS["jira"]
numbers = count(1)


@dataclass(frozen=True)
class Rule:
    """A tenant's own words and values, by the number of an account."""

    priorities: dict[str, int]
    statuses: dict[str, str]
    account_by: tuple[str, ...]
    keys: dict[str, int]

    def mapping(self) -> Mapping:
        return Mapping(JIRA, self.priorities, self.statuses, self.account_by)


VALUES = st.sampled_from(["Ålder GmbH", "alder", "Ödland", "x:y", "A-1", 'o\'Brien "&" Co'])
KINDS = st.sampled_from(["organization", "component", "label", "customfield_7"])
PRIORITIES = st.sampled_from(["High", "low", "Sev 1", "ÄRGER"])
STATUSES = st.sampled_from(["Done", "Open", "Released", "Waiting for customer", "ÜBERGEBEN"])
RULES = st.builds(
    Rule,
    priorities=st.fixed_dictionaries({"sev 1": st.integers(1, 4), "ärger": st.integers(1, 4)}, optional={"high": st.integers(1, 4)}),
    statuses=st.dictionaries(STATUSES.map(str.casefold), st.sampled_from(["open", "pending", "resolved", "closed"]), max_size=3),
    account_by=st.lists(KINDS, max_size=3, unique=True).map(tuple),
    keys=st.dictionaries(st.tuples(KINDS, VALUES).map(lambda key: ":".join(key).lower()), st.integers(0, 2), max_size=4),
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["T-1", "T-2", "T-3"]),
        st.integers(1, 9),
        PRIORITIES,
        STATUSES,
        st.sampled_from(["", "", "in progress", "done"]),
        st.booleans(),
        st.booleans(),
        st.lists(st.tuples(KINDS, VALUES), max_size=3),
    ),
    max_size=8,
    unique_by=lambda event: event[:2],
)


def told(event: Any, before: Mapping) -> SourceTicket:
    """A date of resolution is told only of what is over: of an open ticket it is not kept."""
    ticket, hour, priority, status, category, has_resolved, is_deleted, values = event
    at = START + timedelta(hours=hour)
    found = SourceTicket(ticket, START, at, None, priority, status, category, None, f"At {hour}", tuple(values))
    resolved = at - timedelta(minutes=30) if has_resolved else None
    if resolved and before.status(status, category, is_resolved=True) in ("resolved", "closed"):
        return replace(found, resolved_at=resolved)
    return replace(found, deleted_at=at if is_deleted else None)


def tenant_under(rule: Rule) -> tuple[Tenant, list[Account]]:
    tenant = make.tenant(f"mapped-{next(numbers)}")
    make.user(tenant, "admin")
    accounts = [make.account(tenant, external_id=f"A-{number}") for number in range(3)]
    adopt(tenant, accounts, rule)
    return tenant, accounts


def adopt(tenant: Tenant, accounts: list[Account], rule: Rule) -> None:
    values = {"priorities": rule.priorities, "statuses": rule.statuses, "account_by": list(rule.account_by)}
    SourceMapping.objects.update_or_create(tenant=tenant, source="jira", defaults=values)
    by = tenant.users.get()
    for row in AccountKey.objects.filter(tenant=tenant).exclude(key__in=rule.keys).select_related("tenant", "account"):
        account_keys.unmap_key(row, by)
    for key, number in rule.keys.items():
        account_keys.map_key(tenant, "jira", key, accounts[number], by, instead=True)


def take_in(tenant: Tenant, tickets: list[SourceTicket], read: Mapping) -> None:
    ingest.upsert(tenant, "jira", [read.row(ticket) for ticket in tickets], account_by=read.account_by, as_events=True)


def stored(tenant: Tenant) -> list[list[tuple[Any, ...]]]:
    of_state = ("account__external_id", "account_key", "account_keys", "priority", "status", "closed_at", "source_version")
    return [
        list(Ticket.objects.filter(tenant=tenant).order_by("external_id").values_list("external_id", "open_from", *of_state)),
        list(TicketState.objects.filter(ticket__tenant=tenant).order_by("ticket__external_id", "source_version").values_list(*of_state)),
        list(
            EarlierInterval.objects.filter(tenant=tenant)
            .order_by("ticket__external_id", "open_from")
            .values_list("ticket__external_id", "account__external_id", "priority", "open_from", "open_until")
        ),
    ]


@pytest.mark.django_db
@settings(max_examples=20, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=RULES, after=RULES, events=EVENTS)
def test_past_tickets_come_out_as_if_they_were_imported_anew(before: Rule, after: Rule, events: list[Any]) -> None:
    with transaction.atomic():
        as_if_imported_anew(before, after, events)
        transaction.set_rollback(True)


def as_if_imported_anew(before: Rule, after: Rule, events: list[Any]) -> None:
    after = replace(after, statuses=before.statuses | after.statuses)  # one that is taken back leaves what it meant
    tickets = [told(event, before.mapping()) for event in events]
    tenant, accounts = tenant_under(before)
    take_in(tenant, tickets, before.mapping())
    adopt(tenant, accounts, after)
    remapping.remap(tenant, "jira")
    anew, _ = tenant_under(after)
    take_in(anew, tickets, after.mapping())
    assert stored(tenant) == stored(anew)
    assert remapping.remap(tenant, "jira") == 0


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = make.tenant("north")
    make.user(tenant, "admin")
    return tenant


def test_a_match_by_hand_stays_while_the_ticket_names_the_same(tenant: Tenant) -> None:
    account, read = make.account(tenant), mapping_of(tenant, "jira")
    take_in(tenant, [SourceTicket("T-1", START, START, None, "High", "Open", account_values=(("organization", "Alder"),))], read)
    Ticket.objects.update(account=account)
    assert remapping.remap(tenant, "jira") == 0
    SourceMapping.objects.create(tenant=tenant, source="jira", account_by=["label"])
    assert remapping.remap(tenant, "jira") == 1
    assert Ticket.objects.get().account is None


def test_a_ticket_from_before_words_were_kept_stays_as_it_is(tenant: Tenant) -> None:
    kept = make.ticket(make.account(tenant), source="jira", account_key="Alder", priority=4)
    SourceMapping.objects.create(tenant=tenant, source="jira", priorities={"": 1}, account_by=["label"])
    before = Ticket.objects.filter(pk=kept.pk).values().get()
    assert remapping.remap(tenant, "jira") == 0
    assert Ticket.objects.filter(pk=kept.pk).values().get() == before


def test_a_large_source_is_done_in_pieces_and_other_tenants_and_sources_are_left_alone(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remapping, "AT_ONCE", 3)
    other, read = make.tenant("south"), mapping_of(tenant, "jira")
    tickets = [SourceTicket(f"T-{number}", START, START, None, "High", "Open") for number in range(8)]
    for each in (tenant, other):
        take_in(each, tickets, read)
    ingest.upsert(tenant, "zendesk", [mapping_of(tenant, "zendesk").row(tickets[0])])
    SourceMapping.objects.create(tenant=tenant, source="jira", priorities={"high": 1})
    assert remapping.remap(tenant, "jira") == 8
    assert sorted(Ticket.objects.filter(priority=1).values_list("tenant__slug", "source")) == [("north", "jira")] * 8


def test_what_was_marked_or_lost_is_found_once_and_once_more_when_all_has_settled(tenant: Tenant) -> None:
    remapping.there(tenant)
    now = timezone.now()
    assert not remapping.due(now).exists()
    remapping.mark(tenant, "jira")
    row = remapping.due(now).get()
    assert remapping.run(row.pk) == 0
    assert not remapping.due(now).exists()
    assert remapping.due(now + remapping.SETTLED_AFTER + timedelta(minutes=1)).get() == row
