"""Facts found beside each other in a sentence, shown as one claim."""

import re
from dataclasses import replace

from communications.grounding.reading import Sentence
from communications.grounding.scene import Found

JOINS = frozenset(["a", "an", "and", "are", "as", "at", "for", "in", "is", "of", "on", "or", "our", "the", "to", "with", "your"])


def belongs(last: Found, one: Found, sentence: Sentence) -> bool:
    """Whether two facts are shown as one: nothing but small words between them, or both of one record. What nobody checked stays unmarked."""
    between = sentence.folded[last.end : one.start]
    same = {source.key for source in last.sources} & {source.key for source in one.sources}
    return len(between) <= 40 and (bool(same) or set(re.findall(r"\w+", between)) <= JOINS)


def together(found: list[Found], sentence: Sentence) -> list[Found]:
    """Facts that stand side by side as one claim with all their sources; a flagged part stays alone, and wins over what it overlaps."""
    flagged: list[Found] = []
    for one in sorted((one for one in found if not one.sources), key=lambda one: (one.start, -one.end)):
        if not any(other.start < one.end and one.start < other.end for other in flagged):
            flagged.append(one)
    parts: list[Found] = []
    for one in sorted((one for one in found if one.sources), key=lambda one: (one.start, one.end)):
        if any(other.start < one.end and one.start < other.end for other in flagged):
            continue
        last = parts[-1] if parts else None
        if last and not any(last.end <= other.start <= one.start for other in flagged) and belongs(last, one, sentence):
            parts[-1] = replace(last, end=max(last.end, one.end), sources=tuple(dict.fromkeys((*last.sources, *one.sources)))[:6])
        else:
            parts.append(one)
    return sorted((*flagged, *parts), key=lambda one: one.start)
