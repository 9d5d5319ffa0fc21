"""What the model may cost a tenant and a person, and what it did cost."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Account, Tenant
from communications import budget, drafts, generation, llm
from communications.models import Communication, ModelUse, Release
from tests import fake_openai, make
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.test_drafts import at_once

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2026, 11, 24, 9, 40, tzinfo=OSLO)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def account(cast: Cast) -> Account:
    Tenant.objects.filter(pk=cast.tenant.pk).update(time_zone="Europe/Oslo")
    cast.tenant.refresh_from_db()
    return make.account(cast.tenant, cast.rep)


def allow(tenant: Tenant, **limits: int) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(settings=limits)


def used(row: Communication, at: datetime = NOW, **values: Any) -> ModelUse:
    defaults = {"tenant": row.tenant, "communication": row, "user": row.requested_by, "model": "gpt", "at": at, "outcome": "answered"}
    return ModelUse.objects.create(**defaults | values)


def refusal(row: Communication, now: datetime = NOW, prompt: int = 1000, answer: int = 500) -> str:
    with pytest.raises(budget.OverBudget) as caught:
        budget.reserve(row, prompt, answer, now)
    return str(caught.value)


def test_what_a_text_may_cost_at_most_is_reserved_and_settled_to_what_it_did_cost(account: Account, cast: Cast, settings: Settings) -> None:
    settings.LLM_PRICE_INPUT, settings.LLM_PRICE_OUTPUT = 0.25, 2
    row = draft(account, "queued", by=cast.rep)
    use = budget.reserve(row, 1000, 500, NOW)
    assert (use.outcome, use.input_tokens, use.output_tokens, use.cost) == ("reserved", 2500, 1000, Decimal("0.002625"))
    budget.settle(use, "answered", llm.Usage(requests=1, input_tokens=900, output_tokens=100), 3.5)
    use.refresh_from_db()
    assert (use.outcome, use.input_tokens, use.output_tokens, use.cost) == ("answered", 900, 100, Decimal("0.000425"))
    assert (use.tenant, use.communication, use.user, use.seconds) == (cast.tenant, row, cast.rep, 3.5)


def test_a_used_up_month_refuses_until_the_next_one_of_the_tenants_own_calendar(account: Account, cast: Cast) -> None:
    row = draft(account, "queued")
    allow(cast.tenant, model_tokens_per_month=20_000)
    used(row, input_tokens=19_000, output_tokens=1_000)
    assert refusal(row) == "The month's budget of 20,000 tokens is used up; the model writes again from 1 December."
    assert "1 December" in refusal(row, datetime(2026, 11, 30, 23, 59, tzinfo=OSLO))
    assert budget.reserve(row, 1000, 500, datetime(2026, 12, 1, 0, 1, tzinfo=OSLO)), "which in UTC is November"


def test_a_month_with_too_little_left_says_so(account: Account, cast: Cast) -> None:
    row = draft(account, "queued")
    allow(cast.tenant, model_tokens_per_month=20_000)
    used(row, input_tokens=18_000)
    assert (
        refusal(row) == "The rest of the month's budget of 20,000 tokens is too small for a text; the model writes again from 1 December."
    )
    assert budget.reserve(row, 500, 250, NOW)
    assert "too small" in refusal(row, prompt=500, answer=250), "what is reserved is as good as spent"


def test_a_budget_in_money_holds_where_the_tokens_would_do(account: Account, cast: Cast, settings: Settings) -> None:
    settings.LLM_PRICE_INPUT = 1000
    row = draft(account, "queued")
    allow(cast.tenant, model_cost_per_month=3)
    assert budget.reserve(row, 1000, 500, NOW)
    assert (
        refusal(row) == "The rest of the month's budget of 3 for the model is too small for a text; the model writes again from 1 December."
    )


def test_a_tenant_may_do_without_a_model_and_another_tenants_use_does_not_count(account: Account, cast: Cast) -> None:
    allow(cast.tenant, model_tokens_per_month=0)
    assert refusal(draft(account, "queued")) == "By the tenant's settings no model is asked."
    elsewhere = draft(make.account(cast.stranger.tenant), "queued")
    allow(cast.tenant, model_tokens_per_month=4_000)
    used(elsewhere, input_tokens=4_000)
    assert budget.reserve(draft(account, "queued", communication_type="release_notes"), 1000, 500, NOW)


def test_a_person_who_asked_for_too_many_within_the_hour_is_told_when_to_go_on(account: Account, cast: Cast) -> None:
    allow(cast.tenant, model_drafts_per_hour=3)
    mine, anothers, nobodys = (draft(account, "ready", by=by) for by in (cast.rep, cast.other_rep, None))
    for minutes in (70, 50, 20, 10):
        used(mine, NOW - timedelta(minutes=minutes))
    assert refusal(mine) == "You asked for 3 texts within the hour; from 09:51 on the model writes again."
    assert budget.reserve(mine, 10, 10, NOW + timedelta(minutes=11))
    assert budget.reserve(anothers, 10, 10, NOW)
    assert budget.reserve(nobodys, 10, 10, NOW)


def test_the_drafts_of_a_confirmed_release_do_not_count_against_the_hour(account: Account, cast: Cast) -> None:
    allow(cast.tenant, model_drafts_per_hour=1)
    release = Release.objects.create(tenant=cast.tenant, version="4.2", released_on="2026-11-20")
    told = draft(account, "ready", by=cast.rep, communication_type="release_notes")
    Communication.objects.filter(pk=told.pk).update(release=release)
    used(told)
    assert budget.reserve(draft(account, "queued", by=cast.rep), 10, 10, NOW)


@pytest.mark.django_db(transaction=True)
def test_workers_that_ask_at_the_same_time_do_not_overspend(account: Account, cast: Cast) -> None:
    row = draft(account, "queued")
    allow(cast.tenant, model_tokens_per_month=3 * 3_500)
    found = at_once(*[lambda: budget.reserve(row, 1000, 500, NOW)] * 8)
    assert sum(isinstance(each, ModelUse) for each in found) == 3
    assert sum(isinstance(each, budget.OverBudget) for each in found) == 5
    assert ModelUse.objects.count() == 3


def test_over_budget_the_offline_composer_writes_and_says_why(account: Account, cast: Cast, server: str, settings: Settings) -> None:
    settings.OPENAI_BASE_URL, settings.LLM_MODEL = server, f"good-{next(make.numbers)}"
    row = draft(account, "queued", by=cast.rep)
    used(row, timezone.now(), input_tokens=20_000_000)
    generation.generate(row.pk)
    row = reviewed(row)
    assert (row.status, row.writer) == ("ready", "offline")
    assert row.writer_note.startswith("The month's budget of 20,000,000 tokens is used up; the model writes again from 1 ")
    assert fake_openai.requests_to(server, settings.LLM_MODEL) == []


@pytest.mark.parametrize(
    ("behaviour", "outcome", "requests", "tokens", "error"),
    [
        ("good", "answered", 1, 1200, ""),
        ("repaired", "repaired", 2, 2400, ""),
        ("invalid", "unusable", 2, 2400, "The model gave no usable answer, even when asked again."),
        ("unauthorised", "failed", 1, 0, "The model's server refused the key."),
    ],
)
def test_the_ledger_tells_how_each_turn_ended_and_what_it_took(
    account: Account, server: str, settings: Settings, behaviour: str, outcome: str, requests: int, tokens: int, error: str
) -> None:
    settings.OPENAI_BASE_URL, settings.LLM_MODEL = server, f"{behaviour}-{next(make.numbers)}"
    generation.generate(draft(account, "queued").pk)
    use = ModelUse.objects.get()
    assert (use.outcome, use.requests, use.input_tokens + use.output_tokens, use.error) == (outcome, requests, tokens, error)
    assert use.model == settings.LLM_MODEL
    assert 0 < use.seconds < 20


def test_a_drafts_cost_is_summed_over_all_its_turns(
    account: Account, cast: Cast, server: str, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OPENAI_BASE_URL, settings.LLM_MODEL, settings.LLM_PRICE_INPUT = server, f"good-{next(make.numbers)}", 5
    row = draft(account, "queued")
    assert budget.spent_on(row) is None
    generation.generate(row.pk)
    row.refresh_from_db()
    drafts.regenerate(row, cast.rep, row.version)
    generation.generate(row.pk)
    with django_assert_num_queries(1):
        spent = budget.spent_on(row)
    assert spent is not None
    assert spent[:5] == (settings.LLM_MODEL, 2, 2000, 400, Decimal("0.01"))


def test_how_long_a_text_usually_takes_is_the_median_of_the_latest(account: Account, cast: Cast) -> None:
    assert budget.usual_seconds(cast.tenant) == 10
    row = draft(account, "ready")
    for number in range(40):
        used(row, NOW + timedelta(minutes=number), seconds=100 if number < 20 else number)
    used(row, NOW + timedelta(hours=2), seconds=500, outcome="failed")
    assert budget.usual_seconds(cast.tenant) == 29.5
