"""Delivering the outbox while messages, workers and people go: nothing lost, nothing doubled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Notification, User
from accounts.notifications import delivery, sending
from accounts.tasks import deliver_notifications, sweep_notifications
from tamdash.alone import alone
from tests import make
from tests.conftest import Cast
from tests.event_stream import drain, entries, fresh, outbox, time_passes
from tests.messages import Told

pytestmark = pytest.mark.django_db


def test_a_sweep_finds_what_no_worker_was_told_of(cast: Cast, stream: str, told: Told) -> None:
    (row,) = outbox(cast.tenant)
    told()  # the broker was emptied
    sweep_notifications()
    assert told() == [("accounts.tasks.deliver_notifications", [cast.tenant.pk, "event_bus"])]
    deliver_notifications(cast.tenant.pk, "event_bus")
    assert fresh(row).status == "delivered"
    sweep_notifications()
    assert told() == []


def test_beat_firing_twice_delivers_once(cast: Cast, stream: str, told: Told) -> None:
    (row,) = outbox(cast.tenant)
    told()
    for _ in range(2):
        sweep_notifications()
    messages = told()
    assert len(messages) == 2
    for _, arguments in messages:
        deliver_notifications(*arguments)
    assert (fresh(row).attempts, entries(stream)) == (1, 1)


def test_what_a_dead_worker_held_is_taken_back_and_arrives_once(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    claimed = delivery.claim(cast.tenant.pk, "event_bus", timezone.now())
    assert claimed == row
    sending.send(claimed)  # it got through, and the worker died before it could say so
    sweep_notifications()
    assert fresh(row).status == "sending", "it may still be at it"
    time_passes(row, delivery.LEASE + timedelta(seconds=1))
    sweep_notifications()
    assert fresh(row).status == "pending"
    drain(cast.tenant)
    assert (fresh(row).status, fresh(row).attempts, entries(stream)) == ("delivered", 2, 1)


def test_an_answer_that_comes_too_late_changes_nothing(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    slow = delivery.claim(cast.tenant.pk, "event_bus", timezone.now())
    assert slow
    time_passes(row, delivery.LEASE + timedelta(seconds=1))
    sweep_notifications()
    drain(cast.tenant)
    delivered = fresh(row)
    delivery.fail(slow, "Timed out", permanent=False)
    assert (fresh(row).status, fresh(row).delivered_at) == ("delivered", delivered.delivered_at)


def test_an_alert_whose_reader_has_left_meanwhile_is_told_to_the_managers(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = True
    make.escalation(make.red_account(cast.tenant, cast.rep))
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    row = delivery.claim(cast.tenant.pk, "email", timezone.now())
    assert row
    delivery.deliver(row)
    assert list(Notification.objects.filter(channel="email").order_by("pk").values_list("recipient", "status", "error")) == [
        (cast.rep.pk, "skipped", "Rita Rep is no longer active."),
        (cast.manager.pk, "pending", ""),
    ]
    assert Notification.objects.filter(channel="event_bus").count() == 1, "what was told already stays told"


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_outbox_deliver_each_row_once(stream: str, cast: Cast) -> None:
    rows = outbox(cast.tenant, 30)
    ready = Barrier(2)

    def work(_: int) -> None:
        try:
            ready.wait(10)
            drain(cast.tenant)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    assert {(fresh(row).status, fresh(row).attempts) for row in rows} == {("delivered", 1)}
    assert entries(stream) == len(rows)


def test_a_row_that_kills_its_worker_is_given_up(cast: Cast, stream: str) -> None:
    (row,) = outbox(cast.tenant)
    for _ in range(delivery.MAX_ATTEMPTS):
        assert delivery.claim(cast.tenant.pk, "event_bus", timezone.now()) == row
        time_passes(row, delivery.LEASE + timedelta(seconds=1))
        sweep_notifications()
    found = fresh(row)
    assert (found.status, found.attempts, found.error) == ("failed", delivery.MAX_ATTEMPTS, delivery.WENT_AWAY)


@pytest.mark.django_db(transaction=True)
def test_a_channel_keeps_one_worker_busy_at_most(stream: str, cast: Cast) -> None:
    (row,) = outbox(cast.tenant)
    inside, finished = Event(), Event()

    def deliver_slowly() -> None:
        try:
            with alone(f"delivery of event_bus of tenant {cast.tenant.pk}") as is_alone:
                assert is_alone
                inside.set()
                finished.wait(10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as worker:
        other = worker.submit(deliver_slowly)
        assert inside.wait(10)
        drain(cast.tenant)
        assert fresh(row).attempts == 0
        finished.set()
        other.result(10)
    drain(cast.tenant)
    assert fresh(row).status == "delivered"
