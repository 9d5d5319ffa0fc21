"""The API against its own description: whatever is sent, nothing fails on our side and nothing is answered that is not described."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_django import Settings
from schemathesis.checks import CHECKS

from accounts import api_tokens
from accounts.models.api import Scope
from communications.work import door
from tamdash.api.document import document
from tamdash.api.examples import ACCOUNT
from tamdash.api.once import HEADER
from tamdash.wsgi import application
from tests import make

EXAMPLES = int(os.environ.get("TAMDASH_API_EXAMPLES", "2"))  # for each operation, beside the boundaries of its parameters
# A bulk call takes each of its items by itself, so that a bad one is refused in the answer, not by it. One text for a list is a list.
LENIENT = ("write_tickets", "write_heartbeats", "list_accounts", "list_drafts")

MEANT = ("run_task", "hand_off")  # what they name must be there, and of the token's tenant

schema = schemathesis.openapi.from_dict(document())
schema.app = application


@pytest.fixture
def one_connection() -> Iterator[None]:
    """As Django's own test client has it: the end of a request does not end the test's connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def headers(db: None, one_connection: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(door, "WAIT", 0.0)
    settings.API_CALLS_PER_MINUTE = 1_000_000
    tenant = make.tenant("demo")
    account = make.red_account(tenant, make.user(tenant, email="rep@demo.test"), external_id=ACCOUNT, tier="strategic", region="EMEA")
    make.scanned(tenant)
    make.draft(account, pk=812)
    _, token = api_tokens.issue(tenant, "Everything", Scope.values)
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}  # the client in process cannot unpack


@schema.parametrize()
@hypothesis(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_described(case: Any, headers: dict[str, str]) -> None:
    case.call_and_validate(headers=headers, excluded_checks=CHECKS.get_by_names(beyond_description(case)))


def beyond_description(case: Any) -> list[str]:
    """What the description cannot tell: items refused by themselves, cursors no page gave out, keys used before, and a NUL."""
    operation, query = case.operation.definition.raw["operationId"], case.query or {}
    found = ["negative_data_rejection"] if operation in LENIENT else []
    is_beyond = operation in MEANT or "cursor" in query or HEADER in (case.headers or {}) or "\\x00" in repr(query)
    return found + (["positive_data_acceptance"] if is_beyond else [])
