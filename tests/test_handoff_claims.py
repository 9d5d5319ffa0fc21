"""Every claim of a handoff that is changed on the way is found, and a true one passes."""

import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, ScoringPolicy
from communications.handoffs import validate
from communications.handoffs.exchange import take
from tests import make
from tests.asking import token, write_drafts
from tests.conftest import Cast

CHANNELS = ("notion", "event_bus", "email", "chat")


@pytest.fixture
def account(cast: Cast) -> Account:
    row = make.red_account(cast.tenant, cast.rep)
    make.ticket(row, days=1.5, priority=2)
    return row


@pytest.fixture
def true(account: Account, cast: Cast) -> dict[str, Any]:
    """An answer to an alert, with the text that was written for it, as it went out."""
    ask = {
        "account_id": account.external_id,
        "tenant_id": "north",
        "handoff_type": "escalation_alert",
        "request_type": "escalation_outreach",
    }
    take(ask, cast.tenant, token(cast.tenant, "First"), wait=0)
    write_drafts()
    return take(ask, cast.tenant, token(cast.tenant, "Second"), wait=0).response.model_dump(mode="json")


def issues(payload: dict[str, Any], cast: Cast) -> tuple[str, ...]:
    found = validate("escalation_alert", payload, cast.tenant, part="response")
    return (*found.structural, *found.semantic)


def test_the_true_answer_passes_also_after_a_journey(true: dict[str, Any], cast: Cast) -> None:
    assert issues(true, cast) == ()
    assert true["communication_content"]
    assert issues(json.loads(json.dumps(true, indent=1)), cast) == ()


def replaced(true: dict[str, Any], part: str, name: str, value: Any) -> dict[str, Any]:
    return true | {part: true[part] | {name: value}}


instants = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
HEALTH = {
    "score": st.integers(0, 100),
    "rag_status": st.sampled_from(["Green", "Amber", "Red"]),
    "previous_score": st.none() | st.integers(0, 100),
    "previous_rag": st.none() | st.sampled_from(["Green", "Amber", "Red", "Blue"]),
    "p1_p2_ticket_count": st.integers(-1, 20),
    "oldest_p1_p2_age_days": st.floats(0, 100),
    "total_open_tickets": st.integers(-1, 20),
    "hours_since_heartbeat": st.none() | st.floats(0, 1000),
    "should_escalate": st.booleans(),
    "scan_timestamp": instants,
    "account_id": st.text(max_size=20),
}
ESCALATION = {
    "account_id": st.text(max_size=20),
    "channels": st.dictionaries(st.sampled_from([*CHANNELS, "fax"]), st.booleans()),
    "draft_id": st.none() | st.text(max_size=5) | st.integers(-5, 10**30).map(str),
    "alerts_sent": st.integers(-1, 9),
}
claims = st.sampled_from(
    [("health_score", name, HEALTH[name]) for name in HEALTH] + [("escalation_result", name, ESCALATION[name]) for name in ESCALATION]
)
mutations = claims.flatmap(lambda claim: st.tuples(st.just(claim[0]), st.just(claim[1]), claim[2]))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutation=mutations)
def test_every_changed_claim_is_found(mutation: tuple[str, str, Any], true: dict[str, Any], cast: Cast) -> None:
    part, name, value = mutation
    told = true[part][name]
    if name == "channels":
        is_same = {channel: value.get(channel, False) for channel in CHANNELS} == told and "fax" not in value
    else:
        is_same = value == told
    found = issues(replaced(true, part, name, value), cast)
    assert bool(found) != is_same


def test_another_text_another_account_and_a_missing_part_are_found(true: dict[str, Any], account: Account, cast: Cast) -> None:
    other = make.red_account(cast.tenant)
    make.scanned(cast.tenant)
    theirs = make.draft(other, "escalation_outreach")
    assert any("communication_content" in issue for issue in issues(true | {"communication_content": "We promise a refund."}, cast))
    assert any("draft_id" in issue for issue in issues(replaced(true, "escalation_result", "draft_id", str(theirs.pk)), cast))
    assert any("another account" in issue for issue in issues(replaced(true, "escalation_result", "account_id", other.external_id), cast))
    assert any("has to carry" in issue for issue in issues(true | {"escalation_result": None}, cast))


def test_an_older_scan_is_no_longer_the_latest(true: dict[str, Any], account: Account, cast: Cast) -> None:
    make.scanned(cast.tenant)
    assert any(issue.startswith("health_score.scan_timestamp: it says") for issue in issues(true, cast))


def test_an_instant_without_an_offset_is_refused(true: dict[str, Any], cast: Cast) -> None:
    naive = true["health_score"]["scan_timestamp"].removesuffix("Z")
    assert issues(replaced(true, "health_score", "scan_timestamp", naive), cast) == (
        "health_score.scan_timestamp: it has no offset from UTC, such as Z.",
    )


def test_the_policys_own_limits_are_those_that_count(account: Account, cast: Cast) -> None:
    """Green from 20 on: a score of 40 is no escalation by that policy, whatever the contract's default says."""
    cast.tenant.policies.filter(status="active").delete()
    ScoringPolicy.objects.create(tenant=cast.tenant, version=1, status="active", activated_at=timezone.now(), red_below=10, amber_below=20)
    calm = make.account(cast.tenant)
    for _ in range(3):
        make.ticket(calm, days=5, priority=1)
    ask = {"account_id": calm.external_id, "tenant_id": "north"}
    told = take(ask, cast.tenant, token(cast.tenant), wait=0).response.model_dump(mode="json")
    assert (told["health_score"]["score"], told["health_score"]["rag_status"], told["health_score"]["should_escalate"]) == (
        40,
        "Green",
        False,
    )
    raised = told | {"health_score": told["health_score"] | {"should_escalate": True}}
    found = validate("health_report", raised, cast.tenant, part="response").semantic
    assert found == ("health_score.should_escalate: by the policy it is false.",)
