"""What the offline composer claims is true of the data, in number and in time."""

from datetime import timedelta

import pytest

from communications.composer import compose
from communications.sanitise import to_text
from tests.drafting import NOW, context, ticket
from tests.test_composer import RED, text


def test_the_message_taken_up_is_the_last_one_of_whatever_type() -> None:
    past = [
        {"date": "2026-11-20", "communication_type": "release_notes", "subject": "Release 4.18", "outcome": ""},
        {"date": "2026-08-02", "communication_type": "escalation_outreach", "subject": "The outage of July", "outcome": "calmed"},
    ]
    said = text("escalation_outreach", context(recent_communications=past))
    assert "Our last message to you was “Release 4.18” of 20 November 2026." in said
    assert "July" not in said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "One ticket was resolved in the last 90 days: SUP-1."),
        (6, "Six tickets were resolved in the last 90 days: SUP-1, SUP-2, SUP-3, SUP-4, SUP-5 and SUP-6."),
        (25, "25 tickets were resolved in the last 90 days, the latest SUP-1, SUP-2, SUP-3, SUP-4, SUP-5 and SUP-6."),
    ],
)
def test_resolved_tickets_are_counted_and_the_latest_six_named(count: int, said: str) -> None:
    named = [ticket(f"SUP-{number}", "P3", 9, "Small", "resolved") for number in range(1, min(count, 10) + 1)]
    assert said in text("health_checkin", context(resolved_tickets=named, resolved_ticket_count=count))


def test_a_check_in_asks_about_one_urgent_ticket_as_one() -> None:
    one, two = ticket("T-1", "P1", 5, "Down"), ticket("T-2", "P2", 5, "Slow")
    assert "How much does the urgent ticket hold you up" in text("health_checkin", context(tickets=[one]))
    assert "Which of the urgent tickets hurts most" in text("health_checkin", context(tickets=[one, two]))


def test_urgent_tickets_beyond_the_list_are_not_counted_away() -> None:
    many = [ticket(f"T-{number}", "P1", 5, "Down") for number in range(40)]
    said = text("escalation_outreach", context(tickets=many, tickets_left_out=3))
    assert "at least 40 urgent tickets are open, one of them for 5 days" in said
    assert "and at least 28 more" in said


def test_what_has_ended_since_the_scan_is_not_told_as_if_it_went_on() -> None:
    then = {"late": 40, "volume": 10, "silence": 15}
    resumed = (NOW - timedelta(hours=1)).isoformat()
    red = RED | {"total_open_tickets": 8, "oldest_p1_p2_age_days": 5.0, "scan_timestamp": (NOW - timedelta(hours=3)).isoformat()}
    said = text("escalation_outreach", context(health=red, deductions=then, last_heartbeat=resumed))
    assert "does not point to a fault" in said
    said = text(
        "escalation_outreach", context(health=red, deductions=then, last_heartbeat=resumed, tickets=[ticket("T-1", "P1", 0.1, "New")])
    )
    assert "one urgent ticket is open, for 2 hours" in said
    assert "longer than it should" not in said
    assert "at the same time" not in said


def test_a_ticket_opened_after_the_scan_is_not_told_as_what_is_behind_its_score() -> None:
    said = text("health_checkin", context(tickets=[ticket("T-1", "P1", 0.1, "New")]))
    assert "At the moment: one urgent ticket is open, for 2 hours." in said
    assert "Behind it" not in said


def test_a_silence_is_told_as_long_as_it_is_by_now() -> None:
    beat = (NOW - timedelta(hours=100)).isoformat()
    said = text("escalation_outreach", context(health=RED, deductions={"late": 0, "volume": 0, "silence": 15}, last_heartbeat=beat))
    assert "has not reported to us for 4 days and 4 hours" in said


def test_release_notes_tell_how_many_points_there_are_when_not_all_are_shown() -> None:
    release = {"version": "5", "released_on": "2026-12-24", "breaking_changes": [f"Order sync drops format {n}" for n in range(23)]}
    said = text("release_notes", context(release_info=release))
    assert "Release 5 comes out on 24 December 2026." in said
    assert "what touches your setup: 23 points, the first 20 of them below." in said
    assert "further breaking" not in said


def test_a_roadmap_preview_tells_how_many_plans_meet_when_not_all_are_shown() -> None:
    items = [{"title": f"Order sync {n}", "description": "", "status": "planned", "horizon": "2027"} for n in range(14)]
    answer = compose("roadmap_preview", context(roadmap_items=items))
    assert answer.subject == "Roadmap preview for Halden Freight: 14 plans that meet your setup"
    assert "These are the twelve nearest to done of 14." in to_text(answer.body_html)


def test_a_roadmap_preview_asks_about_one_plan_as_one() -> None:
    items = [{"title": "Order sync in batches", "description": "", "status": "planned", "horizon": "2027"}]
    assert "What would “Order sync in batches” change for you" in text("roadmap_preview", context(roadmap_items=items))
