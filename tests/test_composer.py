import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.schemas import CommunicationType
from communications.answers import ANSWERS, EscalationOutreach, HealthCheckin, ReleaseNotes, RoadmapPreview
from communications.composer import compose
from communications.sanitise import clean, to_text
from tests.drafting import context, person, ticket

TYPES: tuple[CommunicationType, ...] = get_args(CommunicationType)
every_type = pytest.mark.parametrize("type_", TYPES)

RED = {"score": 35, "rag_status": "Red", "previous_score": 77, "previous_rag": "Green", "hours_since_heartbeat": 102.4}
TROUBLED = context(
    health=RED,
    deductions={"late": 40, "volume": 10, "silence": 15},
    tickets=[
        ticket("JIRA-1042", "P1", 5.3, "Order sync drops messages over 1 MB"),
        ticket("JIRA-748", "P2", 3.1, "Nested groups are lost", "pending"),
        *(ticket(f"JIRA-{number}", "P4", 1, "Small") for number in range(5)),
    ],
)
NEVER_SCANNED = context() | {"health_score": None, "deductions": {}, "limits": {}, "rep": {"name": "", "title": ""}}


def text(type_: CommunicationType, data: dict[str, object]) -> str:
    return to_text(compose(type_, data).body_html)


@every_type
def test_every_draft_is_signed_by_the_rep_and_clean(type_: CommunicationType) -> None:
    for data in (TROUBLED, context(), NEVER_SCANNED):
        answer = compose(type_, data)
        assert isinstance(answer, ANSWERS[type_])
        assert clean(answer.body_html) == answer.body_html
    assert text(type_, TROUBLED).endswith("Mara Lindqvist\nTechnical Account Manager\n")
    assert text(type_, NEVER_SCANNED).endswith("Your account team\n")


def test_an_outreach_names_tickets_ages_silence_and_the_score() -> None:
    said = text("escalation_outreach", TROUBLED)
    assert "JIRA-1042, P1, open for 5 days: Order sync drops messages over 1 MB." in said
    assert "JIRA-748, P2, pending, opened 3 days ago" in said
    assert "has not reported to us for 4 days and 6 hours" in said
    assert "seven tickets are open at the same time" in said
    assert "35 of 100 (Red: we have to act now), down from 77 (Green)" in said
    assert "It concerns your Order sync integration (in use since 1 March 2024)." in said
    assert "What we propose" in said


def test_an_outreach_gives_its_issues_gravest_first() -> None:
    answer = compose("escalation_outreach", TROUBLED)
    assert isinstance(answer, EscalationOutreach)
    assert [issue.split(" ")[0] for issue in answer.key_issues] == ["JIRA-1042", "JIRA-748", "No", "Seven"]
    assert answer.tone == "urgent"
    assert answer.subject == "JIRA-1042 and JIRA-748: where things stand and what we propose"


def test_plain_readers_get_the_effect_first_and_technical_ones_the_detail_after_it() -> None:
    people = [person("Petra Hoffmann", "low"), person("Luca Brandt", "high")]
    said = text("escalation_outreach", TROUBLED | {"relationship_profile": TROUBLED["relationship_profile"] | {"stakeholders": people}})
    plain, detail = said.split("In detail, for Luca Brandt")
    assert "Hello Petra Hoffmann, hello Luca Brandt," in plain
    assert "“Order sync drops messages over 1 MB”, open for 5 days, of the highest urgency (reference JIRA-1042)" in plain
    assert "P1" not in plain
    assert "JIRA-1042: P1, open, opened 19 November 2026, 02:28 UTC" in detail
    assert "silent for 102 hours" in detail


def test_an_outreach_with_nothing_behind_it_invents_nothing() -> None:
    answer = compose("escalation_outreach", context())
    assert isinstance(answer, EscalationOutreach)
    assert answer.tone == "reassuring"
    assert "does not point to a fault" in to_text(answer.body_html)


def test_past_messages_are_taken_up_but_our_notes_on_them_are_not_quoted() -> None:
    past = [{"date": "2026-11-02", "communication_type": "health_checkin", "subject": "November", "outcome": "wants a discount"}]
    for type_ in ("escalation_outreach", "health_checkin", "customer_success_review"):
        said = text(type_, context(recent_communications=past))
        assert "“November”" in said
        assert "2 November 2026" in said
        assert "discount" not in said


@every_type
def test_notes_on_people_stay_among_ourselves(type_: CommunicationType) -> None:
    people = [person("Petra Hoffmann", "low", notes="difficult, likes golf")]
    assert "golf" not in str(compose(type_, context(profile={"stakeholders": people})).model_dump())


def test_release_notes_keep_what_touches_the_account_and_say_why() -> None:
    release = {
        "version": "4.18",
        "released_on": "2026-11-20",
        "features": ["Order sync takes 10 MB", "New colours"],
        "fixes": ["JIRA-9 is fixed", "Reorder syncopation"],
        "breaking_changes": ["Kubernetes below 1.30 is not supported", "SOAP is gone"],
        "affected_integrations": ["Warehouse export"],
        "affected_features": ["Batch API"],
    }
    answer = compose("release_notes", context(release_info=release, tickets=[ticket("JIRA-9", "P3", 1, "Broken")]))
    assert isinstance(answer, ReleaseNotes)
    assert dict(zip(answer.highlighted_features, answer.relevance_notes, strict=True)) == {
        "Kubernetes below 1.30 is not supported": "It touches Kubernetes 1.31 in your environment.",
        "Order sync takes 10 MB": "It touches your Order sync integration (in use since 1 March 2024).",
        "JIRA-9 is fixed": "It touches your ticket JIRA-9.",
        "Batch API": "The release lists it as affected: your use of Batch API.",
    }
    assert "one further breaking change; it names nothing you have on record" in to_text(answer.body_html)


def test_release_notes_that_touch_nothing_say_so_and_on_what_ground() -> None:
    release = {"version": "4.18", "released_on": "2026-11-20", "features": ["New colours"]}
    answer = compose("release_notes", context(release_info=release))
    assert isinstance(answer, ReleaseNotes)
    assert answer.highlighted_features == answer.relevance_notes == []
    assert "found no change that names anything you run or use" in to_text(answer.body_html)
    assert "Integrations: Order sync" in to_text(answer.body_html)


def test_a_roadmap_preview_aligns_plans_and_finds_what_to_build_together() -> None:
    items = [
        {"title": "Kubernetes operator", "description": "Runs the connector", "status": "exploring", "horizon": "2027"},
        {"title": "Carrier portal", "description": "", "status": "planned", "horizon": "Q2 2027"},
        {"title": "Batch API v2", "description": "Streams", "status": "building", "horizon": "Q1 2027"},
    ]
    answer = compose("roadmap_preview", context(roadmap_items=items))
    assert isinstance(answer, RoadmapPreview)
    assert [item.split(":")[0] for item in answer.aligned_items] == ["Batch API v2", "Kubernetes operator"]
    assert [find.opportunity_name for find in answer.co_dev_opportunities] == ["Kubernetes operator with Kubernetes 1.31"]
    said = to_text(answer.body_html)
    assert "Being built, Q1 2027" in said
    assert "Carrier portal" not in said
    assert "plans, not commitments" in said


def test_an_idea_on_record_is_carried_on_and_not_found_again() -> None:
    ideas = [
        {"opportunity_name": "Kubernetes operator", "description": "x", "status": "discussed"},
        {"opportunity_name": "Secret plan", "description": "x", "status": "surfaced"},
    ]
    items = [{"title": "Kubernetes operator", "description": "", "status": "planned", "horizon": "2027"}]
    answer = compose("roadmap_preview", context(roadmap_items=items, profile={"co_dev_opportunities": ideas}))
    assert isinstance(answer, RoadmapPreview)
    assert answer.co_dev_opportunities == []
    assert "Kubernetes operator, as discussed" in to_text(answer.body_html)
    assert "Secret plan" not in to_text(answer.body_html)


def test_a_check_in_is_worth_reading_when_all_is_well() -> None:
    answer = compose("health_checkin", context())
    assert isinstance(answer, HealthCheckin)
    assert "No ticket is open. Your integration last reported 2 hours ago." in answer.health_summary
    assert answer.subject == "All in order at Halden Freight, and two suggestions"
    assert any("Audit log" in advice for advice in answer.recommendations)
    assert len(to_text(compose("health_checkin", TROUBLED).body_html).split()) < 250


def test_a_review_has_all_its_parts_and_every_open_ticket() -> None:
    said = text("customer_success_review", TROUBLED)
    for part in ("Summary", "Health", "Integrations and adoption", "Open items", "Relationship", "Recommendations"):
        assert f"\n{part}\n" in f"\n{said}"
    assert said.count(" | P4 | open | ") == 5
    assert "Warehouse export | not active | unknown" in said


anything = st.text(max_size=600)


@given(anything, anything, st.sampled_from(TYPES), st.integers(0, 40))
def test_no_data_breaks_a_draft_or_gets_out_of_its_place(name: str, subject: str, type_: CommunicationType, many: int) -> None:
    data = context(
        health=RED,
        profile={
            "account_name": name,
            "stakeholders": [person(subject, "low"), person(name, "high", role=subject)],
            "integrations": [{"integration_name": name}],
            "customer_environment": [subject],
        },
        tickets=[ticket(subject, "P1", number, subject) for number in range(many)],
        deductions={"late": 60, "volume": 25, "silence": 30},
        release_info={"version": name, "released_on": subject, "features": [subject], "breaking_changes": [name]},
        roadmap_items=[{"title": subject or "x", "description": name, "status": "planned", "horizon": name}],
    )
    answer = compose(type_, data)
    tags = re.compile(r"<[^>]*>")
    assert tags.findall(clean(answer.body_html)) == tags.findall(answer.body_html)
    assert "\0" not in answer.model_dump_json()


def test_markup_in_data_stays_text() -> None:
    data = context(tickets=[ticket("<b>T</b>", "P1", 1, '<script>alert(1)</script><a href="javascript:1">x</a>')])
    body = compose("escalation_outreach", data).body_html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script" not in body
    assert "<a " not in body
