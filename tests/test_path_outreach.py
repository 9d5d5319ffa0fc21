"""What an outreach made from a path says offline: its subject and opening are about the path, and the rest stays named."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communications.answers import EscalationOutreach
from communications.composer import compose
from communications.composer.words import silence
from communications.evidence import Evidence
from communications.prompts import build_escalation_outreach_prompt
from communications.sanitise import to_text
from tamdash.templatetags.tamdash import span
from tests.drafting import NOW, context, person, ticket
from tests.test_prompts import HEALTH, PROFILE, TICKETS

RED = {"score": 15, "rag_status": "Red", "previous_score": 77, "previous_rag": "Green"}
SCANNED = {"hours_since_heartbeat": 158.4, "oldest_p1_p2_age_days": 10.1, "scan_timestamp": (NOW - timedelta(minutes=30)).isoformat()}
OPEN = [
    ticket("ERP-1", "P1", 10.2, "ERP connector rejects orders"),
    ticket("ERP-2", "P2", 6.1, "Nested groups are lost", "pending"),
    ticket("ERP-8", "P3", 4, "Slow search"),
    ticket("ERP-9", "P4", 30.5, "Typo in the export"),
]
HEARTBEAT = {"action": "restore_heartbeat"}
PLAIN = {"stakeholders": [person("Petra Hoffmann", "low")]}
CLAIMS = ("resolved", "fixed", "done", "restored", "started", "already", "tomorrow", "today", "soon", "by the end")


def resolve(*names: str) -> list[dict[str, Any]]:
    known = {row["ticket_id"]: row for row in OPEN}
    return [
        {"action": "resolve", "ticket_id": name, "priority": known[name]["priority"], "subject": known[name]["subject"]} for name in names
    ]


def troubled(*path: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A late P1, a P2, two small tickets and a silence of 6 days, 14 hours and 54 minutes, found half an hour ago."""
    given: dict[str, Any] = {
        "health": RED | SCANNED,
        "deductions": {"late": 40, "volume": 0, "silence": 30},
        "tickets": OPEN,
        "last_heartbeat": (NOW - timedelta(hours=158, minutes=54)).isoformat(),
        "chosen_path": list(path),
    }
    return context(**given | values)


def outreach(data: dict[str, Any]) -> EscalationOutreach:
    answer = compose("escalation_outreach", data)
    assert isinstance(answer, EscalationOutreach)
    return answer


def parts(data: dict[str, Any]) -> tuple[str, str, list[str]]:
    """The opening, what is open, and the steps proposed."""
    opening, rest = to_text(outreach(data).body_html).split("\nWhat is open\n")
    is_open, proposed = rest.split("\nWhat we propose\n")
    return opening, is_open, [line[3:] for line in proposed.splitlines() if line[:1].isdigit()]


def test_a_mail_about_the_heartbeat_alone_opens_with_it_and_apologises_for_no_ticket() -> None:
    opening, is_open, steps = parts(troubled(HEARTBEAT))
    assert outreach(troubled(HEARTBEAT)).subject == "No signal from your integration for 6 days: what we propose"
    assert "I am writing about your integration, which has not reported to us for 6 days and 14 hours." in opening
    assert "Besides that, two urgent tickets are open, the oldest for 10 days." in opening
    assert "sorry" not in opening
    assert "ERP-1, P1" in is_open
    assert "ERP-2, P2" in is_open
    assert steps[0].startswith("Together: find out why your integration fell silent")
    assert steps[1:] == ["On our side: I also ask our support team where ERP-1 and ERP-2 stand, and pass the answer on to you in writing."]


def test_a_p1_outside_the_path_is_named_but_neither_in_the_subject_nor_taken_up() -> None:
    data = troubled(*resolve("ERP-2"), HEARTBEAT)
    opening, is_open, steps = parts(data)
    assert outreach(data).subject == "“Nested groups are lost” (ERP-2) and the silence of your integration: what we propose"
    assert "ERP" not in opening.replace("ERP-2", "")
    assert "one more urgent ticket is open, for 10 days" in opening
    assert "ERP-1, P1, open for 10 days" in is_open
    assert ["ERP-2" in steps[0], "integration" in steps[1], "where ERP-1 stands" in steps[2]] == [True] * 3
    assert len(steps) == 3


def test_the_subject_and_the_steps_keep_the_order_that_was_chosen() -> None:
    data = troubled(HEARTBEAT, *resolve("ERP-9", "ERP-1"))
    assert outreach(data).subject == "The silence of your integration, ERP-9 and ERP-1: what we propose"
    assert [next(name for name in ("integration", "ERP-9", "ERP-1", "ERP-2") if name in step) for step in parts(data)[2]] == [
        "integration",
        "ERP-9",
        "ERP-1",
        "ERP-2",
    ]


def test_an_apology_names_the_late_ticket_that_was_chosen() -> None:
    opening = parts(troubled(*resolve("ERP-1", "ERP-9")))[0]
    assert "two of your open tickets (ERP-1 and ERP-9), the oldest opened 30 days ago" in opening
    assert "ERP-1 has been open for longer than an urgent ticket should be, and I am sorry for it." in opening
    assert "your integration has not reported to us for 6 days and 14 hours" in opening
    alone = parts(troubled(*resolve("ERP-1")))[0]
    assert "opened 10 days ago. That ticket has been open for longer than an urgent one should be, and I am sorry for it." in alone
    assert "sorry" not in parts(troubled(*resolve("ERP-2")))[0]


def test_a_silence_outside_the_path_asks_for_a_word_and_proposes_no_step() -> None:
    _, is_open, steps = parts(troubled(*resolve("ERP-1", "ERP-2")))
    assert "If you paused it on purpose, a word from you is enough." in is_open
    assert not any("integration" in step for step in steps)
    assert "a word from you" not in parts(troubled(HEARTBEAT))[1]


def test_small_tickets_of_a_path_are_listed_as_open_below_the_graver_ones() -> None:
    is_open = parts(troubled(*resolve("ERP-9"), profile=PLAIN))[1]
    assert is_open.index("(reference ERP-1)") < is_open.index("“Typo in the export”, open for 30 days (reference ERP-9)")
    assert "ERP-8" not in is_open


def test_a_path_of_small_tickets_on_a_green_account_reads_as_a_calm_mail() -> None:
    data = context(tickets=OPEN[2:], chosen_path=resolve("ERP-8", "ERP-9"))
    opening, is_open, steps = parts(data)
    assert outreach(data).subject == "ERP-8 and ERP-9: what we propose"
    assert outreach(data).tone == "reassuring"
    assert "I am writing about your two open tickets (ERP-8 and ERP-9), the oldest opened 30 days ago. Below is" in opening
    assert "ERP-8, P3, open for 4 days: Slow search." in is_open
    assert len(steps) == 2
    assert "Does that suit you, or should something else come first?" in to_text(outreach(data).body_html)


@pytest.mark.parametrize("path", [{}, {"chosen_path": []}])
def test_a_green_account_without_a_step_to_propose_is_asked_how_things_are(path: dict[str, Any]) -> None:
    answer = outreach(context(**path))
    assert answer.subject == "How are things at Halden Freight?"
    assert "I am writing about" not in to_text(answer.body_html)


def test_for_plain_readers_the_first_ticket_stands_in_words() -> None:
    data = troubled(*resolve("ERP-2", "ERP-8", "ERP-9"), HEARTBEAT, profile=PLAIN)
    assert outreach(data).subject == "“Nested groups are lost”, two more tickets and the silence of your integration: what we propose"
    assert "three of your open tickets, the oldest opened 30 days ago, and about your integration" in parts(data)[0]


def test_a_ticket_beyond_those_on_record_gets_no_age() -> None:
    path = [*resolve("ERP-2"), {"action": "resolve", "ticket_id": "FAR", "priority": "P4", "subject": ""}]
    assert "two of your open tickets (ERP-2 and FAR), one of them opened 6 days ago" in parts(troubled(*path))[0]
    assert "I am writing about your ticket FAR. Besides that" in parts(troubled(path[1]))[0]


def test_ids_keep_their_letters_at_the_head_of_a_sentence() -> None:
    path = [{"action": "resolve", "ticket_id": name, "priority": "P4", "subject": ""} for name in ("erp-1", "erp-2")]
    assert outreach(troubled(*path)).subject == "erp-1 and erp-2: what we propose"


names = st.lists(st.sampled_from([row["ticket_id"] for row in OPEN]), unique=True)


@given(names, st.booleans(), st.booleans())
def test_every_urgent_ticket_gets_exactly_one_step_and_no_step_claims_or_promises(chosen: list[str], beats: bool, plain: bool) -> None:
    path = [*resolve(*chosen), *([HEARTBEAT] if beats else [])]
    if not path:
        return
    _, is_open, steps = parts(troubled(*path, **({"profile": PLAIN} if plain else {})))
    assert [sum(name in step for step in steps) for name in ("ERP-1", "ERP-2")] == [1, 1]
    assert [name in is_open for name in ("ERP-1", "ERP-2", *chosen)] == [True] * (2 + len(chosen))
    assert not [word for word in CLAIMS if f" {word}" in " ".join(steps).lower()]


def test_the_panel_counts_the_silence_until_the_moment_of_the_text_as_the_text_does() -> None:
    data = troubled(HEARTBEAT)
    assert span(Evidence(data, {}).silence_days) == "6 d 14 h"
    assert "for 6 days and 14 hours" in parts(data)[0]
    assert "No heartbeat for 158 hours" in outreach(data).key_issues


def test_a_silence_that_grew_by_an_hour_since_the_scan_is_the_same_on_the_panel_and_in_the_text() -> None:
    data = troubled(HEARTBEAT, last_heartbeat=(NOW - timedelta(hours=159, minutes=1)).isoformat())
    assert span(Evidence(data, {}).silence_days) == "6 d 15 h"
    assert "for 6 days and 15 hours" in parts(data)[0]


@given(st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=800)))
def test_a_silence_in_words_is_the_span_of_the_panel(passed: timedelta) -> None:
    hours = passed / timedelta(hours=1)
    short = {"day": "d", "days": "d", "hour": "h", "hours": "h", "and": ""}
    assert " ".join(filter(None, (short.get(word, word) for word in silence(hours).split()))) == span(hours / 24)


def test_the_model_is_told_the_same() -> None:
    prompt = " ".join(build_escalation_outreach_prompt(HEALTH, PROFILE, TICKETS, resolve("ERP-2")).split("# Answer")[0].split())
    assert "build its subject and its opening on what they are about" in prompt
    assert "list urgent tickets (P1, P2) that no chosen step is about" in prompt
    assert "Propose no work on them" in prompt
