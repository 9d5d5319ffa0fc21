"""Grounding on labelled claims, on the offline composer's own drafts, and on drafts in which one figure was changed."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communications import composer
from communications.grounding import Claim, ground, marked
from communications.grounding.marking import text_of
from tests import drafting

DATA = Path(__file__).parent / "data"
SETS = {name: json.loads((DATA / f"claims_{name}.json").read_text()) for name in ("seen", "unseen")}
CONTEXTS: dict[str, dict[str, Any]] = {
    f"{name}-{place}": given for name, found in SETS.items() for place, given in found["contexts"].items()
}
KINDS = ("escalation_outreach", "release_notes", "roadmap_preview", "health_checkin", "customer_success_review")


def flags_on(label: dict[str, Any], context: dict[str, Any]) -> list[Claim]:
    """The flagged claims that touch the labelled words."""
    start = text_of(label["html"]).index(label["claim"])
    end = start + len(label["claim"])
    return [claim for claim in ground("", label["html"], context).flagged if claim.start < end and start < claim.end]


@pytest.mark.parametrize("name", SETS)
def test_no_false_claim_of_the_labelled_set_is_accepted(name: str) -> None:
    contexts = SETS[name]["contexts"]
    false = [label for label in SETS[name]["claims"] if not label["true"]]
    assert len(false) >= 75
    assert [label["html"] for label in false if not flags_on(label, contexts[label["context"]])] == []


@pytest.mark.parametrize("name", SETS)
def test_at_most_three_in_a_hundred_true_claims_are_flagged(name: str) -> None:
    contexts = SETS[name]["contexts"]
    true = [label for label in SETS[name]["claims"] if label["true"]]
    flagged = [label["html"] for label in true if flags_on(label, contexts[label["context"]])]
    assert len(flagged) <= 0.03 * len(true), flagged


def composed() -> list[tuple[str, Any, dict[str, Any]]]:
    needs = {"release_notes": "release_info", "roadmap_preview": "roadmap_items"}
    return [
        (f"{name}, {kind}", composer.compose(kind, given), given)  # type: ignore[arg-type]  # KINDS are its literals
        for name, given in CONTEXTS.items()
        for kind in KINDS
        if kind not in needs or needs[kind] in given
    ]


def test_what_the_offline_composer_writes_from_the_records_is_never_flagged() -> None:
    flagged = {name: ground(answer.subject, answer.body_html, given).flagged for name, answer, given in composed()}
    assert {name: [(claim.quote, claim.why) for claim in claims] for name, claims in flagged.items() if claims} == {}


COMPOSED = composed()
# The open tickets without the pending ones may be counted too.
STILL_TRUE = re.compile(r"\d+ tickets are open")


def names_a_ticket(text: str, place: int, given: dict[str, Any]) -> bool:
    """Whether what stands there became the id of another ticket on record."""
    ids = {row["ticket_id"] for row in (*given["tickets"], *given["resolved_tickets"])}
    return any(match[0] in ids for match in re.finditer(r"[A-Z]+-?\d+", text) if match.start() <= place < match.end())


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.data())
def test_a_figure_that_was_changed_is_flagged(data: st.DataObject) -> None:
    _, answer, given = data.draw(st.sampled_from(COMPOSED))
    readable = re.sub(r"<[^>]*>|&[#\w]+;", lambda markup: " " * len(markup[0]), answer.body_html)
    places = [match.start() for match in re.finditer(r"\d", readable)]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([one for one in "0123456789" if one != answer.body_html[place]]))
    changed = answer.body_html[:place] + digit + answer.body_html[place + 1 :]
    sentence = text_of(changed[max(0, changed.rfind("<p", 0, place)) : place + 120])
    is_true = STILL_TRUE.search(sentence) or names_a_ticket(changed, place, given)
    assert is_true or ground(answer.subject, changed, given).flagged, (
        f"{sentence} … {changed[place - 30 : place]}>{digit}<{changed[place + 1 : place + 20]}"
    )


def test_a_claim_names_the_record_that_holds_it() -> None:
    given = drafting.context(
        tickets=[drafting.ticket("T-12", "P1", 5.2, "Payouts fail"), drafting.ticket("T-13", "P2", 1.0, "Slow search")]
    )
    [claim] = ground("", "<p>T-12 (P1) has been open for 5 days.</p>", given).claims
    assert [(source.key, source.label) for source in claim.sources] == [("tickets/0", "T-12")]
    assert claim.quote == "T-12 (P1) has been open for 5 days"


def test_a_flag_says_what_is_wrong() -> None:
    given = drafting.context(tickets=[drafting.ticket("T-4821", "P1", 5.2, "Payouts fail")])
    [claim] = ground("", "<p>We look at T-4812.</p>", given).flagged
    assert (claim.quote, claim.why) == ("T-4812", "No record holds “T-4812”. Is T-4821 meant?")


def test_what_the_person_asked_for_is_a_source() -> None:
    text = "<p>As you said, the call on Friday was useful.</p>"
    assert ground("", text, drafting.context()).flagged
    assert not ground("", text, drafting.context(), "mention the call on Friday").flagged


def test_sentences_without_anything_to_check_are_told_apart() -> None:
    checked = ground("", "<p>Thank you for your patience. Order sync is active.</p>", drafting.context())
    assert checked.prose == ["Thank you for your patience."]
    assert [claim.quote for claim in checked.claims] == ["Order sync"]


def test_the_same_claim_in_another_sentence_has_another_key() -> None:
    one, other, again = (
        ground("", f"<p>{text}</p>", drafting.context()).flagged[0].key
        for text in ("You lose 40 orders.", "You lost 40 orders.", "You lose 40  orders.")
    )
    assert one != other
    assert one == again


def test_marks_link_the_text_to_its_evidence() -> None:
    body = "<p>Order sync lost <strong>40</strong> orders &amp; more.</p>"
    checked = ground("", body, drafting.context())
    html = marked(body, list(enumerate(checked.claims, 1)))
    assert re.sub(r"</?mark[^>]*>|<a class=\"ref.*?</a>", "", html) == body
    assert '<mark class="claim" id="c1">Order sync</mark><a class="ref" href="#e1"' in html
    assert '<mark class="claim no" id="c2">40</mark>' in html


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>&\"'abc T-12 P1 49.%€ é\u200b\n", max_size=60))
def test_any_text_is_read_and_marked_without_change(text: str) -> None:
    from communications import sanitise

    body = sanitise.clean(text)
    checked = ground(text.replace("\n", " "), body, drafting.context())
    html = marked(body, list(enumerate(checked.claims, 1)))
    assert text_of(re.sub(r"</?mark[^>]*>|<a class=\"ref[^>]*>.*?</a>", "", html)) == text_of(body)


def test_a_long_draft_is_checked_while_a_person_waits_for_nothing() -> None:
    given = CONTEXTS["seen-busy"]
    answer = composer.compose("customer_success_review", given)
    assert len(text_of(answer.body_html).split()) > 600
    ground(answer.subject, answer.body_html, given)
    begin = time.process_time()
    ground(answer.subject, answer.body_html, given)
    assert time.process_time() - begin < 1  # the bench says how much quicker; here only that no rule runs away
