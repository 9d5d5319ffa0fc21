"""Delivering the outbox: what arrives, what fails and is tried again, what is carried."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import escalations
from accounts.models import ChannelSettings, Escalation, Notification, User
from accounts.notifications import delivery
from accounts.tasks import sweep_notifications
from tamdash import broker
from tests import make
from tests.conftest import Cast
from tests.event_stream import drain, entries, fresh, outbox, time_passes
from tests.messages import Told

pytestmark = pytest.mark.django_db
CLOSED = "redis://127.0.0.1:1"  # nothing listens there


def test_what_is_delivered_says_when_and_where(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    drain(cast.tenant)
    found = fresh(row)
    assert (found.status, found.attempts, found.error) == ("delivered", 1, "")
    assert found.delivered_at
    assert found.detail.startswith(stream)


def test_a_failure_is_shown_and_tried_again_later(cast: Cast, stream: str, settings: Settings) -> None:
    (row,) = outbox(cast.tenant)
    working, settings.REDIS_URL = settings.REDIS_URL, CLOSED
    before = timezone.now()
    drain(cast.tenant)
    found = fresh(row)
    assert (found.status, found.attempts, found.error) == ("pending", 1, "Redis could not be reached.")
    assert before + timedelta(seconds=15) <= found.next_try_at <= timezone.now() + timedelta(seconds=30)
    drain(cast.tenant)
    assert fresh(row).attempts == 1, "not before its time"
    settings.REDIS_URL = working
    time_passes(row, timedelta(minutes=1))
    drain(cast.tenant)
    found = fresh(row)
    assert (found.status, found.attempts, found.error, entries(stream)) == ("delivered", 2, "", 1)


def test_it_is_given_up_after_the_last_attempt_and_can_be_retried_by_hand(cast: Cast, stream: str, settings: Settings) -> None:
    (row,) = outbox(cast.tenant)
    working, settings.REDIS_URL = settings.REDIS_URL, CLOSED
    for _ in range(delivery.MAX_ATTEMPTS):
        assert fresh(row).status == "pending"
        drain(cast.tenant)
        time_passes(row, timedelta(hours=2))
    assert fresh(row).status == "failed"
    settings.REDIS_URL = working
    assert delivery.retry(Notification.objects.filter(pk=row.pk)) == 1
    drain(cast.tenant)
    found = fresh(row)
    assert (found.status, found.attempts, entries(stream)) == ("delivered", 1, 1)


def test_a_channel_that_is_down_is_left_alone_until_the_next_sweep(cast: Cast, stream: str, settings: Settings) -> None:
    rows = outbox(cast.tenant, 5)
    settings.REDIS_URL = CLOSED
    drain(cast.tenant)
    assert [fresh(row).attempts for row in rows] == [1, 1, 1, 0, 0]


def test_what_was_delivered_is_not_retried(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    drain(cast.tenant)
    assert delivery.retry(Notification.objects.filter(pk=row.pk)) == 0
    assert fresh(row).status == "delivered"


def test_an_unexpected_fault_is_logged_and_tried_again(cast: Cast, stream: str, caplog: pytest.LogCaptureFixture) -> None:
    (row,) = outbox(cast.tenant)
    Notification.objects.filter(pk=row.pk).update(channel="pigeon")
    delivery.drain(cast.tenant.pk, "pigeon")
    found = fresh(row)
    assert (found.status, found.error) == ("pending", delivery.UNEXPECTED)
    assert f"Notification {row.pk} failed" in caplog.text


def test_what_a_digest_carries_shares_its_fate(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    for _ in range(7):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    Notification.objects.filter(channel="email").exclude(kind="digest").filter(carried_by=None).delete()
    digest = delivery.claim(cast.tenant.pk, "email", timezone.now())
    assert digest
    assert digest.kind == "digest"
    delivery.fail(digest, "The mail server refused.", permanent=True)
    carried = Notification.objects.filter(carried_by=digest)
    assert set(carried.values_list("status", "error")) == {("failed", "The mail server refused.")}
    first = carried.first()
    assert first
    assert delivery.retry(Notification.objects.filter(pk=first.pk)) == 1
    assert set(carried.values_list("status", flat=True)) == {"pending"}
    assert fresh(digest).status == "pending"


def test_a_resolved_escalation_still_tells_what_happened(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    escalations.resolve(Escalation.objects.filter(tenant=cast.tenant), cast.manager, "Fixed")
    drain(cast.tenant)
    assert fresh(row).status == "delivered"


@given(st.integers(1, delivery.MAX_ATTEMPTS), st.none() | st.integers(0, 10_000))
def test_waits_grow_are_spread_and_heed_what_was_asked(attempts: int, asked: int | None) -> None:
    waited = delivery.delay(attempts, asked)
    doubled = min(30 * 2 ** (attempts - 1), 3600)
    assert doubled / 2 <= waited.total_seconds() <= max(doubled, min(asked or 0, 3600))
    assert waited.total_seconds() >= min(asked or 0, 3600)


def test_a_channel_that_asks_for_a_rest_gets_it(cast: Cast, stream: str) -> None:
    first, second = outbox(cast.tenant, 2)
    row = delivery.claim(cast.tenant.pk, "event_bus", timezone.now())
    assert row == first
    delivery.fail(row, "Too many", permanent=False, retry_after=600)
    delivery.rest(row, 600)
    drain(cast.tenant)
    assert [fresh(each).attempts for each in (first, second)] == [1, 0]
    assert fresh(second).next_try_at > timezone.now() + timedelta(minutes=9)


def test_an_alert_does_not_wait_behind_drafts(cast: Cast, told: Told) -> None:
    for _ in range(2):
        broker.tell("communications.tasks.generate_draft", 1, takes_long=True)
    outbox(cast.tenant)
    sweep_notifications()
    assert [task for task, _ in told()] == ["accounts.tasks.deliver_notifications", *2 * ["communications.tasks.generate_draft"]]


def test_ones_own_chat_that_asks_for_a_rest_holds_up_no_other(cast: Cast) -> None:
    ChannelSettings.objects.create(tenant=cast.tenant, chat_url="slack://channel")
    User.objects.filter(pk=cast.rep.pk).update(chat_url="slack://mine")
    for owner in (cast.rep, cast.rep, cast.other_rep):
        make.escalation(make.red_account(cast.tenant, owner))
    row = delivery.claim(cast.tenant.pk, "chat", timezone.now())
    assert row
    assert row.recipient == cast.rep
    delivery.rest(row, 600)
    waiting = Notification.objects.filter(channel="chat", status="pending", next_try_at__gt=timezone.now())
    assert list(waiting.values_list("recipient", flat=True)) == [cast.rep.pk]
