"""Trying again, by hand, what was given up of an escalation's messages."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Escalation, Notification, Stakeholder, User
from tests.conftest import Cast
from tests.test_escalation_steps import opened, press
from tests.test_portfolio_page import signed_in

__all__ = ["opened"]  # a fixture
pytestmark = pytest.mark.django_db


def given_up(row: Escalation, channel: str, **values: object) -> Notification:
    now = timezone.now()
    state = {"kind": "opened", "status": "failed", "attempts": 10, "error": "The mail server refused the address."}
    return Notification.objects.create(
        **{"tenant": row.tenant, "escalation": row, "channel": channel, "next_try_at": now, "created_at": now} | state | values
    )


def test_what_was_given_up_is_tried_again(cast: Cast, opened: Escalation, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    failed = given_up(opened, "email", recipient=cast.rep)
    client = signed_in(cast.rep)
    page = client.get(f"/escalations/{opened.pk}/").content.decode()
    assert "Email, Rita Rep" in page
    assert "The mail server refused the address, 10 attempts" in page
    assert "1 message on the way again." in press(client, opened, "retry")
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("pending", 0)
    assert "Try again" not in client.get(f"/escalations/{opened.pk}/").content.decode()
    assert "Nothing was left to try again." in press(client, opened, "retry")


def test_what_would_be_skipped_again_is_not_offered_until_it_could_arrive(cast: Cast, opened: Escalation, settings: Settings) -> None:
    skipped = {"status": "skipped", "attempts": 0}
    mail = given_up(opened, "email", recipient=cast.rep, **skipped)
    notion = given_up(opened, "notion", **skipped)
    customer = given_up(opened, "email", recipient=cast.other_rep, **skipped)
    own_chat = given_up(opened, "chat", recipient=cast.rep, **skipped)
    Stakeholder.objects.create(account=opened.account, name="Petra", email=cast.other_rep.email)
    client = signed_in(cast.rep)
    settings.EMAIL_IS_SET_UP = False
    assert "Try again" not in client.get(f"/escalations/{opened.pk}/").content.decode()
    assert "Nothing was left to try again." in press(client, opened, "retry")
    settings.EMAIL_IS_SET_UP = True
    User.objects.filter(pk=cast.rep.pk).update(chat_url="jsons://chat.example/hook")
    assert "Try again" in client.get(f"/escalations/{opened.pk}/").content.decode()
    assert "2 messages on the way again." in press(client, opened, "retry")
    again = Notification.objects.filter(status="pending")
    assert set(again) == {mail, own_chat}
    assert set(Notification.objects.filter(status="skipped")) == {notion, customer}
