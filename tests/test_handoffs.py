"""Handoffs as they come in and go out: what is answered, what is refused, and what stays on record."""

from itertools import product
from typing import Any, get_args

import pytest

from accounts import escalations
from accounts.models import Account, Escalation
from communications.handoffs import HANDOFFS, ValidationStrictness, exchange, validate
from communications.handoffs.exchange import Answered, Refused, take
from communications.models import Communication, Handoff, TaskRun
from communications.schemas import RequestType
from tests import make
from tests.asking import token, write_drafts
from tests.conftest import Cast


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.red_account(cast.tenant, cast.rep, name="Halden Freight")


def request(account: Account, **values: Any) -> dict[str, Any]:
    return {"account_id": account.external_id, "tenant_id": account.tenant.slug} | values


def hand(account: Account, **values: Any) -> Answered:
    return take(request(account, **values), account.tenant, token(account.tenant, f"Agent {next(make.numbers)}"), wait=0)


def test_a_health_report_carries_the_score_and_both_ways_are_on_record(account: Account) -> None:
    answered = hand(account, deal_id="D-7")
    assert answered.response.health_score is not None
    assert answered.response.health_score.rag_status == "Red"
    assert 0.1 < answered.response.confidence < 1
    assert answered.response.recommended_next_action.startswith(f"Acknowledge {Escalation.objects.get()}, due by 20")
    came, went = Handoff.objects.order_by("pk")
    assert [(row.direction, row.is_accepted, row.account, row.deal_id) for row in (came, went)] == [
        ("in", True, account, "D-7"),
        ("out", True, account, "D-7"),
    ]
    assert went.in_reply_to == came
    assert went.payload == answered.response.model_dump(mode="json")


def test_an_escalation_alert_carries_who_was_told(account: Account) -> None:
    answered = hand(account, handoff_type="escalation_alert")
    assert answered.response.escalation_result is not None
    assert set(answered.response.escalation_result.channels) == {"notion", "event_bus", "email", "chat"}
    assert TaskRun.objects.get().task_type == "health_scan"


@pytest.mark.parametrize(
    ("handoff_type", "request_type"),
    [
        ("escalation_alert", "escalation_outreach"),
        ("escalation_alert", "health_checkin"),
        ("health_report", "escalation_outreach"),
        ("health_report", "customer_success_review"),
    ],
)
def test_a_text_goes_out_once_it_is_written(handoff_type: str, request_type: str, account: Account) -> None:
    first = hand(account, handoff_type=handoff_type, request_type=request_type)
    assert first.response.communication_content is None
    assert first.run.finished_at is None
    write_drafts()
    second = hand(account, handoff_type=handoff_type, request_type=request_type)
    assert second.response.communication_content is not None
    assert second.response.communication_content.startswith(Communication.objects.get().subject)
    assert second.response.health_score is not None
    assert (second.response.escalation_result is not None) == (handoff_type == "escalation_alert")
    assert Handoff.objects.filter(is_accepted=True).count() == 4


def test_either_type_takes_every_request_type(account: Account) -> None:
    for kind, asked in product(HANDOFFS, get_args(RequestType)):
        assert not validate(kind, request(account, handoff_type=kind, request_type=asked), account.tenant)


def test_an_alert_with_another_text_where_all_is_well_tells_of_no_outreach(cast: Cast) -> None:
    answered = hand(make.account(cast.tenant, cast.rep), handoff_type="escalation_alert", request_type="health_checkin")
    assert answered.response.escalation_result is not None
    assert answered.response.escalation_result.draft_id is None
    assert Handoff.objects.filter(is_accepted=True).count() == 2


def test_a_task_that_fails_says_so_and_is_answered_all_the_same(account: Account) -> None:
    answered = hand(account, request_type="roadmap_preview")
    write_drafts()
    answered = hand(account, request_type="release_notes")
    assert answered.response.recommended_next_action.startswith("No release is published yet.")
    assert (answered.response.confidence, answered.run.status) == (0.1, "failed")
    assert answered.response.health_score is not None


def test_what_is_wrong_in_form_and_what_in_meaning_is_told_apart(account: Account, cast: Cast) -> None:
    agent = token(cast.tenant)
    with pytest.raises(Refused) as form:
        take(request(account, request_type="sing", mood="glad", handoff_type="invoice"), cast.tenant, agent)
    assert [issue.split(":")[0] for issue in form.value.issues.structural] == ["mood", "handoff_type", "request_type"]
    assert form.value.issues.semantic == ()
    with pytest.raises(Refused) as meaning:
        take(request(account, account_id="nobody"), cast.tenant, agent)
    assert [issue.split(":")[0] for issue in meaning.value.issues.semantic] == ["account_id"]
    assert meaning.value.issues.structural == ()
    kept = list(Handoff.objects.order_by("pk").values_list("is_accepted", "structural_issues", "semantic_issues"))
    assert kept == [(False, list(form.value.issues.structural), []), (False, [], list(meaning.value.issues.semantic))]
    assert not TaskRun.objects.exists()


def test_leniency_looks_at_the_form_alone(account: Account, cast: Cast) -> None:
    wrong = request(account, account_id="nobody")
    assert validate("health_report", wrong, cast.tenant).semantic
    assert not validate("health_report", wrong, cast.tenant, ValidationStrictness.LENIENT)
    assert validate("health_report", {"tenant_id": 3}, cast.tenant, ValidationStrictness.LENIENT).structural


def test_another_tenants_account_is_as_unknown_as_none(account: Account, cast: Cast) -> None:
    theirs = make.account(cast.stranger.tenant)
    agent = token(cast.tenant)
    said = []
    for wrong in ({"account_id": theirs.external_id}, {"account_id": "nobody"}):
        with pytest.raises(Refused) as refused:
            take(request(account, **wrong), cast.tenant, agent)
        said.append(refused.value.issues)
    assert said[0] == said[1]
    for slug in (cast.stranger.tenant.slug, "no-such-tenant"):
        with pytest.raises(Refused) as refused:
            take(request(account, tenant_id=slug), cast.tenant, agent)
        said.append(refused.value.issues)
    assert said[2] == said[3]
    assert not Handoff.objects.filter(tenant=cast.stranger.tenant).exists()
    assert not Handoff.objects.exclude(account=None).filter(account__tenant=cast.stranger.tenant).exists()


HOSTILE: list[Any] = [
    {"account_id": "a\0b", "tenant_id": "north"},
    {"account_id": "\ud800", "tenant_id": "north"},
    {"account_id": "x" * 100_000, "tenant_id": "north"},
    {"account_id": float("nan"), "tenant_id": float("inf")},
    {"handoff_type": {"a": ["\0"]}, "deal_id": ["x"]},
    {"handoff_type": "x\0" * 100, "deal_id": "\0" * 500},
    {"<script>" * 1000: 1, "account_id": None},
    {},
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_payloads_are_refused_and_kept_as_far_as_they_can_be(hostile: Any, account: Account, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        take(hostile, cast.tenant, token(cast.tenant))
    assert refused.value.issues.structural
    assert Handoff.objects.get().is_accepted is False


def test_a_payload_nested_without_end_is_refused(cast: Cast) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"account_id": deep}
    with pytest.raises(Refused):
        take(deep, cast.tenant, token(cast.tenant))
    assert Handoff.objects.get().payload["left_out"]


def test_an_answer_that_no_longer_holds_is_made_again(account: Account, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = exchange.response
    calls: list[Any] = []

    def overtaken(*given: Any) -> Any:
        answer = made(*given)
        if not calls:
            escalations.resolve(Escalation.objects.all(), cast.manager, "Settled by phone")
            make.ticket(account, days=6, priority=1)
            make.scanned(cast.tenant)
        calls.append(answer)
        return answer

    monkeypatch.setattr(exchange, "response", overtaken)
    answered = hand(account)
    assert len(calls) == 2
    assert answered.response == calls[1]
    assert Handoff.objects.filter(direction="out").count() == 1
