"""The rule for every number that no other rule has read."""

import re

from communications.grounding import lexicon
from communications.grounding.amounts import ENOUGH
from communications.grounding.counts import counted, counts, number_of
from communications.grounding.numbers import NUMBER, ORDINALS
from communications.grounding.reading import Sentence
from communications.grounding.records import COMMON, Record, content, stem
from communications.grounding.scene import Scene

GENERIC = lexicon.words("uncounted_nouns")


def numbers(sentence: Sentence, scene: Scene) -> None:
    """Every other number."""
    for match in sentence.find(re.compile(rf"(?<![\w.,/-]){NUMBER}(?![\w/]|[.,:]\d|-\w)")):
        leftover(sentence, scene, match)
    for match in sentence.find(re.compile(rf"\b(?:the |your |our )?({'|'.join(list(ORDINALS)[2:])}|\d+(?:st|nd|rd|th)) (\w+)")):
        if match[2] not in GENERIC and not scene.literal(match[0].removeprefix("the ")):
            scene.flag("count", *match.span(), "No record counts this.")


def leftover(sentence: Sentence, scene: Scene, match: re.Match[str]) -> None:
    """A number that is neither a date, an age nor a count of ours: said by a record beside the same word, or harmless, or flagged."""
    text, (start, end) = sentence.folded, match.span()
    follows = re.match(r"(?: ?-? ?)([a-z%°µ][\w-]*)(?: ([\w-]+))?", text[end:])
    noun = follows[1] if follows else ""
    ahead = re.search(r"([\w-]+)[ #]*$", text[:start])
    before = ahead[1] if ahead else ""
    number = number_of(match[0])
    small_word = not match[0][0].isdigit()
    if number is None or (small_word and match[0] == "one" and (noun not in ("hundred", "thousand"))):
        return
    is_plain = noun in GENERIC or (not noun and small_word) or before in ("number", "step", "option", "top", "point", "chapter", "section")
    if noun in ("thanks", "cheers") or (is_plain and number <= 12 and not match[0].startswith("0")):
        return
    if noun == "of" and re.match(rf" of {NUMBER}", text[end:]):
        known = set().union(*counts(scene).values()) | {len([r for r in scene.records.tickets if r.is_current])}
        if number in known:
            scene.ground("count", start, end, counted(scene, "tickets"))
            return
    if before == "other" and number in counts(scene)["left_out"]:
        scene.ground("count", start, end, counted(scene, "tickets"))
        return
    if noun == "of" and small_word and number <= 12:
        return  # “five of them”
    held = beside(sentence, scene, match, noun, before)
    if held:
        scene.judge("number", start, end, held, "No record holds this number.")
        return
    if re.search(r"^\s*$", text[:start]) and re.match(r"[.)]", text[end:]):
        return  # the number of a list's item
    last = end + len(follows[0]) if follows else end
    scene.flag("number", start, last, f"No record holds “{sentence.text[start:last].strip()}”.")


def beside(sentence: Sentence, scene: Scene, match: re.Match[str], noun: str, before: str) -> list[Record]:
    """Records that say this number beside the same word, in the clause that is most like this one."""
    number, found = number_of(match[0]), []
    said, clause = content(sentence.text), content(sentence.clause(*match.span()))
    for record in scene.trusted:
        about = (number or 0) >= 100 and len(said & record.content) >= ENOUGH - 1
        likeness: dict[float | None, int] = {}
        for held in re.finditer(rf"(?<![\w.,]){NUMBER}(?![\w]|[.,]\d)", record.text):
            near = set(map(stem, re.findall(r"[\w%]+", record.text[max(0, held.start() - 30) : held.end() + 30])))
            if about or (noun and stem(noun) in near and noun not in COMMON) or (before and before not in COMMON and stem(before) in near):
                value = number_of(held[0])
                likeness[value] = max(likeness.get(value, 0), len(clause & content(clause_of(record.text, held.start(), held.end()))))
        if number in likeness and likeness[number] == max(likeness.values()):
            found.append(record)
    return found


def clause_of(text: str, start: int, end: int) -> str:
    first = max(text.rfind(mark, 0, start) for mark in ";:,") + 1
    last = min((place for mark in ";," if (place := text.find(mark, end)) >= 0), default=len(text))
    return text[first:last]
