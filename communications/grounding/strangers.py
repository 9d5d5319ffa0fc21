"""The rule for names that are on no record."""

import re
from functools import lru_cache

from communications.grounding import lexicon
from communications.grounding.reading import Sentence
from communications.grounding.records import COMMON, content
from communications.grounding.scene import Scene

# Capitals that say nothing: what a sentence may begin with, what a calendar and a trade write large.
PLAIN_CAPITALS = lexicon.words("plain_capitals")
ADVERBS = lexicon.words("sentence_openers")
ORDINARY = lexicon.words("ordinary_nouns")
GENERIC = lexicon.words("plain_adjectives")
PERSON_VERBS = re.compile(
    r"^\W*(?:has|is|will|was|had|said|says|told|tells|asked|asks|confirmed|confirms|mentioned|reported|wrote|agreed|promised|can|could|would|wants?|opened|knows|takes|took|leads|joined|joins|from|and I|in cc|on cc|as well|here)\b"
)
GREETING = re.compile(r"^\s*(?:hello|hi|dear|hey|good (?:morning|afternoon|evening)|mr\.?|ms\.?|mrs\.?|dr\.?)\b", re.I)
CAPITAL = re.compile(r"(?<![\w@/.-])[^\W\d_a-zß-öø-ÿ][\w'’]*(?:-[\w]+)*")
TITLE = re.compile(r"\b(?:mr|ms|mrs|dr|prof)\.? $", re.I)
ENTITY = re.compile(
    r"\b(?:your|our|the|this|that|a) ((?:[\w'-]+ ){1,3}?)(integration|connector|webhook|bridge|plug-?in|module|feature|add-?on|adapter|agent)s?\b"
)
NEWS = re.compile(
    r"^(?P<what>(?: [\w-]+){0,3}?) (?:comes|ships|arrives|is included|are included|is part of|is on our|is on the|is planned|is being built|will reach|is available|is new|goes live|joins?|(?:is|are)(?: not)?(?: yet| currently)? (?:in use|active|live|adopted|used|switched on|enabled))\b"
)
REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|me|af|uk|il|cn)-(?:gov-)?(?:north|south|east|west|central)(?:east|west)?(?:-\d)?[a-f]?\b")


def strangers(sentence: Sentence, scene: Scene) -> None:
    """Capitals within a sentence, a person who is addressed or acts, a connector or a region that nobody has."""
    text = sentence.text
    tokens = list(CAPITAL.finditer(text))
    for match, follower in zip(tokens, (*tokens[1:], None), strict=False):
        word = match[0].rstrip("'").removesuffix("'s")
        start, end = match.start(), match.start() + len(word)
        if not sentence.is_free(*match.span()) or word.lower() in PLAIN_CAPITALS or len(word) < 2:
            continue
        if is_stranger(sentence, scene, match, follower):
            end = name_end(text, tokens, end)
            scene.flag("person" if looks_like_person(text, start, end) else "name", start, end, f"No record knows “{text[start:end]}”.")
            sentence.take(start, end)
    for match in (match for tail in scene.tails for match in sentence.find(compound(tail), case=True)):
        if match["first"].lower() not in GENERIC | COMMON | ADVERBS | ORDINARY and not scene.records.holding(match[0]):
            scene.flag("name", *match.span(), f"No record knows “{match[0]}”.")
    for match in sentence.find(REGION):
        scene.judge("name", *match.span(), scene.records.holding(match[0]), f"No record knows “{match[0]}”.")
    for match in sentence.find(ENTITY):
        words = [word for word in match[1].split() if word not in GENERIC and word not in COMMON]
        known_here = any(one.start < match.end() and match.start() < one.end for one in scene.named)
        if words and not known_here and not any(content(word) & scene.vocabulary for word in words):
            scene.flag("name", match.start(1), match.end(), f"No record knows “{text[match.start(1) : match.end()]}”.")


def name_end(text: str, tokens: list[re.Match[str]], end: int) -> int:
    """Where a name of several words ends: “Petra Sommer” is one."""
    for follower in tokens:
        if follower.start() == end + 1 and text[end] == " " and follower[0].lower() not in PLAIN_CAPITALS:
            end = follower.start() + len(follower[0].removesuffix("'s"))
    return end


def is_stranger(sentence: Sentence, scene: Scene, match: re.Match[str], follower: re.Match[str] | None) -> bool:
    """Whether a word with a capital is a name, and nobody's. `follower`: the next word with one."""
    text, (start, end) = sentence.text, match.span()
    word = match[0].removesuffix("'s")
    before = text[:start].strip(" \"'([|-*•")
    begun = re.match(r" ([a-z]\w+)", text[end:])
    if (
        before
        and begun
        and any(r.names[0].lower().startswith(f"{word.lower()} ") for r in scene.records.of("integration", "feature", "roadmap"))
    ):
        return not scene.records.holding(f"{word} {begun[1]}")  # “Order cockpit” beside “Order console”
    if word in scene.capitals and scene.literal(word):
        # A person's name must be that of somebody on record, not only stand in some text.
        return looks_like_person(text, start, end) and not in_ours(scene, word)
    if before and not text[:start].rstrip().endswith((":", "|", "-")):
        return True
    return opens_with_name(sentence, scene, match, follower)


def opens_with_name(sentence: Sentence, scene: Scene, match: re.Match[str], follower: re.Match[str] | None) -> bool:
    """The first word of a sentence has a capital anyway: it is a name where it is greeted, called, acts, or brings news."""
    text, (start, end) = sentence.text, match.span()
    word = match[0].removesuffix("'s")
    if word.lower() in ADVERBS or word.lower() in COMMON:
        return False
    if GREETING.match(text):
        return True
    beside = follower and text[end : follower.start()] == " " and sentence.is_free(*follower.span())
    if follower and beside and follower[0].lower() not in PLAIN_CAPITALS and not word.isupper():
        return True
    ordinary = is_ordinary_word(word)
    called = text[end : end + 2] == ", " and text[end + 2 : end + 3].islower() and not ordinary
    acting = PERSON_VERBS.match(text[end:]) is not None and not ordinary and not content(word) & scene.vocabulary
    told = NEWS.match(sentence.folded[end:])
    news = told is not None and not content(text[start:end] + told["what"]) & scene.vocabulary
    return called or acting or news


@lru_cache(maxsize=500)
def compound(tail: str) -> re.Pattern[str]:
    """A name that ends as some name on record does: “Bank file export” beside “Ledger export”."""
    return re.compile(rf"(?<![\w-])(?P<first>[A-Z][\w-]*)(?: [a-z][\w-]+){{0,2}}? {re.escape(tail)}\b")


def looks_like_person(text: str, start: int, end: int) -> bool:
    return bool(
        TITLE.search(text[:start])
        or GREETING.match(text)
        or PERSON_VERBS.match(text[end:])
        or (not text[:start].strip() and text[end : end + 1] == ",")
    )


def in_ours(scene: Scene, word: str) -> bool:
    rows = [r for r in scene.records.all if r.is_ours or r.role in ("person", "history", "opportunity")]
    return bool(scene.records.holding(word, rows))


def is_ordinary_word(word: str) -> bool:
    """By its ending, or because it is one of those that sentences begin with."""
    lower = word.lower()
    return (
        lower in ADVERBS
        or lower in COMMON
        or lower in ORDINARY
        or lower.endswith(("ing", "ed", "ly", "tion", "ment", "ness", "ity", "ers", "ures", "ance", "ence"))
    )
