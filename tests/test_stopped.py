"""Stopping a draft ends its request to the model, and no answer that comes later replaces anything."""

import os
import signal
from collections.abc import Iterator
from threading import Thread
from time import monotonic

import pytest
from django.db import connections
from pytest_django import Settings

from accounts.models import Account
from communications import drafts, generation
from communications.models import Communication, ModelUse
from tamdash.broker import tell
from tests import fake_openai, make, worker
from tests.conftest import Cast
from tests.drafting import draft, reviewed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def account(cast: Cast, server: str, settings: Settings) -> Account:
    settings.OPENAI_BASE_URL, settings.LLM_MODEL = server, f"waiting-{next(make.numbers)}"
    return make.account(cast.tenant, cast.rep)


def write_apart(row: Communication) -> None:
    """In a thread, with a connection of its own."""
    generation.generate(row.pk)
    connections.close_all()


def stopped(row: Communication, cast: Cast, server: str, model: str) -> float:
    """Has the draft stopped while the model is being asked. How many seconds the writer went on."""
    writer = Thread(target=write_apart, args=[row])
    writer.start()
    worker.wait_until(lambda: bool(fake_openai.requests_to(server, model)))
    began = monotonic()
    drafts.stop(reviewed(row), cast.rep)
    writer.join(15)
    assert not writer.is_alive()
    return monotonic() - began


def test_a_stopped_first_writing_fails_as_said_and_the_server_is_let_go(
    account: Account, cast: Cast, server: str, settings: Settings
) -> None:
    row = draft(account, "queued")
    assert stopped(row, cast, server, settings.LLM_MODEL) < 5
    worker.wait_until(lambda: "was_closed" in fake_openai.requests_to(server, settings.LLM_MODEL)[0], 5)
    row = reviewed(row)
    assert (row.status, row.failure) == ("failed", "Rita Rep stopped the writing. Try again writes it from the data of now.")
    assert row.revisions.count() == 0
    use = ModelUse.objects.get()
    assert (use.outcome, use.requests) == ("stopped", 1)
    assert use.output_tokens > 0, "what the server may have written by then is counted"


def test_a_stopped_rewriting_leaves_the_present_text(account: Account, cast: Cast, server: str, settings: Settings) -> None:
    row = draft(account, "ready", by=cast.rep)
    drafts.regenerate(row, cast.rep, row.version, "shorter")
    stopped(row, cast, server, settings.LLM_MODEL)
    row = reviewed(row)
    assert (row.status, row.body_html, row.failure, row.revisions.count()) == ("ready", "<p>Hello there.</p>", "", 1)


def test_a_worker_that_is_told_to_end_finishes_the_draft_it_is_writing(account: Account, server: str, settings: Settings) -> None:
    settings.LLM_MODEL = f"slow-{next(make.numbers)}"
    row = draft(account, "queued")
    with worker.workers(OPENAI_BASE_URL=server, TAMDASH_LLM_MODEL=settings.LLM_MODEL) as start:
        process = start()
        tell(drafts.GENERATE, row.pk)
        worker.wait_until(lambda: bool(fake_openai.requests_to(server, settings.LLM_MODEL)))
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0
    assert (reviewed(row).status, reviewed(row).writer) == ("ready", "model")
    assert ModelUse.objects.get().outcome == "answered"
