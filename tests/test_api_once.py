"""A call that is repeated with its key does nothing more, and is answered the same."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import api_tokens
from accounts.models import IdempotentAnswer, SourceMapping, Ticket
from tamdash.api import once
from tests import make
from tests.api import Caller, problem
from tests.conftest import Cast

TICKET = {"ticket_id": "T-1", "priority": "P1", "status": "open", "created_at": "2026-11-20T10:00:00Z"}
BODY = {"tickets": [TICKET]}


def test_the_same_call_again_is_answered_byte_for_byte_and_does_nothing(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    first = caller.post("/tickets", BODY, Idempotency_Key="one")
    Ticket.objects.all().delete()
    again = caller.post("/tickets", BODY, Idempotency_Key="one")
    assert (again.status_code, again.content, again.headers["Content-Type"]) == (200, first.content, first.headers["Content-Type"])
    assert (again.headers["Idempotent-Replayed"], first.has_header("Idempotent-Replayed")) == ("true", False)
    assert not Ticket.objects.exists()
    assert caller.post("/tickets", BODY, Idempotency_Key="two").json()["unmatched"] == 1


def test_a_key_belongs_to_one_call_of_one_token(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    caller.post("/tickets", BODY, Idempotency_Key="one")
    problem(caller.post("/tickets", {"tickets": []}, Idempotency_Key="one"), "key-reused")
    problem(caller.post("/heartbeats", {"heartbeats": []}, Idempotency_Key="one"), "key-reused")
    for other in (Caller(cast.tenant), Caller(cast.stranger.tenant)):
        assert not other.post("/tickets", {"tickets": []}, Idempotency_Key="one").has_header("Idempotent-Replayed")


def test_a_call_that_was_not_valid_may_use_its_key_again(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    problem(caller.post("/tickets", {"ticket": []}, Idempotency_Key="one"), "invalid")
    assert caller.post("/tickets", BODY, Idempotency_Key="one").status_code == 200


@pytest.mark.parametrize("key", ["", "with space", "x" * 201, "\xe9"])
def test_a_key_that_is_none_is_refused(key: str, cast: Cast) -> None:
    assert problem(Caller(cast.tenant).post("/tickets", BODY, Idempotency_Key=key), "invalid")["errors"][0]["header"] == "Idempotency-Key"


def test_a_call_whose_first_died_half_way_is_done_after_a_minute(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    caller.post("/tickets", BODY, Idempotency_Key="one")
    IdempotentAnswer.objects.update(status=None, answer=b"")
    waits = caller.post("/tickets", BODY, Idempotency_Key="one")
    problem(waits, "in-progress")
    assert waits.headers["Retry-After"]
    IdempotentAnswer.objects.update(created_at=timezone.now() - once.STALE_AFTER)
    assert caller.post("/tickets", BODY, Idempotency_Key="one").json()["unmatched"] == 1
    assert caller.post("/tickets", BODY, Idempotency_Key="one").has_header("Idempotent-Replayed")


def test_a_failure_of_ours_is_not_repeated(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    broken = SourceMapping.objects.create(tenant=cast.tenant, source="generic", priorities=["no table"])
    problem(caller.post("/tickets", BODY, Idempotency_Key="one"), "internal")
    broken.delete()
    assert caller.post("/tickets", BODY, Idempotency_Key="one").json()["unmatched"] == 1


def test_answers_are_kept_for_a_day(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    caller.post("/tickets", BODY, Idempotency_Key="one")
    caller.post("/tickets", BODY, Idempotency_Key="two")
    a_day_ago = timezone.now() - timedelta(hours=24)
    IdempotentAnswer.objects.filter(key="one").update(created_at=a_day_ago)
    assert not caller.post("/tickets", {"tickets": []}, Idempotency_Key="one").has_header("Idempotent-Replayed")
    IdempotentAnswer.objects.filter(key="one").update(created_at=a_day_ago)
    assert api_tokens.forget_answers(timezone.now()) == 1
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["two"]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_one_key_one_is_done() -> None:
    caller = Caller(make.tenant("north"))
    together, answers = Barrier(6), list[Any]()

    def call() -> None:
        together.wait()
        answers.append(caller.post("/tickets", BODY, Idempotency_Key="one"))
        connection.close()

    threads = [Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in done}) == 1
    assert sum(not answer.has_header("Idempotent-Replayed") for answer in done) == 1
    assert IdempotentAnswer.objects.get().status == 200
