"""A text as the rules read it: letters in one form, cut into blocks and sentences, with each place in the original kept."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u2032"), "'") | dict.fromkeys(map(ord, "“”„‟«»\u2033"), '"')
ONE_FORM = HYPHENS | QUOTES
# A stop ends a sentence where a new one may begin; not after an initial or what is usually abbreviated.
ABBREVIATED = [
    "Mr",
    "Ms",
    "Dr",
    "No",
    "ca",
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
    "Mrs",
    "Sept",
    "approx",
    "e.g",
    "i.e",
]
END = re.compile(
    r"(?<!\b[A-Z])" + "".join(rf"(?<!\b{re.escape(word)})" for word in ABBREVIATED) + r"[.!?…]{1,6}[\"')\]]*(?=\s+[\"'(\[]?[^\sa-z])"
)


@dataclass(frozen=True)
class Span:
    start: int
    end: int

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


@dataclass
class Sentence:
    """`start` counts characters of the plain text. `taken`: what a rule has read already, so that no other reads it again."""

    text: str
    start: int
    block: int
    taken: list[Span] = field(default_factory=list)

    @cached_property
    def folded(self) -> str:
        """For words whose case does not matter. As long as the text, which is why it is not casefolded."""
        lower = self.text.lower()
        return lower if len(lower) == len(self.text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)

    @cached_property
    def is_question(self) -> bool:
        return self.text.rstrip(" \"')]").endswith("?")

    def is_free(self, start: int, end: int) -> bool:
        return not any(span.overlaps(start, end) for span in self.taken)

    def take(self, start: int, end: int) -> None:
        self.taken.append(Span(start, end))

    def find(self, pattern: re.Pattern[str], *, case: bool = False) -> Iterator[re.Match[str]]:
        """Where the pattern stands in what is not taken."""
        for match in pattern.finditer(self.text if case else self.folded):
            if match.end() > match.start() and self.is_free(match.start(), match.end()):
                yield match

    def clause(self, start: int, end: int) -> str:
        """The words around a place, as far as a semicolon or a colon."""
        first = max(self.folded.rfind(mark, 0, start) for mark in ";:") + 1
        last = min((place for mark in ";" if (place := self.folded.find(mark, end)) >= 0), default=len(self.text))
        return self.folded[first:last]


@dataclass(frozen=True)
class Plain:
    """A text in one form. `places[i]` is where its character i stands in the original."""

    text: str
    places: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1


def plain(original: str) -> Plain:
    """Compatible forms of a letter as one, hyphens and quotes too; without what cannot be seen."""
    if original.isascii():
        return Plain(original.replace("\t", " ").replace("\r", " "), range(len(original)))
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(original):
        if char.isascii():
            letters.append(" " if char in "\t\r" else char)
            places.append(place)
            continue
        category = unicodedata.category(char)
        if category == "Mn" and letters:
            # An accent that stands alone belongs to the letter before it.
            letters[-1] = unicodedata.normalize("NFC", letters[-1] + char)[0]
        if category in ("Cf", "Mn"):
            continue
        for one in unicodedata.normalize("NFKC", char).translate(ONE_FORM):
            letters.append(" " if one.isspace() and one != "\n" else one)
            places.append(place)
    return Plain("".join(letters), places)


def sentences(text: str) -> list[Sentence]:
    """Of plain text: blocks end at a line's end, the cells of a table's row belong together."""
    found: list[Sentence] = []
    at = 0
    for block, part in enumerate(text.split("\n")):
        begin = 0
        for end in [*(match.end() for match in END.finditer(part)), len(part)]:
            raw = part[begin:end]
            if raw.strip():
                found.append(Sentence(raw, at + begin, block))
            begin = end
        at += len(part) + 1
    return found
