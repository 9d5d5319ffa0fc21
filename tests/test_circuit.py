"""A model that is down is left alone for a while, so that no draft waits for what cannot come."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account
from communications import circuit, generation
from communications.models import Communication, ModelCircuit, ModelUse
from tests import fake_openai, make
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.test_drafts import at_once


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep)


@pytest.fixture
def model(server: str, settings: Settings) -> "Endpoint":
    return Endpoint(server, settings)


class Endpoint:
    def __init__(self, server: str, settings: Settings) -> None:
        self.server, self.settings = server, settings
        settings.OPENAI_BASE_URL = server

    def behaves(self, how: str) -> None:
        self.settings.LLM_MODEL = f"{how}-{next(make.numbers)}"

    @property
    def requests(self) -> int:
        return len(fake_openai.requests_to(self.server, self.settings.LLM_MODEL))


def written(account: Account) -> Communication:
    row = draft(account, "queued")
    generation.generate(row.pk)
    return reviewed(row)


def later(seconds: float) -> None:
    """As if so much time had passed."""
    for row in ModelCircuit.objects.exclude(open_until=None):
        assert row.open_until
        ModelCircuit.objects.filter(pk=row.pk).update(open_until=row.open_until - timedelta(seconds=seconds))


def seconds_left() -> float:
    until = ModelCircuit.objects.get(key=circuit.key()).open_until
    assert until
    return (until - timezone.now()).total_seconds()


def test_after_five_failures_in_a_row_drafts_are_written_at_once_without_asking(account: Account, model: Endpoint) -> None:
    model.behaves("down")
    notes = [written(account).writer_note for _ in range(8)]
    assert notes[4] == "The model's server failed (status 503). Regenerate to ask it again."
    assert notes[5].startswith("The model failed 5 times in a row and is not asked before ")
    assert notes[5].endswith(". Regenerate after that.")
    assert model.requests == 5 * 3, "each with two retries"
    assert ModelUse.objects.count() == 5, "what is not asked costs nothing"
    assert 50 < seconds_left() <= 60


def test_a_model_that_is_back_is_found_so_by_one_draft_and_writes_again(account: Account, model: Endpoint) -> None:
    model.behaves("back")
    for _ in range(6):
        assert written(account).writer == "offline"
    later(61)
    assert [written(account).writer for _ in range(3)] == ["model"] * 3


def test_each_probe_that_fails_doubles_the_rest_up_to_ten_minutes(cast: Cast, settings: Settings) -> None:
    settings.LLM_MODEL = "any"
    for _ in range(5):
        circuit.admit(cast.tenant.zone).failed()
    for rest in (120, 240, 480, 600, 600):
        later(601)
        circuit.admit(cast.tenant.zone).failed()
        assert rest - 10 < seconds_left() <= rest
        with pytest.raises(circuit.Resting):
            circuit.admit(cast.tenant.zone)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_when_the_rest_is_over_one_alone_probes(cast: Cast, settings: Settings) -> None:
    settings.LLM_MODEL = "any"
    for _ in range(5):
        circuit.admit(cast.tenant.zone).failed()
    later(61)
    found = at_once(*[lambda: circuit.admit(cast.tenant.zone)] * 8)
    assert [each for each in found if isinstance(each, circuit.Turn)] == [circuit.Turn(circuit.key(), is_probe=True)]
    assert sum(isinstance(each, circuit.Resting) for each in found) == 7
    later(1000)
    assert circuit.admit(cast.tenant.zone).is_probe, "the first may have died"


@pytest.mark.django_db(transaction=True)
def test_failures_that_were_under_way_together_count_once_the_rest_has_begun_as_one(cast: Cast, settings: Settings) -> None:
    settings.LLM_MODEL = "any"
    turns = [circuit.admit(cast.tenant.zone) for _ in range(20)]
    at_once(*[turn.failed for turn in turns])
    assert ModelCircuit.objects.get().failures == 5
    assert 50 < seconds_left() <= 60


def test_a_probe_that_is_stopped_leaves_the_next_one_to_find_out(cast: Cast, settings: Settings) -> None:
    settings.LLM_MODEL = "any"
    for _ in range(5):
        circuit.admit(cast.tenant.zone).failed()
    later(61)
    circuit.admit(cast.tenant.zone).give_back()
    assert circuit.admit(cast.tenant.zone).is_probe


@pytest.mark.parametrize("behaviour", ["unauthorised", "unknown"])
def test_an_endpoint_that_refuses_the_key_or_the_model_is_left_alone_until_either_changes(
    account: Account, model: Endpoint, settings: Settings, behaviour: str
) -> None:
    model.behaves(behaviour)
    notes = [written(account).writer_note for _ in range(7)]
    assert "An admin has to mend this." in notes[4]
    assert "is not asked before" in notes[6]
    assert model.requests == 5
    settings.OPENAI_API_KEY = "sk-another"
    assert "An admin has to mend this." in written(account).writer_note


def test_answers_that_do_not_do_and_a_success_in_between_are_no_outage(account: Account, model: Endpoint, settings: Settings) -> None:
    model.behaves("invalid")
    for _ in range(6):
        assert "no usable answer" in written(account).writer_note
    settings.LLM_MODEL = "any"
    for _ in range(3):
        for _ in range(4):
            circuit.admit(account.tenant.zone).failed()
        circuit.admit(account.tenant.zone).succeeded()
    assert not circuit.admit(account.tenant.zone).is_probe
