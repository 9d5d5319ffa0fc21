"""What the rules share: the records, the sentence at hand with what it names, and what the text has named before."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from communications.grounding.claims import Kind, Source
from communications.grounding.reading import Sentence
from communications.grounding.records import Record, Records


@dataclass(frozen=True)
class Found:
    """A checkable part of a sentence, with its sources, or with why it has none."""

    kind: Kind
    start: int
    end: int
    sources: tuple[Source, ...] = ()
    why: str = ""
    target: str = ""


@dataclass(frozen=True)
class Named:
    """A record that the sentence names, and where."""

    start: int
    end: int
    record: Record


@dataclass
class Scene:
    records: Records
    suspicious: frozenset[str]  # keys of records whose words read like instructions to a machine: they are no source
    lines: dict[str, list[Record]]  # what records say in whole lines
    names: list[tuple[tuple[str, bool], list[Record]]]
    links: list[tuple[int, int, str]] = field(default_factory=list)  # of the text: from, to, address
    named: list[Named] = field(default_factory=list)
    before: list[Record] = field(default_factory=list)  # tickets that the sentence before named, in the same block
    ever: list[Record] = field(default_factory=list)  # tickets that the text has named so far
    found: list[Found] = field(default_factory=list)
    counts: dict[str, set[float]] = field(default_factory=dict)

    @cached_property
    def trusted(self) -> list[Record]:
        return [record for record in self.records.all if record.source.key not in self.suspicious]

    @cached_property
    def capitals(self) -> set[str]:
        """Every word that some record writes with a capital."""
        found: set[str] = set()
        for record in self.trusted:
            for words in (record.words, *record.names, str(record.row.get("role") or "")):
                found |= {word for word in re.findall(r"[\w'-]+", words) if word[:1].isupper()}
                found |= {part for word in re.findall(r"\w+-[\w-]+", words) for part in word.split("-") if part[:1].isupper()}
        return found

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset().union(*(record.content for record in self.trusted))

    @cached_property
    def tails(self) -> dict[str, set[str]]:
        """The last word of what has a name of several, such as “gateway”, with those names."""
        found: dict[str, set[str]] = {}
        for record in self.records.of("integration", "feature", "roadmap"):
            for name in record.names:
                if " " in name:
                    found.setdefault(name.split()[-1].lower(), set()).add(name.lower())
        return found

    def ground(self, kind: Kind, start: int, end: int, records: Iterable[Record]) -> None:
        sources = tuple(dict.fromkeys(record.source for record in records))
        assert sources, kind
        self.found.append(Found(kind, start, end, sources[:6]))

    def flag(self, kind: Kind, start: int, end: int, why: str, target: str = "") -> None:
        self.found.append(Found(kind, start, end, (), why, target))

    def judge(self, kind: Kind, start: int, end: int, records: Iterable[Record], why: str, target: str = "") -> None:
        """Grounds it in the records, or flags it where there are none."""
        rows = [record for record in records if record.source.key not in self.suspicious]
        if rows:
            self.ground(kind, start, end, rows)
        else:
            self.flag(kind, start, end, why, target)

    def literal(self, words: str) -> list[Record]:
        """Trusted records that say these words to the letter."""
        return self.records.holding(words, self.trusted)

    def name(self, sentence: Sentence, start: int, end: int, record: Record) -> None:
        self.named.append(Named(start, end, record))
        if record.role == "ticket" and record not in self.ever:
            self.ever.append(record)

    @property
    def tickets(self) -> list[Named]:
        return sorted((one for one in self.named if one.record.role == "ticket"), key=lambda one: one.start)

    def ticket_of(self, sentence: Sentence, start: int, end: int) -> list[Record]:
        """The tickets that an attribute belongs to: that which follows at once, else the ones named just before, else the ones after.

        Without any in the sentence, those of the sentence before, where this one goes on about them.
        """
        tickets = self.tickets
        after = next((one for one in tickets if one.start >= end), None)
        if after and goes_with(sentence.folded[end : after.start]):
            return [after.record]
        ahead = [one for one in tickets if one.end <= start]
        if ahead:
            group = [ahead[-1]]
            for one in reversed(ahead[:-1]):
                if not joined(sentence.folded[one.end : group[0].start]):
                    break
                group.insert(0, one)
            return [one.record for one in group]
        if after:
            return [after.record]
        return self.before if goes_on(sentence.folded) else []

    def others(self, *roles: str) -> list[Record]:
        return [one.record for one in self.named if one.record.role in roles]


def goes_with(between: str) -> bool:
    """“the P1 ticket T-12”: nothing but a few plain words between."""
    words = between.replace("(", " ").split()
    return len(words) <= 3 and not any(mark in between for mark in ".,;:)|") and not {"and", "or", "is", "has", "was"} & set(words)


def joined(between: str) -> bool:
    """“T-12, T-13 and T-14”."""
    return between.replace(",", " ").replace("and", " ").replace("both", " ").strip() == ""


def goes_on(text: str) -> bool:
    return text.lstrip().startswith(
        ("it ", "it's ", "this ", "that ", "they ", "these ", "both ", "opened ", "open ", "still ", "the ticket ")
    )
