"""From a text and what its writer was given to claims with their sources: sentence by sentence, rule by rule."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from communications.grounding import (
    addresses,
    amounts,
    attributes,
    counts,
    dates,
    health,
    hostile,
    merging,
    named,
    other_numbers,
    strangers,
    versions,
    whole,
)
from communications.grounding.claims import Claim, Grounding
from communications.grounding.marking import Reader
from communications.grounding.reading import Plain, Sentence, plain, sentences
from communications.grounding.records import Records
from communications.grounding.scene import Found, Scene

Where = Literal["subject", "body"]
# In this order: a rule takes what it has read, so that no later one reads it as something else.
RULES = (
    addresses.addresses,
    named.quoted,
    named.misquoted,
    named.tickets,
    named.names,
    hostile.leaks,
    hostile.commitments,
    counts.counting,
    attributes.priorities,
    dates.dates,
    amounts.money,
    versions.versions,
    attributes.states,
    attributes.adoption,
    health.scores,
    health.rag,
    dates.durations,
    other_numbers.numbers,
    named.topics,
    strangers.strangers,
)
# Nobody writes so to a customer; and every rule reads a sentence again and again.
LONGEST_SENTENCE, LONGEST_WORD, LONGEST_TEXT = 1_000, 80, 40_000  # characters
MOST_CLAIMS = 600
ENDLESS = re.compile(rf"\S{{{LONGEST_WORD + 1}}}")


def ground(subject: str, body_html: str, context: dict[str, Any], instruction: str = "") -> Grounding:
    """`instruction`: the person's own wish, which counts as a source. Pure; a text of 600 words takes well under 100 ms."""
    if not context.get("as_of"):
        return Grounding()
    records = Records(context, instruction)
    doubtful = hostile.suspicious(records.all)
    reader = Reader(body_html)
    claims: list[Claim] = []
    prose: list[str] = []
    keys = frozenset(record.source.key for record in doubtful)
    scene = Scene(records, keys, named.lines(records.all), named.known_names(records.all))
    texts: tuple[tuple[Where, str, list[tuple[int, int, str]]], ...] = (("subject", subject, []), ("body", reader.text, reader.links))
    for where, original, links in texts:
        text = plain(original)
        scene.links = moved(links, text)
        found, checked = read(text, scene, where, original)
        claims += found
        prose += [sentence.text.strip() for sentence in checked]
    return Grounding(ordered([*claims, *whole.claims(subject, reader, doubtful)]), prose)


def moved(links: Iterable[tuple[int, int, str]], text: Plain) -> list[tuple[int, int, str]]:
    """The places of links in the plain text, from their first visible letter on."""
    place = {original: at for at, original in reversed(list(enumerate(text.places)))}
    found = []
    for first, last, address in links:
        seen = [place[one] for one in range(first, last) if one in place and not text.text[place[one]].isspace()]
        if seen:
            found.append((seen[0], seen[-1] + 1, address))
    return found


def read(text: Plain, scene: Scene, where: Where, original: str) -> tuple[list[Claim], list[Sentence]]:
    claims: list[Claim] = []
    prose: list[Sentence] = []
    block = -1
    for sentence in sentences(text.text):
        if sentence.block != block:
            block, scene.before = sentence.block, []
        scene.named, scene.found = [], []
        if (
            len(sentence.text) > LONGEST_SENTENCE
            or sentence.start > LONGEST_TEXT
            or len(claims) > MOST_CLAIMS
            or ENDLESS.search(without_addresses(sentence.text))
        ):
            scene.flag("instruction", *hostile.whole(sentence), "This is too long to be checked.")
            claims += [claim_of(found, sentence, text, where, original) for found in scene.found]
            continue
        if hostile.is_foreign(sentence, scene):
            scene.flag("instruction", *hostile.whole(sentence), "This is not in English: what it claims cannot be checked.")
        for rule in RULES:
            rule(sentence, scene)
        scene.before = [one.record for one in scene.tickets] or (scene.before if not scene.found else [])
        if not scene.found:
            prose.append(sentence)
        claims += [claim_of(found, sentence, text, where, original) for found in merging.together(scene.found, sentence)]
    return claims, prose


def without_addresses(text: str) -> str:
    return re.sub(r"https?://\S{1,600}", "", text)


def claim_of(found: Found, sentence: Sentence, text: Plain, where: Where, original: str) -> Claim:
    start, end = text.original(sentence.start + found.start, sentence.start + found.end)
    return Claim(found.kind, where, start, end, original[start:end], sentence.text.strip(), found.sources, found.why, found.target)


def ordered(claims: list[Claim]) -> list[Claim]:
    """By their place. The same words in the same sentence again are told apart by their number."""
    seen: Counter[str] = Counter()
    found: list[Claim] = []
    for claim in sorted(claims, key=lambda claim: (claim.where == "body", claim.start, claim.end)):
        found.append(replace(claim, nth=seen[claim.key]))
        seen[claim.key] += 1
    return found
