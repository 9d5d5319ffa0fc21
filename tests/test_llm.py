import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from communications import llm
from communications.answers import EscalationOutreach, HealthCheckin
from tests import fake_openai, make

KEY = "sk-very-secret"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def ask(server: str, settings: Settings) -> "Ask":
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.LLM_TIMEOUT_SECONDS = server, KEY, 10
    return Ask(server, settings)


class Ask:
    """Asks the server's model of that behaviour, under a name of its own."""

    def __init__(self, server: str, settings: Settings) -> None:
        self.server, self.settings = server, settings

    def __call__(self, behaviour: str, is_wanted: Callable[[], bool] | None = None) -> HealthCheckin:
        self.settings.LLM_MODEL = f"{behaviour}-{next(make.numbers)}"
        self.usage, self.messages = llm.Usage(), [{"role": "user", "content": "Write."}]
        return llm.write(self.messages, HealthCheckin, self.usage, is_wanted)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return fake_openai.requests_to(self.server, self.settings.LLM_MODEL)


def test_a_valid_answer_comes_back_as_the_contract(ask: Ask) -> None:
    answer = ask("good")
    assert answer.body_html == "<p>Hello from the model.</p>"
    [request] = ask.requests
    assert request["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "HealthCheckin", "strict": True, "schema": HealthCheckin.model_json_schema()},
    }
    assert request["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("behaviour", "hint"), [("repaired", "does not fit the schema"), ("truncated", "cut off"), ("nul", "NUL")])
def test_an_answer_that_does_not_do_is_repaired_once(ask: Ask, behaviour: str, hint: str) -> None:
    assert ask(behaviour).subject == "The model's subject"
    _, second = ask.requests
    assert hint in second["messages"][-1]["content"]
    assert ask.messages == second["messages"], "what it was sent is known to the letter"


@pytest.mark.parametrize("behaviour", ["invalid", "refusing", "proxied", "odd"])
def test_a_model_that_never_answers_properly_is_asked_twice_and_no_more(ask: Ask, behaviour: str) -> None:
    with pytest.raises(llm.ModelError, match="no usable answer") as caught:
        ask(behaviour)
    assert not caught.value.permanent
    assert len(ask.requests) == 2


def test_a_busy_server_is_asked_again_when_it_says(ask: Ask) -> None:
    assert ask("limited").subject == "The model's subject"
    assert len(ask.requests) == 2


def test_a_failing_server_is_asked_three_times(ask: Ask) -> None:
    with pytest.raises(llm.ModelError, match=r"failed \(status 500\)") as caught:
        ask("broken")
    assert not caught.value.permanent
    assert "secret detail" not in str(caught.value)
    assert len(ask.requests) == 3


def test_a_server_that_wants_more_patience_than_there_is_is_not_waited_for(ask: Ask) -> None:
    began = time.monotonic()
    with pytest.raises(llm.ModelError, match="busy"):
        ask("patient")
    assert time.monotonic() - began < 5
    assert len(ask.requests) == 1


@pytest.mark.parametrize("behaviour", ["silent", "dripping"])
def test_no_server_holds_a_worker_longer_than_the_limit(ask: Ask, behaviour: str, settings: Settings) -> None:
    settings.LLM_TIMEOUT_SECONDS = 0.5
    began = time.monotonic()
    with pytest.raises(llm.ModelError, match="did not answer in time"):
        ask(behaviour)
    assert time.monotonic() - began < llm.longest_seconds() + 1


def test_a_server_without_structured_output_is_asked_without_it(ask: Ask) -> None:
    assert ask("schemaless").subject == "Without a schema"


@pytest.mark.parametrize(("behaviour", "words"), [("unauthorised", "refused the key"), ("unknown", "does not know the model")])
def test_what_only_an_admin_can_mend_is_permanent_and_names_no_key(
    ask: Ask, behaviour: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(llm.ModelError, match=words) as caught:
        ask(behaviour)
    assert caught.value.permanent
    assert KEY not in str(caught.value)
    assert KEY not in caplog.text


def test_a_server_that_is_not_there_is_said_so(ask: Ask, settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(llm.ModelError, match="could not be reached"):
        ask("good")
    assert ask.usage == llm.Usage(requests=3), "which costs nothing"


def test_a_local_server_needs_no_key(ask: Ask, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    assert llm.is_configured()
    assert ask("good").subject
    settings.OPENAI_BASE_URL = ""
    assert not llm.is_configured()


def test_every_answer_model_can_be_asked_for(ask: Ask, settings: Settings) -> None:
    settings.LLM_MODEL = "good-escalation"
    assert llm.write([{"role": "user", "content": "Write."}], EscalationOutreach).key_issues == ["The model's key issues"]


def test_an_answer_is_bounded_and_a_server_that_knows_no_such_bound_is_told_in_the_old_way(ask: Ask, settings: Settings) -> None:
    settings.LLM_CONTEXT_TOKENS = 8_000
    ask("good")
    assert ask.requests[0]["max_completion_tokens"] == 2_000
    ask("schemaless")
    assert ask.requests[1]["max_tokens"] == 2_000
    assert "max_completion_tokens" not in ask.requests[1]


def test_what_it_took_is_summed_over_the_repair_round(ask: Ask) -> None:
    ask("repaired")
    assert ask.usage == llm.Usage(requests=2, input_tokens=2000, output_tokens=400, repaired=True)


def test_a_refused_request_is_counted_and_costs_nothing(ask: Ask) -> None:
    ask("limited")
    assert ask.usage == llm.Usage(requests=2, input_tokens=1000, output_tokens=200)


@pytest.mark.parametrize("behaviour", ["uncounted", "miscounting"])
def test_what_a_server_does_not_say_or_says_wrong_is_estimated(ask: Ask, behaviour: str) -> None:
    ask(behaviour)
    assert 0 < ask.usage.input_tokens < 20 < ask.usage.output_tokens < 200


def test_an_answer_that_never_came_counts_as_written(ask: Ask, settings: Settings) -> None:
    settings.LLM_TIMEOUT_SECONDS = 0.3
    with pytest.raises(llm.Outage):
        ask("silent")
    assert ask.usage.output_tokens == ask.usage.requests * llm.answer_tokens() > 0


def test_an_answer_that_is_not_wanted_any_more_ends_the_request_at_the_server_too(ask: Ask) -> None:
    began = time.monotonic()
    with pytest.raises(llm.Stopped):
        ask("waiting", lambda: time.monotonic() < began + 0.5)
    assert time.monotonic() - began < 5
    while "was_closed" not in ask.requests[0]:
        assert time.monotonic() - began < 10


def test_a_key_that_the_server_repeats_in_its_answer_is_nowhere(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = ask("echoing")
    assert (answer.subject, answer.body_html) == ("Bearer [key]", "<p>Bearer [key]</p>")
    assert len(ask.requests) == 2, "the first answer was repaired"
    assert KEY not in f"{answer!r} {ask.messages} {caplog.text}"
