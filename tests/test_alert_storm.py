"""Two thousand accounts of one tenant turn Red in one scan: everything is there, and nobody is drowned."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import scan
from accounts.models import Account, ChannelSettings, Escalation, Notification, Tenant, Ticket, User
from tests import make

pytestmark = pytest.mark.django_db
ACCOUNTS, REPS = 2_000, 10
CHANNELS = ("email", "chat")


@pytest.fixture
def tenant() -> Tenant:
    tenant: Tenant = make.tenant("storm")
    ChannelSettings.objects.create(tenant=tenant, chat_url="slack://channel", notion_token="token")
    reps = [make.user(tenant, "rep") for _ in range(REPS)]
    accounts = Account.objects.bulk_create(
        Account(tenant=tenant, owner=reps[number % REPS], external_id=str(number), name=f"Account {number}") for number in range(ACCOUNTS)
    )
    make.scanned(tenant)
    opened_at = timezone.now() - timedelta(days=5)
    Ticket.objects.bulk_create(
        Ticket(
            tenant=tenant,
            account=account,
            source="generic",
            external_id=f"{account.pk}-{number}",
            priority=1 if number < 3 else 4,
            status="open",
            subject="Outage",
            created_at=opened_at,
        )
        for account in accounts
        for number in range(7 + account.pk % 2)
    )
    return tenant


def test_every_escalation_is_there_and_each_rep_gets_five_alerts_and_a_digest(tenant: Tenant, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    run = scan.scan_tenant(tenant)
    assert (run.red, run.escalations_opened) == (ACCOUNTS, ACCOUNTS)
    assert Escalation.objects.filter(status="open").count() == ACCOUNTS
    for rep in User.objects.filter(role="rep"):
        for channel in CHANNELS:
            told = Notification.objects.filter(recipient=rep, channel=channel)
            assert told.filter(carried_by=None).exclude(kind="digest").count() == 5
            assert told.get(kind="digest").carried.count() == ACCOUNTS / REPS - 5
    assert Notification.objects.filter(recipient=None).count() == 2 * ACCOUNTS, "Notion and the event bus hear of each"


def test_the_pages_stay_within_their_budget(tenant: Tenant, client: Client, django_assert_max_num_queries: object) -> None:
    make.scanned(tenant)
    manager = make.user(tenant, "manager")
    client.force_login(manager, backend="tamdash.sign_in.Passwords")
    one = Escalation.objects.latest("pk")
    for path in ("/escalations/", f"/escalations/{one.pk}/", "/", "/?view=table", f"/accounts/{one.account_id}/", "/reports/"):
        client.get(path)
        with django_assert_max_num_queries(30):  # type: ignore[operator]  # pytest-django's own fixture has no type
            assert client.get(path).status_code == 200
