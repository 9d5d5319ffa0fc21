"""The morning digest: what it says, that it stays away where there is nothing to say, and who wants one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import scan
from accounts.models import Escalation, Notification, User
from accounts.notifications import delivery, outbox
from accounts.notifications.wording import Message, message
from tests import make
from tests.conftest import Cast

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def mail(settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP, settings.PUBLIC_URL = True, "https://tamdash.example"


def morning(cast: Cast) -> Notification:
    now = timezone.now()
    return Notification.objects.create(
        tenant=cast.tenant, kind="morning", channel="email", recipient=cast.rep, next_try_at=now, created_at=now
    )


def scanned_before(cast: Cast, days: int) -> None:
    """A scan of some days ago, with what was known then."""
    scan.scan_tenant(cast.tenant, at=timezone.now() - days * DAY)


def test_it_says_what_changed_what_is_due_and_what_turns_red(cast: Cast) -> None:
    fell = make.account(cast.tenant, cast.rep, name="Halden Freight")
    for _ in range(2):
        make.ticket(fell, days=3.5, priority=1)
    turning = make.account(cast.tenant, cast.rep, name="Aldermoor")
    for _ in range(8):
        make.ticket(turning, days=1, priority=1)
    scanned_before(cast, 1)
    make.scanned(cast.tenant)
    Escalation.objects.update(due_at=timezone.now() - timedelta(hours=1))
    said = message(morning(cast))
    assert said.subject == "Your accounts: 1 newly Amber; 1 to acknowledge, 1 overdue; 1 turns Red this week"
    assert "- Halden Freight: 100 → 60. Late P1/P2 −40" in said.text
    assert "- Halden Freight, Amber: overdue since " in said.text
    assert "- Aldermoor on " in said.text
    assert f"https://tamdash.example{reverse('account', args=[turning.pk])}" in said.text
    assert "Turn it off in tamdash, in the menu behind your initials." in said.text


def test_it_is_about_ones_own_accounts(cast: Cast) -> None:
    make.escalation(make.red_account(cast.tenant, cast.rep, name="Halden Freight"))
    make.escalation(make.red_account(cast.tenant, cast.other_rep, name="Aldermoor"))
    given = make.escalation(make.red_account(cast.tenant, None, name="Brightwater"))
    Escalation.objects.filter(pk=given.pk).update(assignee=cast.rep)
    said = message(morning(cast))
    assert said.subject == "Your accounts: 2 to acknowledge"
    assert "Halden Freight" in said.text
    assert "Brightwater" in said.text
    assert "Aldermoor" not in said.text


def test_with_nothing_to_say_there_is_no_mail(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    row = morning(cast)
    delivery.drain(cast.tenant.pk, "email")
    row.refresh_from_db()
    assert (row.status, row.error) == ("skipped", "Nothing changed, nothing is due.")


def test_what_is_acknowledged_or_muted_is_not_due(cast: Cast) -> None:
    for name in ("Halden Freight", "Aldermoor"):
        make.escalation(make.red_account(cast.tenant, cast.rep, name=name))
    Escalation.objects.filter(account__name="Aldermoor").update(status="acknowledged", acknowledged_at=timezone.now())
    assert message(morning(cast)).subject == "Your accounts: 1 to acknowledge"
    Escalation.objects.filter(account__name="Halden Freight").update(muted_until=timezone.now() + DAY)
    row = morning(cast)
    delivery.drain(cast.tenant.pk, "email")
    row.refresh_from_db()
    assert row.status == "skipped"


def test_a_long_morning_says_how_many_more_there_are(cast: Cast) -> None:
    for _ in range(10):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    said: Message = message(morning(cast))
    assert said.subject == "Your accounts: 10 to acknowledge"
    assert "- and 2 more" in said.text


def test_a_person_turns_it_off_and_on_in_their_own_menu(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep)
    client = Client()
    client.force_login(cast.rep, backend="tamdash.sign_in.Passwords")
    assert "Turn the morning digest off" in client.get("/escalations/").content.decode()
    answer = client.post(reverse("morning-digest"), {"wanted": "", "next": "/escalations/?tab=waiting"}, follow=True)
    assert answer.request["PATH_INFO"] == "/escalations/"
    assert "The morning digest is off." in answer.content.decode()
    assert "Turn the morning digest on" in answer.content.decode()
    outbox.tell_of_the_morning(make.scanned(cast.tenant), timezone.now())
    assert not Notification.objects.filter(kind="morning").exists()
    client.post(reverse("morning-digest"), {"wanted": "yes", "next": "https://evil.example/"})
    outbox.tell_of_the_morning(make.scanned(cast.tenant), timezone.now())
    assert Notification.objects.get(kind="morning").recipient == cast.rep


@pytest.mark.parametrize("back", ["foo", "foo.bar", "//evil.example/", ""])
def test_an_address_that_leads_nowhere_leads_to_the_portfolio(cast: Cast, back: str) -> None:
    client = Client()
    client.force_login(cast.rep, backend="tamdash.sign_in.Passwords")
    answer = client.post(reverse("morning-digest"), {"wanted": "", "next": back})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("portfolio"))


def test_the_portfolio_that_the_browser_keeps_offers_what_is_true_now(cast: Cast) -> None:
    make.account(cast.tenant, cast.rep)
    client = Client()
    client.force_login(cast.rep, backend="tamdash.sign_in.Passwords")
    client.get("/")
    kept = client.get("/")
    assert client.get("/", headers={"if-none-match": kept.headers["ETag"]}).status_code == 304
    User.objects.filter(pk=cast.rep.pk).update(wants_morning_digest=False)
    assert client.get("/", headers={"if-none-match": kept.headers["ETag"]}).status_code == 200


def test_nothing_is_offered_where_there_is_no_mail(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = False
    client = Client()
    client.force_login(cast.rep, backend="tamdash.sign_in.Passwords")
    assert "morning digest" not in client.get("/escalations/").content.decode()
