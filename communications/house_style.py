"""House style, read off what people change: the small replacements between a written text and the approved one.

What belongs to one account (names, tickets, dates, numbers, links, who is greeted) is no style and is left out.
"""

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

MOST_WORDS = 6  # on either side; what is longer was rewritten, not reworded
MOST_CHARACTERS = 120
GREETING_WORDS = 8  # a line this short that ends in a comma greets somebody, or takes leave
FIRST_LINES = 4  # To, subject, an empty one, the greeting

OUTER = " \t\n.,;:!?…\"'“”‘’„«»()[]{}<>*_|=~-–—"
ENDS_SENTENCE = re.compile(r"[.!?:…][\"'”’»)\]]*$")
GREETS = re.compile(r"(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day))\b", re.IGNORECASE)
# Those that are also words of their own (may, march) are told by their big letter.
CALENDAR = {
    name.lower() for name in (*month_name, *month_abbr, *day_name, *day_abbr) if name not in ("May", "March", "Mar", "Sun", "Sat", "")
}
# What no wording is: figures and ids, links and addresses, and what a line cannot show.
NO_WORDING = re.compile(r"[\d@/\\<>{}]|www\.|https?:", re.IGNORECASE)

Replacement = tuple[str, str]  # an empty second half: the words were taken out


@dataclass(frozen=True)
class Word:
    """As it is compared: without the punctuation around it, and small where only the sentence's start made it big."""

    text: str
    opens: bool  # a sentence

    @property
    def is_name(self) -> bool:
        """Big in the middle of a sentence, and not an abbreviation."""
        return not self.opens and self.text[:1].isupper() and not self.text.isupper()


def replacements(written: list[str], approved: list[str], specific: set[str]) -> list[Replacement]:
    """What was reworded, each once, in the order of the text. Words come as `changes.words` cuts them; `specific` as `specific_to` says it."""
    old, new = list(compared(written)), list(compared(approved))
    matcher = SequenceMatcher(a=[word.text for word in old], b=[word.text for word in new], autojunk=False)
    stretches = ((old[i1:i2], new[j1:j2]) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag in ("replace", "delete"))
    found = ((joined(gone), joined(came)) for gone, came in stretches if is_wording(gone, specific, least=1) and is_wording(came, specific))
    return list(dict.fromkeys(found))


def compared(words: list[str]) -> Iterator[Word]:
    for number, line in enumerate(lines(words)):
        if is_greeting(line, number):
            continue
        opens = True
        for word in line:
            text = word.strip(OUTER)
            if text:
                yield Word(small(text) if opens else text, opens)
            # A mark that stands alone, as a list's dash, opens nothing new and ends nothing.
            opens = bool(ENDS_SENTENCE.search(word.strip())) if text else opens


def lines(words: list[str]) -> Iterator[list[str]]:
    line: list[str] = []
    for word in words:
        line.append(word)
        if "\n" in word:
            yield line
            line = []
    if line:
        yield line


def is_greeting(line: list[str], number: int) -> bool:
    """The head's To line goes with it: who is written to is no wording either."""
    said = " ".join(word.strip() for word in line)
    if said.startswith("To:") and number == 0:
        return True
    return len(line) <= GREETING_WORDS and (said.endswith(",") or (number < FIRST_LINES and GREETS.match(said) is not None))


def small(text: str) -> str:
    return text.lower() if text[1:].islower() or len(text) == 1 else text


def joined(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


def is_wording(words: list[Word], specific: set[str], least: int = 0) -> bool:
    """Whether any account could have been written to in these words."""
    said = joined(words)
    if not least <= len(words) <= MOST_WORDS or len(said) > MOST_CHARACTERS or not said.isprintable() or NO_WORDING.search(said):
        return False
    if any(word.opens for word in words[1:]) or any(word.is_name or word.text.casefold() in CALENDAR for word in words):
        return False
    spoken = [word.text.casefold() for word in words]
    return not any(" ".join(spoken[i:j]) in specific for i in range(len(spoken)) for j in range(i + 1, len(spoken) + 1))


def specific_to(context: dict[str, Any]) -> set[str]:
    """What a draft's context says of this account alone: every word of its own and its people's names, and the names of its things whole."""
    profile = context.get("relationship_profile") or {}
    people = [row.get("name") for row in profile.get("stakeholders", [])] + [(context.get("rep") or {}).get("name")]
    own = [profile.get("account_name"), profile.get("account_id"), *people]
    return {word for name in names(own) for word in name.split()} | set(names([*own, *things(context, profile)]))


def things(context: dict[str, Any], profile: dict[str, Any]) -> Iterator[str]:
    for rows, *fields in (
        (profile.get("integrations"), "integration_name"),
        (profile.get("feature_adoption"), "feature_name"),
        (profile.get("co_dev_opportunities"), "opportunity_name"),
        (context.get("tickets"), "ticket_id", "subject"),
        (context.get("resolved_tickets"), "ticket_id", "subject"),
        (context.get("recent_communications"), "subject"),
        (context.get("roadmap_items"), "title"),
    ):
        yield from (str(row.get(field) or "") for row in rows or [] for field in fields)
    yield from map(str, profile.get("customer_environment") or [])


def names(found: Iterable[object]) -> Iterator[str]:
    """As texts are compared."""
    for name in found:
        words = [word.strip(OUTER).casefold() for word in str(name or "").split()]
        if said := " ".join(word for word in words if word):
            yield said
