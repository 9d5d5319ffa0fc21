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
    """From an older version to a newer one. `added` and `removed` count words."""

    older: int
    newer: int
    pieces: list[Piece]
    added: int
    removed: int


def between(one: CommunicationRevision, other: CommunicationRevision) -> Changes:
    older, newer = sorted((one, other), key=lambda revision: revision.number)
    old, new = words(older), words(newer)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=old, b=new).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(new[j1:j2])))
            continue
        if i1 < i2:
            pieces.append(Piece("gone", "".join(old[i1:i2])))
        if j1 < j2:
            pieces.append(Piece("new", "".join(new[j1:j2])))
    counts = {kind: sum(len(piece.text.split()) for piece in pieces if piece.kind == kind) for kind in ("new", "gone")}
    return Changes(older.number, newer.number, pieces, counts["new"], counts["gone"])


def words(revision: CommunicationRevision) -> list[str]:
    head = f"To: {revision.recipients}\nSubject: {revision.subject}\n\n"
    return WORD.findall(head + UNDERLINE.sub("", sanitise.to_text(revision.body_html)))
