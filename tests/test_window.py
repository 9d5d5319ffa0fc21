"""Long accounts are cut to the model's window: whole records, the least relevant first, and all that went is counted."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from accounts.schemas import CommunicationType
from communications import conversation, tokens, window
from communications.conversation import Wish
from tests.drafting import context, person, ticket
from tests.model_server import model_server, tokens_at

__all__ = ["model_server"]  # a fixture

KINDS: tuple[CommunicationType, ...] = get_args(CommunicationType)
TEXT = st.text(st.sampled_from('abe XZ09-"é漢\n'), max_size=200)
PAST = st.fixed_dictionaries(
    {"date": st.just("2026-02-01"), "communication_type": st.just("health_checkin"), "subject": TEXT, "outcome": TEXT}
)


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    """Contexts as `context.build` makes them: tickets the gravest and oldest first, past messages the latest first."""
    priorities = sorted(draw(st.lists(st.sampled_from(["P1", "P2", "P3", "P4"]), max_size=12)))
    history = draw(st.lists(PAST, max_size=6))
    features = draw(st.lists(st.booleans(), max_size=8))
    profile = {
        "stakeholders": [person(f"Person {n}", "high", notes=draw(TEXT)) for n in range(draw(st.integers(0, 5)))],
        "feature_adoption": [{"feature_name": f"Feature {n}", "adopted": adopted} for n, adopted in enumerate(features)],
        "communication_history": history,
    }
    left = draw(st.integers(0, 5))
    return context(
        profile=profile,
        tickets=[ticket(f"T-{n}", priority, 20 - n, draw(TEXT)) for n, priority in enumerate(priorities)],
        tickets_left_out=left,
        left_out={"tickets": left} if left else {},
        resolved_tickets=[ticket(f"R-{n}", "P3", 30, draw(TEXT), "resolved") for n in range(draw(st.integers(0, 4)))],
        recent_communications=history,
        release_info={"version": "4.2", "features": draw(st.lists(TEXT, max_size=5)), "fixes": [], "breaking_changes": []},
        roadmap_items=[{"title": f"Item {n}", "description": draw(TEXT)} for n in range(draw(st.integers(1, 6)))],
    )


def measured(kind: CommunicationType, part: dict[str, Any]) -> int:
    return tokens.of(conversation.messages(kind, part, Wish()))


def lists(part: dict[str, Any]) -> dict[str, list[Any]]:
    profile, release = part["relationship_profile"], part["release_info"]
    return {
        "tickets": part["tickets"],
        "resolved_tickets": part["resolved_tickets"],
        "recent_communications": part["recent_communications"],
        "features": profile["feature_adoption"],
        "stakeholders": profile["stakeholders"],
        "environment": profile["customer_environment"],
        "integrations": profile["integrations"],
        "co_dev_opportunities": profile.get("co_dev_opportunities", []),
        "roadmap_items": part["roadmap_items"],
        "release_features": release["features"],
        "fixes": release["fixes"],
        "breaking_changes": release["breaking_changes"],
    }


def is_subsequence(some: list[Any], whole: list[Any]) -> bool:
    rest = iter(whole)
    return all(record in rest for record in some)


@hypothesis(max_examples=60)
@given(accounts(), st.sampled_from(KINDS), st.integers(1_200, 4_500))
def test_a_fitted_prompt_is_within_the_window_its_records_are_whole_and_its_counts_add_up(
    whole: dict[str, Any], kind: CommunicationType, room: int
) -> None:
    before = json.dumps(whole)
    try:
        part = window.fit(kind, whole, lambda some: measured(kind, some), room)
    except window.TooSmall:
        assert measured(kind, whole) > room
        return
    assert json.dumps(whole) == before, "what is known stays as it is"
    assert measured(kind, part) <= room
    assert part["tickets_left_out"] + len(part["tickets"]) == whole["tickets_left_out"] + len(whole["tickets"])
    for name, records in lists(whole).items():
        kept = lists(part)[name]
        assert is_subsequence(kept, records)
        earlier = whole["left_out"].get(name, 0) if kind in ("escalation_outreach", "customer_success_review") else 0
        assert part["left_out"].get(name, 0) == len(records) - len(kept) + earlier
    assert part["relationship_profile"]["communication_history"] == part["recent_communications"]


@hypothesis(max_examples=60)
@given(accounts(), st.integers(1_500, 4_500))
def test_no_urgent_ticket_goes_before_anything_else_is_gone(whole: dict[str, Any], room: int) -> None:
    try:
        part = window.fit("escalation_outreach", whole, lambda some: measured("escalation_outreach", some), room)
    except window.TooSmall:
        return
    urgent = [each for each in whole["tickets"] if each["priority"] in ("P1", "P2")]
    kept = [each for each in part["tickets"] if each["priority"] in ("P1", "P2")]
    assert kept == urgent[: len(kept)], "the gravest and oldest stay"
    if len(kept) < len(urgent):
        assert part["tickets"] == kept
        profile = part["relationship_profile"]
        assert not any(profile[name] for name in ("stakeholders", "integrations", "feature_adoption", "communication_history"))


def test_the_least_relevant_go_first() -> None:
    """Past messages, then features nobody uses, then small tickets."""
    past = [
        {"date": f"2026-0{n}-01", "communication_type": "health_checkin", "subject": f"Past {n}", "outcome": ""} for n in range(9, 0, -1)
    ]
    tickets = [ticket("T-1", "P1", 9, "Payouts fail"), *(ticket(f"S-{n}", "P4", 9 - n, "A small wish") for n in range(6))]
    whole = context(profile={"communication_history": past}, recent_communications=past, tickets=tickets)

    def fitted(less: int) -> dict[str, Any]:
        room = measured("escalation_outreach", whole | {"left_out": {}}) - less
        return window.fit("escalation_outreach", whole, lambda some: measured("escalation_outreach", some), room)

    assert fitted(0)["left_out"] == {}
    few = fitted(100)
    assert set(few["left_out"]) == {"recent_communications"}
    assert [one["subject"] for one in few["recent_communications"]][:2] == ["Past 9", "Past 8"]
    more = fitted(700)
    assert list(more["left_out"]) == ["recent_communications", "features", "tickets"]
    assert [one["ticket_id"] for one in more["tickets"]][:2] == ["T-1", "S-0"], "the youngest small ones went"


def test_a_small_ticket_that_is_to_be_proposed_outlives_those_that_are_not() -> None:
    step = {"action": "resolve", "source": "", "ticket_id": "S-5", "priority": "P4", "subject": "A small wish", "gain": 5}
    whole = context(tickets=[ticket(f"S-{n}", "P4", 9 - n, "A small wish") for n in range(6)], chosen_path=[step])
    room = measured("escalation_outreach", whole | {"left_out": {}}) - 400
    part = window.fit("escalation_outreach", whole, lambda some: measured("escalation_outreach", some), room)
    assert "S-5" in [one["ticket_id"] for one in part["tickets"]]
    assert "S-4" not in [one["ticket_id"] for one in part["tickets"]]


def test_the_model_is_told_how_many_records_it_is_not_shown() -> None:
    whole = context(left_out={"tickets": 12}, tickets_left_out=12)
    [_, user] = conversation.messages("escalation_outreach", whole, Wish())
    assert 'left_out:\n{\n  "tickets": 12\n}' in user["content"]
    assert "Take no such list for complete" in user["content"]
    assert "left_out" not in conversation.messages("escalation_outreach", context(left_out={}), Wish())[1]["content"]


def test_what_was_left_out_is_said_in_words() -> None:
    assert window.left_out({"left_out": {"tickets": 12, "recent_communications": 1}}) == ["12 open tickets", "1 past message"]
    assert window.left_out({}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_estimate_is_below_what_a_real_model_counts(model_server: str, kind: CommunicationType) -> None:
    odd = ["Die Auszahlungen schlagen fehl", "支払いが失敗しました", "فشلت المدفوعات", "🎉🔥", "ERR_0x80004005 at SepaExporter$Inner.run"]
    whole = context(
        tickets=[ticket(f"PAY-{n}", "P2", 4.513434, subject) for n, subject in enumerate(odd)],
        release_info={"version": "4.2.1", "features": odd},
        roadmap_items=[{"title": subject} for subject in odd],
        left_out={},
    )
    for message in conversation.messages(kind, whole, Wish()):
        assert tokens_at(model_server, message["content"]) <= tokens.estimate(message["content"])
