"""What alerts and digests say, to a person and to whatever shows them."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import escalations
from accounts.models import Account, Escalation, Notification, Tenant
from accounts.notifications.content import outside
from accounts.notifications.wording import Message, message
from tests import make
from tests.conftest import Cast

HOSTILE = "Evil\r\nBcc: all@customer.example <script>alert(1)</script> \u202egnp.exe =?utf-8?q?Paid?= & Co"


@pytest.fixture(autouse=True)
def links(settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP, settings.PUBLIC_URL = True, "https://tamdash.example"


def told(kind: str, **about: Any) -> Message:
    return message(Notification.objects.get(channel="email", kind=kind, **about))


def test_an_alert_says_what_happened_why_until_when_and_where(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.tenant.pk).update(time_zone="Europe/Berlin")
    account = make.red_account(cast.tenant, cast.rep, name="Halden Freight")
    escalation = make.escalation(account)
    Escalation.objects.update(due_at=datetime(2031, 11, 24, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    alert = told("opened")
    assert alert.subject == "Halden Freight is Red: 25"
    assert alert.text.startswith("Score below the limit: Halden Freight is at 25.")
    assert "To be acknowledged by Mon 24 Nov 2031, 12:00 (Europe/Berlin). Rita Rep looks after the account." in alert.text
    assert alert.text.count("“Export fails”, 5 d old") == 3
    assert "- −15  8 open tickets, the first 5 cost nothing" in alert.text
    assert alert.text.endswith(f"https://tamdash.example/escalations/{escalation.pk}/")


def test_text_and_html_say_the_same(cast: Cast) -> None:
    make.escalation(make.red_account(cast.tenant, cast.rep, name="Halden & Sons"))
    alert = told("opened")
    for line in alert.text.replace("&", "&amp;").splitlines():
        assert line.removeprefix("- ").removesuffix(":") in alert.html
    assert "<script" not in alert.html


def test_an_account_that_turned_red_says_from_what(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Halden Freight")
    for _ in range(2):
        make.ticket(account, days=5, priority=1)
    escalations.raise_by_hand(account, cast.manager, "Watch this")
    make.ticket(account, days=5, priority=1)
    for _ in range(4):
        make.ticket(account, priority=4)
    make.scanned(cast.tenant)
    alert = told("worsened")
    assert alert.subject == "Halden Freight turned Red: 30, was 60"
    assert "It was Amber at 60 when ESC-" in alert.text


def test_one_raised_by_hand_says_by_whom_and_why(cast: Cast) -> None:
    escalations.raise_by_hand(make.account(cast.tenant, cast.rep, name="Halden"), cast.manager, "They called\nour CEO.")
    alert = told("opened")
    assert alert.subject == "Halden was raised by Mona Manager: Green, 100"
    assert "Mona Manager raised it by hand, at 100: “They called our CEO.”" in alert.text
    assert "Nothing is deducted from its score now: 100." in alert.text


def test_whoever_is_given_one_is_told_by_whom(cast: Cast) -> None:
    make.escalation(make.red_account(cast.tenant, cast.rep, name="Halden"))
    escalations.assign(Escalation.objects.all(), cast.manager, cast.other_rep)
    alert = told("assigned")
    assert alert.subject == "Yours to deal with: Halden, Red 25"
    assert "Mona Manager gave you ESC-" in alert.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "acknowledged", "acknowledged_at": timezone.now()}, "It is acknowledged meanwhile."),
        ({"status": "resolved", "resolved_at": timezone.now()}, "It is resolved meanwhile."),
        ({"muted_until": timezone.now() + timedelta(days=1)}, "It is muted until "),
        ({"due_at": timezone.now() - timedelta(hours=1)}, ", and is overdue."),
    ],
)
def test_an_alert_that_goes_out_late_says_how_things_stand_by_then(cast: Cast, changed: dict[str, Any], words: str) -> None:
    make.escalation(make.red_account(cast.tenant, cast.rep))
    Escalation.objects.update(**changed)
    assert words in told("opened").text


def test_a_hostile_name_is_one_harmless_line(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep, name=HOSTILE)
    account.tickets.update(subject=HOSTILE)
    make.escalation(account)
    alert = told("opened")
    assert alert.subject.isprintable()
    assert "=?" not in alert.subject
    assert "\nBcc:" not in alert.text
    assert "\u202e" not in alert.text + alert.html
    assert "<script" not in alert.html
    assert "&lt;script&gt;" in alert.html


@given(st.text(max_size=400))
def test_whatever_somebody_is_called_is_one_line_of_bearable_length(name: str) -> None:
    line = outside(name)
    assert line.isprintable() or not line
    assert len(line) <= 120
    assert "=?" not in line


def stormed(cast: Cast, count: int) -> Notification:
    for number in range(count):
        account = make.red_account(cast.tenant, cast.rep, name=f"Account {number:02}")
        for _ in range(number % 3):
            make.ticket(account, priority=4)
    make.scanned(cast.tenant)
    return Notification.objects.get(channel="email", kind="digest")


def test_a_digest_has_a_line_each_the_worst_first(cast: Cast) -> None:
    row = stormed(cast, 9)
    digest = message(row)
    assert digest.subject == "4 more escalations, 4 Red"
    lines = [line for line in digest.text.splitlines() if line.startswith("- ")]
    assert len(lines) == 4
    assert lines == sorted(lines, key=lambda line: int(line.split()[2].strip(":")))
    for one in Escalation.objects.filter(notifications__carried_by=row):
        assert f"https://tamdash.example/escalations/{one.pk}/" in digest.text


def test_a_digest_leaves_out_what_has_been_resolved_meanwhile(cast: Cast) -> None:
    row = stormed(cast, 8)
    carried = Escalation.objects.filter(notifications__carried_by=row)
    first = carried.first()
    assert first is not None
    escalations.resolve(Escalation.objects.filter(pk=first.pk), cast.manager, "Fixed")
    assert message(row).subject == "2 more escalations, 2 Red"
    assert "1 of 3 has been resolved meanwhile." in message(row).text
    escalations.resolve(Escalation.objects.all(), cast.manager, "Fixed")
    assert message(row).subject == "3 escalations, resolved meanwhile"
    assert "There is nothing to do." in message(row).text


def test_a_long_digest_ends_with_how_many_more_there_are(cast: Cast) -> None:
    row = stormed(cast, 6)
    now = timezone.now()
    many = Account.objects.bulk_create(Account(tenant=cast.tenant, external_id=f"many-{n}", name=f"Many {n}") for n in range(50))
    values = {"tenant": cast.tenant, "reason": "early_warning", "score": 60, "rag": "Amber", "severity": "Amber", "opened_at": now}
    opened = Escalation.objects.bulk_create(Escalation(account=account, due_at=now, **values) for account in many)
    carried = {"tenant": cast.tenant, "kind": "opened", "channel": "email", "carried_by": row, "next_try_at": now, "created_at": now}
    Notification.objects.bulk_create(Notification(escalation=one, recipient=cast.rep, **carried) for one in opened)
    digest = message(row)
    assert digest.subject == "51 more escalations, 1 Red"
    assert digest.text.count("https://tamdash.example/escalations/") == 41
    assert "- and 11 more." in digest.text
