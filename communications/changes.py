"""What changed between two texts of a draft, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from communications import sanitise
from communications.models import CommunicationRevision

UNDERLINE = re.compile(r"^[=-]+\n", re.MULTILINE)  # of headings, in plain text
WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True)
class Piece:
    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class Changes:
    """From one text to another. `added` and `removed` count words."""

    pieces: list[Piece]
    added: int
    removed: int


def between(one: CommunicationRevision, other: CommunicationRevision) -> Changes:
    """From the older version to the newer one."""
    versions = sorted((one, other), key=lambda revision: revision.number)
    old, new = (words(version.recipients, version.subject, version.body_html) for version in versions)
    return compare(old, new)


def compare(old: list[str], new: list[str]) -> Changes:
    """By words alone: where a line ends is no change."""
    pieces: list[Piece] = []
    matcher = SequenceMatcher(a=[word.strip() for word in old], b=[word.strip() for word in new])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(new[j1:j2])))
            continue
        if i1 < i2:
            gone = "".join(old[i1:i2])
            # What comes in its place ends the line, not both.
            pieces.append(Piece("gone", f"{gone.rstrip()} " if j1 < j2 else gone))
        if j1 < j2:
            pieces.append(Piece("new", "".join(new[j1:j2])))
    counts = {kind: sum(len(piece.text.split()) for piece in pieces if piece.kind == kind) for kind in ("new", "gone")}
    return Changes(pieces, counts["new"], counts["gone"])


def distance(old: list[str], new: list[str]) -> int:
    """Words added, removed or replaced: a replaced stretch counts as long as its longer side."""
    matcher = SequenceMatcher(a=[word.strip() for word in old], b=[word.strip() for word in new], autojunk=False)
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")


def words(recipients: str, subject: str, body_html: str) -> list[str]:
    """A text with its head, cut where words begin."""
    return WORD.findall(f"To: {recipients}\nSubject: {subject}\n\n" + UNDERLINE.sub("", sanitise.to_text(body_html)))
