"""A message as any chat shows it and as none interprets it: no mention, no disguised link, no formatting."""

import re

from django.conf import settings

APART = "\u200b"  # a space without width: unseen, it keeps apart what would mean something together
LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "*": "∗", "`": "ʼ", "~": "∼", "|": "¦", "\\": "∖", "\t": " ", "\r": None})
MENTION = re.compile(r"@(?=\S)")
BRACKET = re.compile(r"\](?=[(\[:])")
UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")
ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*):(?=//)|\bwww(?=\.)", re.IGNORECASE)
MORE = "…"


def neutral(text: str) -> str:
    """Our own links stay links; an address out of a name or a subject is to be read, not clicked."""
    pieces = re.split(rf"{re.escape(settings.PUBLIC_URL)}(?=[/\s]|\Z)", text)
    return settings.PUBLIC_URL.join(inert(piece) for piece in pieces)


def inert(text: str) -> str:
    text = UNDERSCORE.sub("ˍ", text.translate(LOOKALIKES))
    text = BRACKET.sub(f"]{APART}", MENTION.sub(f"@{APART}", text))
    return ADDRESS.sub(lambda found: f"{found[0]}{APART}", text)


def fitted(text: str, longest: int) -> str:
    """Cut between lines where it is too long. Its last line stays: that is the link to all of it."""
    if len(text) <= longest:
        return text
    body, _, last = text.rstrip().rpartition("\n")
    room = longest - len(last) - len(MORE) - 2
    if room <= 0:
        return f"{text[: longest - len(MORE)]}{MORE}"
    cut = body[: body.rfind("\n", 0, room + 1)] if "\n" in body[: room + 1] else body[:room]
    return f"{cut}\n{MORE}\n{last}"
