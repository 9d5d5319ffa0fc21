import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from pydantic import ValidationError

from accounts.notifications.channels import event_bus
from accounts.notifications.events import EscalationTold, OpportunityTold, Trial
from tests.own_redis import OwnRedis

TEXT = (Path(settings.BASE_DIR) / "docs" / "event-bus.md").read_text()
STREAM = "tamdash:north:escalations"


def example(language: str, place: int = 0) -> str:
    """A piece of the document in that language."""
    return str(re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[place])


def event(name: str) -> EscalationTold:
    return EscalationTold.model_validate(json.loads(example("json")) | {"event_id": uuid.uuid4(), "account_name": name})


@pytest.fixture
def reader(own_redis: OwnRedis) -> Iterator["subprocess.Popen[str]"]:
    """The document's reader, as pasted, in a process of its own that has made its group."""
    environment = os.environ | {"REDIS_URL": own_redis.url}
    process = subprocess.Popen([sys.executable, "-c", example("python")], env=environment, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: own_redis.client.exists(STREAM))
    yield process
    process.kill()
    process.communicate()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)


def line(reader: "subprocess.Popen[str]") -> str:
    assert reader.stdout is not None
    return reader.stdout.readline().rstrip()


def said(name: str) -> str:
    return f"escalation.opened {name} 35 https://tamdash.example/escalations/41/"


def is_done(own_redis: OwnRedis) -> bool:
    return bool(own_redis.client.xpending(STREAM, "sales")["pending"] == 0)


def test_the_example_is_an_event() -> None:
    assert json.loads(EscalationTold.model_validate_json(example("json")).model_dump_json()) == json.loads(example("json"))


def test_an_event_holds_nothing_that_is_not_described() -> None:
    with pytest.raises(ValidationError):
        EscalationTold.model_validate(json.loads(example("json")) | {"more": 1})
    assert set(EscalationTold.model_fields) == set(json.loads(example("json")))


def test_the_example_of_an_opportunity_is_one_and_all_of_it_is_described() -> None:
    given = example("json", 1)
    assert json.loads(OpportunityTold.model_validate_json(given).model_dump_json()) == json.loads(given)
    assert set(OpportunityTold.model_fields) == set(json.loads(given))


def test_the_reader_acts_on_what_comes_and_acknowledges_it(reader: "subprocess.Popen[str]", own_redis: OwnRedis) -> None:
    event_bus.publish("north", Trial(event_id=uuid.uuid4(), tenant_id="north", occurred_at=datetime(2026, 11, 23, tzinfo=UTC)))
    event_bus.publish("north", event("Halden AG"))
    assert line(reader) == said("Halden AG")
    wait_until(lambda: is_done(own_redis))


def test_the_reader_goes_on_after_redis_was_emptied(reader: "subprocess.Popen[str]", own_redis: OwnRedis) -> None:
    event_bus.publish("north", event("Before"))
    assert line(reader) == said("Before")
    own_redis.client.flushall()
    event_bus.publish("north", event("After"))
    assert line(reader) == said("After")


def test_the_reader_takes_over_from_one_that_died(own_redis: OwnRedis, request: pytest.FixtureRequest) -> None:
    event_bus.publish("north", event("Halden AG"))
    own_redis.client.xgroup_create(STREAM, "sales", id="0")
    own_redis.client.xreadgroup("sales", "dead", {STREAM: ">"})
    [(entry, _)] = own_redis.entries(STREAM)
    own_redis.client.xclaim(STREAM, "sales", "dead", 0, [entry], idle=120_000)  # it has not been heard of for two minutes
    reader = request.getfixturevalue("reader")
    assert line(reader) == said("Halden AG")
    wait_until(lambda: is_done(own_redis))
