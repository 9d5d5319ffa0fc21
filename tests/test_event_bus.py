import json
import uuid
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import escalations
from accounts.models import Escalation, Notification
from accounts.notifications import delivery
from accounts.notifications.channels import event_bus
from accounts.notifications.events import EscalationTold, Trial
from tests import make
from tests.conftest import Cast
from tests.own_redis import OwnRedis

STREAM = "tamdash:north:escalations"


def trial() -> Trial:
    return Trial(event_id=uuid.uuid4(), tenant_id="north", occurred_at=datetime(2026, 11, 23, tzinfo=UTC))


def entries(redis: OwnRedis, stream: str = STREAM) -> list[dict[str, str]]:
    return [fields for _, fields in redis.entries(stream)]


def told(redis: OwnRedis) -> EscalationTold:
    """The one event in the stream."""
    [fields] = entries(redis)
    found = EscalationTold.model_validate_json(fields["data"])
    assert (fields["event_id"], fields["event_type"]) == (str(found.event_id), found.event_type)
    return found


def rows(cast: Cast) -> list[Notification]:
    return list(Notification.objects.filter(tenant=cast.tenant, channel="event_bus").order_by("id"))


def test_an_escalation_that_a_scan_opens_is_in_the_stream(cast: Cast, own_redis: OwnRedis, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://tamdash.example"
    account = make.red_account(cast.tenant, cast.rep, name="Halden AG")
    run = make.scanned(cast.tenant)
    delivery.drain(cast.tenant.pk, "event_bus")
    [row] = rows(cast)
    opened = Escalation.objects.get(account=account)
    event = told(own_redis)
    assert (row.status, row.error) == ("delivered", "")
    assert row.detail == f"{STREAM} {own_redis.entries(STREAM)[0][0]}"
    assert (event.event_id, event.event_type, event.tenant_id) == (row.key, "escalation.opened", "north")
    assert (event.account_id, event.account_name) == (account.external_id, "Halden AG")
    assert (event.escalation_number, event.reason, event.severity) == (opened.pk, "score_below_threshold", "Red")
    assert (event.score, event.rag_status, event.previous_score) == (25, "Red", None)
    assert (event.occurred_at, event.opened_at, event.due_at) == (run.at, run.at, opened.due_at)
    assert event.url == f"https://tamdash.example/escalations/{opened.pk}/"
    assert event.health_score is not None
    assert (event.health_score.p1_p2_ticket_count, event.health_score.total_open_tickets) == (3, 8)
    assert event.health_score.oldest_p1_p2_age_days == pytest.approx(5, abs=0.01)
    assert event.health_score.scan_timestamp == run.at


def test_a_warning_that_turns_red_is_told_with_the_score_of_that_scan(cast: Cast, own_redis: OwnRedis) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    for _ in range(2):
        make.ticket(account, days=5, priority=1)
    make.scanned(cast.tenant)
    delivery.drain(cast.tenant.pk, "event_bus")
    own_redis.client.delete(STREAM)
    for _ in range(7):
        make.ticket(account, days=5, priority=1)
    run = make.scanned(cast.tenant)
    delivery.drain(cast.tenant.pk, "event_bus")
    event = told(own_redis)
    assert (event.event_type, event.reason, event.severity) == ("escalation.worsened", "early_warning", "Red")
    assert (event.score, event.rag_status, event.previous_score) == (20, "Red", 60)
    assert event.opened_at < event.occurred_at == run.at
    assert event.health_score is not None
    assert (event.health_score.score, event.health_score.previous_rag) == (20, "Amber")


def test_one_raised_by_hand_brings_the_health_of_the_scan_before(cast: Cast, own_redis: OwnRedis) -> None:
    account = make.account(cast.tenant, cast.rep)
    run = make.scanned(cast.tenant)
    escalations.raise_by_hand(account, cast.rep, "The sponsor left.")
    make.scanned(cast.tenant)
    delivery.drain(cast.tenant.pk, "event_bus")
    event = told(own_redis)
    assert (event.reason, event.score, event.severity) == ("raised_by_hand", 100, "Green")
    assert event.health_score is not None
    assert event.health_score.scan_timestamp == run.at


def test_a_test_of_the_channel_has_nothing_to_act_on(cast: Cast, own_redis: OwnRedis) -> None:
    now = timezone.now()
    row = Notification.objects.create(tenant=cast.tenant, kind="test", channel="event_bus", next_try_at=now, created_at=now)
    delivery.drain(cast.tenant.pk, "event_bus")
    [fields] = entries(own_redis)
    assert fields["event_type"] == "test"
    assert set(json.loads(fields["data"])) == {"event_id", "event_type", "schema_version", "tenant_id", "occurred_at"}
    assert Trial.model_validate_json(fields["data"]) == Trial(event_id=row.key, tenant_id="north", occurred_at=now)


def test_an_event_told_again_is_in_the_stream_once(own_redis: OwnRedis) -> None:
    event = trial()
    first = event_bus.publish("north", event)
    event_bus.publish("north", trial())
    assert event_bus.publish("north", event) == first
    assert len(entries(own_redis)) == 2
    assert 0 < own_redis.client.ttl(f"{STREAM}:seen:{event.event_id}") <= 7 * 24 * 3600


def test_another_tenants_stream_is_left_alone(own_redis: OwnRedis) -> None:
    event = trial()
    event_bus.publish("south", event)
    event_bus.publish("north", event)
    assert len(entries(own_redis, "tamdash:south:escalations")) == len(entries(own_redis)) == 1
    assert {key for key in own_redis.client.scan_iter() if ":south:" not in key} == {STREAM, f"{STREAM}:seen:{event.event_id}"}


def test_a_stream_does_not_grow_for_ever(own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_bus, "MAX_LENGTH", 100)
    last = [event_bus.publish("north", trial()) for _ in range(400)][-1]
    left = own_redis.entries(STREAM)
    assert 100 <= len(left) <= 200
    assert last.endswith(left[-1][0])


def test_an_emptied_redis_costs_the_stream_and_nothing_else(own_redis: OwnRedis) -> None:
    event = trial()
    event_bus.publish("north", event)
    own_redis.client.flushall()
    event_bus.publish("north", event)
    assert len(entries(own_redis)) == 1


def test_redis_may_be_reached_over_a_port(own_redis: OwnRedis, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{own_redis.port}"
    event_bus.publish("north", trial())
    assert len(entries(own_redis)) == 1


def test_a_connection_that_died_while_idle_is_replaced(own_redis: OwnRedis) -> None:
    event_bus.publish("north", trial())
    own_redis.client.client_kill_filter(_type="normal", skipme=True)
    event_bus.publish("north", trial())
    assert len(entries(own_redis)) == 2
