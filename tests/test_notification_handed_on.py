"""People leave and accounts change hands while a message waits: it goes to whoever it is for by then, and to nobody twice."""

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts import escalations, scan
from accounts.models import Account, AccountHealth, ChannelSettings, Escalation, Notification, Stakeholder, User
from accounts.notifications import delivery, outbox
from tests import make
from tests.conftest import Cast
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db


def drained(cast: Cast) -> None:
    delivery.drain(cast.tenant.pk, "email")


def mails(cast: Cast, person: User) -> list[str]:
    """Kinds of the mails this person has got."""
    got = Notification.objects.filter(channel="email", recipient=person, carried_by=None, status="delivered")
    return sorted(got.values_list("kind", flat=True))


def test_what_waited_for_somebody_who_left_reaches_a_manager_as_five_alerts_and_a_digest(cast: Cast, mail_server: MailServer) -> None:
    ChannelSettings.objects.create(tenant=cast.tenant, chat_url="slack://channel")
    for _ in range(14):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    drained(cast)
    assert mails(cast, cast.manager) == ["digest", *["opened"] * 5]
    (digest,) = [message for _, message in mail_server.received if "more escalations" in message["Subject"]]
    assert digest["Subject"].startswith("9 more escalations")
    told = Notification.objects.filter(channel="email", recipient=cast.manager, kind="opened")
    assert told.count() == told.values("escalation").distinct().count() == 14
    assert mails(cast, cast.rep) == []
    assert not Notification.objects.filter(channel="chat", recipient=cast.manager).exists(), "the chat is told when its own turn comes"


def test_an_account_that_changed_hands_is_told_to_its_new_owner(cast: Cast, mail_server: MailServer) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    Account.objects.update(owner=cast.other_rep)
    drained(cast)
    rows = Notification.objects.filter(escalation=escalation, channel="email").order_by("pk")
    assert list(rows.values_list("recipient", "status", "error")) == [
        (cast.rep.pk, "skipped", "Rita Rep does not look after the account any more."),
        (cast.other_rep.pk, "delivered", ""),
    ]


def test_where_there_was_nobody_a_retry_finds_the_new_owner(mail_server: MailServer) -> None:
    tenant = make.tenant()
    make.escalation(make.red_account(tenant))
    rows = Notification.objects.filter(channel="email")
    rep = make.user(tenant)
    Account.objects.update(owner=rep)
    assert delivery.retry(rows) == 1
    delivery.drain(tenant.pk, "email")
    assert list(rows.order_by("pk").values_list("recipient", "status")) == [(None, "skipped"), (rep.pk, "delivered")]


def test_that_a_warning_turned_red_reaches_whoever_it_was_given_to(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    account = make.account(cast.tenant, cast.rep)
    scan.scan_account(account)
    for _ in range(2):
        make.ticket(account, days=4, priority=1)
    warning = make.escalation(account)
    escalations.assign(Escalation.objects.filter(pk=warning.pk), cast.manager, cast.other_rep)
    for _ in range(2):
        make.ticket(account, days=4, priority=1)
    for _ in range(5):
        make.ticket(account, priority=4)
    scan.scan_account(account)
    told = Notification.objects.filter(kind="worsened", channel="email").values_list("recipient", flat=True)
    assert sorted(told) == sorted([cast.rep.pk, cast.other_rep.pk])


def test_what_is_given_to_somebody_who_may_not_be_told_is_told_to_nobody_else(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    account = make.red_account(cast.tenant, cast.rep)
    Stakeholder.objects.create(account=account, name="Otto", role="CIO", email=cast.other_rep.email)
    escalation = make.escalation(account)
    escalations.assign(Escalation.objects.filter(pk=escalation.pk), cast.manager, cast.other_rep)
    told = Notification.objects.filter(kind="assigned", channel="email")
    assert list(told.values_list("recipient", "status", "error")) == [(None, "skipped", outbox.NOT_THIS_PERSON)]


def test_nothing_is_given_to_somebody_who_left_since_the_page_was_shown(cast: Cast) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    seen = User.objects.get(pk=cast.other_rep.pk)
    User.objects.filter(pk=seen.pk).update(is_active=False)
    with pytest.raises(escalations.NotNow):
        escalations.assign(Escalation.objects.filter(pk=escalation.pk), cast.manager, seen)


def test_the_worst_are_those_with_the_lowest_score_of_today(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    for _ in range(6):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    rows = Escalation.objects.order_by("pk")
    last = rows.last()
    assert last
    AccountHealth.objects.filter(account=last.account_id).update(score=3)
    Notification.objects.exclude(carried_by=None).delete()
    Notification.objects.all().delete()
    with transaction.atomic():
        outbox.tell(cast.tenant, timezone.now(), opened=list(rows.values_list("pk", flat=True)))
    emails = Notification.objects.filter(channel="email", kind="opened")
    assert emails.get(escalation=last).carried_by is None
    assert rows.worst_first().first() == last
