"""Two ticket systems of a tenant may use the same id: what is said of one ticket is not said of the other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import scan
from accounts.models import Account, Ticket
from accounts.pages.overview import Overview
from accounts.pages.what_if import Asked
from communications import chosen_path
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def account(cast: Cast) -> Account:
    """Number 4711 is a late P1 of Zendesk, and a typo in Kayako."""
    made = make.account(cast.tenant, cast.rep)
    make.ticket(made, days=5, priority=1, source="zendesk", external_id="4711", subject="Login down")
    make.ticket(made, days=1, priority=3, source="kayako", external_id="4711", subject="Typo")
    return made


def page_of(account: Account) -> Overview:
    return Overview(Account.objects.select_related("tenant", "health", "heartbeat").get(pk=account.pk), timezone.now())


def test_points_stand_at_the_ticket_that_costs_them(account: Account) -> None:
    make.scanned(account.tenant)
    page = page_of(account)
    assert {ticket.subject: points for ticket, _, points in page.ticket_rows} == {"Login down": 20, "Typo": 0}
    assert [(line.points, line.ticket and line.ticket.subject) for line in page.lines] == [(20, "Login down")]


def test_one_resolved_and_the_other_opened_are_two_events(account: Account) -> None:
    now = timezone.now()
    Ticket.objects.filter(source="kayako").delete()
    scan.scan_tenant(account.tenant, at=now - 2 * HOUR)
    Ticket.objects.filter(source="zendesk").update(status="closed", closed_at=now - HOUR)
    make.ticket(account, priority=3, source="kayako", external_id="4711", subject="Typo", created_at=now - HOUR)
    scan.scan_tenant(account.tenant, at=now)
    told = page_of(account).told
    assert told is not None
    events = next(part for part in told.parts if part.name == "Events")
    assert [(line.points, line.text, line.subject) for line in events.lines] == [(20, "resolved", "Login down")]
    assert events.rest == "At no cost: 1 ticket opened."


def test_a_chosen_step_that_is_done_is_not_proposed_for_the_others_sake(account: Account) -> None:
    chosen = account.tickets.get(source="zendesk")
    steps = chosen_path.of(account, Asked(frozenset({chosen.pk})), timezone.now())
    draft = make.draft(account, "escalation_outreach", chosen_path=steps)
    assert [step["subject"] for step in chosen_path.due(draft, account)] == ["Login down"]
    Ticket.objects.filter(pk=chosen.pk).update(status="closed", closed_at=timezone.now())
    assert chosen_path.due(draft, account) == []
