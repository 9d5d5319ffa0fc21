"""Rules for what is said of a ticket, an integration or a feature: priority, state, and whether it is in use."""

import re

from communications.grounding.reading import Sentence
from communications.grounding.records import Record
from communications.grounding.scene import Named, Scene

PRIORITY = re.compile(r"\bp ?(\d)\b(?!s)|\bpriority (?:level )?(\d)\b|\b(highest|high|medium|normal|low|lowest) (?:priority|urgency)\b")
IN_WORDS = {"highest": ("P1",), "high": ("P1", "P2"), "medium": ("P3",), "normal": ("P3",), "low": ("P4",), "lowest": ("P4",)}
URGENT = re.compile(r"\b(?:is|are|remains?|was|were|as|still|both|all) (?:an? |the )?(?:most |very )?(urgent|critical)\b")

DONE = r"(?:resolved|closed|fixed|solved|settled|done|sorted out|repaired|corrected|remedied|behind us|gone)"
IS_DONE = re.compile(
    rf"\b(?:is|are|was|were|has been|have been|had been|been|got|now)(?: now| already| finally| both| all| fully| since| meanwhile)* {DONE}\b"
    rf"|\b(?:we|i|our \w+|support|engineering|colleagues)(?: have| has|'ve)?(?: now| already| finally)? (?:resolved|closed|fixed|solved|repaired|corrected)\b"
    rf"|(?<=\| )(?:resolved|closed)\b"
    rf"|\bno longer (?:occurs?|happens?)\b|\b(?:runs?|works?|working|running) (?:again|as (?:it|they) should)\b|\bcome to an end\b|\bback to normal\b"
)
NOT_YET = re.compile(
    r"\b(?:not|never|until|once|when|if|before|after it|to be|will be|would be|can be|could be|should be|must be|being|as soon as|whether|n't|yet to be|getting|get)\b"
    r"(?: \w+){0,4}$"
)
PENDING = re.compile(r"\b(?:pending|on hold)\b|\bwait(?:s|ing) (?:for|on) (?:your|an answer from you|a reply from you|you)\b")
OPEN = re.compile(r"\b(?:is|are|remains?|stays?|still) (?:still )?open\b|(?<=\| )open\b|(?<=, )open\b")
ACTIVE = re.compile(
    r"\b(?:is|are|runs?|stays?|remains?|being)(?: now| already| still| fully)* (?:active|live|running|up and running|connected|switched on|enabled|in use)\b|\b(?:delivers?|sends?) \w+|\bhas been (?:running|active|live)\b|(?<=\| )active\b|\bactive\b"
)
INACTIVE = re.compile(
    r"\b(?:not|no longer|never)(?: yet| currently| been)* (?:active|live|running|connected|enabled|in use|used)\b|\binactive\b|\bswitched off\b|\bdisabled\b|\bnot active\b"
)
IN_USE = re.compile(
    r"\b(?:you|your team|your teams|they) (?:already |now |do |both |all )*(?:use|rely on|work with|have adopted|adopted|make use of)\b|\byour use of\b|\b(?:you|already) (?:have )?(?:switched|turned) (?:it )?on\b"
)
UNUSED = re.compile(
    r"\b(?:do not|don't|not yet|have not|haven't|never)(?: yet)? (?:use|used|adopted?|tried|rely)\b|\bnot (?:yet )?(?:use|used|in use|adopted)\b|\bunused\b"
)
STATES = {
    "being built": "building",
    "in development": "building",
    "is planned": "planned",
    "being explored": "exploring",
    "has shipped": "shipped",
}


def priorities(sentence: Sentence, scene: Scene) -> None:
    for match in sentence.find(PRIORITY):
        wanted = IN_WORDS[match[3]] if match[3] else (f"P{match[1] or match[2]}",)
        settle(sentence, scene, match, "priority", [r for r in scene.records.tickets if r.row["priority"] in wanted], "priority")
    for match in sentence.find(URGENT):
        if not re.search(r"\b(?:no|none|not|two|three|\d+)\b", sentence.folded[: match.start()][-20:]):
            settle(sentence, scene, match, "priority", [r for r in scene.records.tickets if r.row["priority"] in ("P1", "P2")], "priority")


def settle(sentence: Sentence, scene: Scene, match: re.Match[str], kind: str, fitting: list[Record], what: str) -> None:
    """An attribute that the tickets it belongs to must all have; without any such, some ticket of the account."""
    start, end = match.span()
    asked = scene.ticket_of(sentence, start, end)
    wrong = [record for record in asked if record not in fitting]
    sentence.take(start, end)
    if wrong:
        row = wrong[0].row
        scene.flag("priority" if kind == "priority" else "status", start, end, f"{row['ticket_id']} is {row['priority']}, {row['status']}.")
    else:
        none = f"No ticket on record has this {what}."
        scene.judge(
            "priority" if kind == "priority" else "status", start, end, asked or [r for r in fitting if r.is_current] or fitting, none
        )


def states(sentence: Sentence, scene: Scene) -> None:
    for match in sentence.find(IS_DONE):
        before = sentence.folded[: match.start()]
        if not NOT_YET.search(before) and not before.endswith("what ") and not sentence.is_question:
            done(sentence, scene, match)
    for match in sentence.find(PENDING):
        if scene.ticket_of(sentence, *match.span()):
            settle(sentence, scene, match, "status", [r for r in scene.records.tickets if r.row["status"] == "pending"], "state")
    for match in sentence.find(OPEN):
        if scene.ticket_of(sentence, *match.span()):
            settle(sentence, scene, match, "status", [r for r in scene.records.tickets if r.is_current], "state")


def done(sentence: Sentence, scene: Scene, match: re.Match[str]) -> None:
    start, end = match.span()
    closed = [record for record in scene.records.tickets if not record.is_current]
    if scene.ticket_of(sentence, start, end):
        settle(sentence, scene, match, "status", closed, "state")
        return
    if re.search(r"\b(?:\d+|no|none|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty)\b[^.]{0,40}$", sentence.folded[:start]):
        return  # a number of tickets: counted elsewhere
    everything = re.search(r"\b(?:all|every|everything|nothing|your tickets|each)\b", sentence.folded)
    if everything and scene.records.tickets and not any(r.is_current for r in scene.records.tickets):
        scene.ground("status", start, end, closed)
    elif not scene.others("release", "history", "roadmap", "opportunity"):
        scene.flag("status", start, end, "No record says that it is done.")


def adoption(sentence: Sentence, scene: Scene) -> None:
    """An integration said to be active, a feature said to be in use, and the other way round."""
    text = sentence.folded
    for one in scene.named:
        row = one.record.row
        # A name can be an integration's and a feature's at once.
        same = [other.record.row for other in scene.named if (other.start, other.end) == (one.start, one.end)]
        in_use = {bool(other.get("is_active") or other.get("adopted")) for other in same}
        before, after = around(scene, one, text)
        if one.record.role == "integration":
            says_off = bool(INACTIVE.search(after))
            says_on = not says_off and bool(ACTIVE.search(after) or re.search(r"\bactive $", before))
            check_use(scene, one.start, one.end, says_on, says_off, in_use, "active")
        if one.record.role == "feature":
            says_off = bool(UNUSED.search(before) or UNUSED.search(after))
            says_on = (
                not says_off
                and bool(IN_USE.search(before))
                and not re.search(r"\b(?:if|could|would|might|should|can|to) \w* ?you\b", before)
            )
            check_use(scene, one.start, one.end, says_on, says_off, in_use, "in use")
        if one.record.role == "roadmap":
            for words, state in STATES.items():
                place = text.find(words, one.end)
                if 0 <= place < one.end + 30:
                    end = place + len(words)
                    right = [one.record] if row.get("status") == state else []
                    scene.judge("status", place, end, right, f"{one.record.source.label} is “{row.get('status')}”.")


def around(scene: Scene, one: Named, text: str) -> tuple[str, str]:
    """The words before and after a name, as far as the next name or 45 characters."""
    first = max((other.end for other in scene.named if other.end <= one.start), default=0)
    last = min((other.start for other in scene.named if other.start >= one.end), default=len(text))
    return text[max(first, one.start - 45) : one.start], text[one.end : min(last, one.end + 45)]


def check_use(scene: Scene, start: int, end: int, says_on: bool, says_off: bool, in_use: set[bool], what: str) -> None:
    if (says_on and True not in in_use) or (says_off and False not in in_use):
        scene.flag("status", start, end, f"On record it is {'' if says_off else 'not '}{what}.")
