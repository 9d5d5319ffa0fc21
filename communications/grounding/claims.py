"""What the checking of a text answers."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Kind = Literal[
    "ticket",
    "priority",
    "status",
    "count",
    "number",
    "score",
    "rag",
    "date",
    "time",
    "duration",
    "version",
    "percentage",
    "money",
    "person",
    "name",
    "link",
    "mail",
    "leak",
    "instruction",
    "commitment",
]


@dataclass(frozen=True)
class Source:
    """A record of the context snapshot: `key` is its place there, such as “tickets/3”; `icon` is one of the sprite's."""

    key: str
    label: str
    detail: str = ""
    icon: str = "page"


@dataclass(frozen=True)
class Claim:
    """A checkable part of the text. Without `sources` it is flagged, and `why` says so in a sentence.

    One that is about the text as a whole has no length, and stands at its begin.
    `start` and `end` count characters of the text of `where`: of the subject, or of the body as `marking.text_of` reads it.
    """

    kind: Kind
    where: Literal["subject", "body"]
    start: int
    end: int
    quote: str
    sentence: str
    sources: tuple[Source, ...] = ()
    why: str = ""
    target: str = ""  # of a link
    nth: int = 0  # of those with the same words in the same sentence

    @property
    def is_flagged(self) -> bool:
        return not self.sources

    @cached_property
    def key(self) -> str:
        """The same for the same claim in the same sentence, wherever that stands."""
        words = "\n".join((self.kind, " ".join(self.quote.split()), " ".join(self.sentence.split()), self.target, str(self.nth)))
        return hashlib.sha256(words.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Grounding:
    """Claims in the order of the text, those of the subject first; and the sentences in which nothing can be checked."""

    claims: list[Claim] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    @property
    def flagged(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.is_flagged]
