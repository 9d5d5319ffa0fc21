"""Rules for what has a name: tickets, people, integrations, features, plans; and words quoted from records."""

import re
from collections.abc import Iterable
from functools import lru_cache

from communications.grounding.reading import Sentence, plain
from communications.grounding.records import Record, content, folded
from communications.grounding.scene import Scene

# Letters, a hyphen, figures; capitals with four figures or more; “#12”; a number that is called a ticket's.
ANY_ID = re.compile(
    r"(?<![\w-])(?:[^\W\d_]{1,10}\d{0,3}-\d{1,9}(?![\w-])|[A-Z]{2,6}\d{4,10}\b|#\d+\b|(?<=ticket )\d{2,9}\b|(?<=case )\d{2,9}\b|(?<=incident )\d{2,9}\b)"
)
ENOUGH = 3  # words that tell one line from another
TRAILING_VERSION = re.compile(r"\s+v?\d[\w.]*$")


def quoted(sentence: Sentence, scene: Scene) -> None:
    """Words taken from a record to the letter: a ticket's subject, a release's line, an earlier message."""
    for words, records in scene.lines.items():
        start = where_quoted(sentence, words)
        # Two words are the record's own only where they stand in quotation marks.
        if start is None or (words.count(" ") < 2 and sentence.text[start - 1 : start] != '"'):
            continue
        end = min(start + len(words), len(sentence.text))
        rows = meant(records, sentence)
        for record in rows:
            scene.name(sentence, start, end, record)
        trusted = [record for record in rows if record.source.key not in scene.suspicious]
        if trusted and sentence.is_free(start, end):
            scene.ground("name", start, end, trusted)
            sentence.take(start, end)


IN_MARKS = re.compile(r'"([^"]{12,300})"')


def misquoted(sentence: Sentence, scene: Scene) -> None:
    """Words in quotation marks that are nearly a record's own, but not to the letter."""
    for match in IN_MARKS.finditer(sentence.folded):
        start, end = match.span(1)
        words = content(match[1])
        if len(words) < ENOUGH or not sentence.is_free(start, end):
            continue
        for line in scene.lines:
            own = content(line)
            if len(words & own) >= 0.7 * max(len(words), len(own)):
                scene.flag("name", start, end, f"The record says it in other words: “{line[:160]}”.")
                break


def meant(records: list[Record], sentence: Sentence) -> list[Record]:
    """Of those with the same words: of tickets that whose id stands beside them, else one that is still open; all others."""
    tickets = [record for record in records if record.role == "ticket"]
    by_id = [record for record in tickets if loose(record.row["ticket_id"]).search(sentence.folded)]
    one = (by_id or [record for record in tickets if record.is_current] or tickets)[:1]
    return one + [record for record in records if record.role != "ticket"]


def lines(records: Iterable[Record]) -> dict[str, list[Record]]:
    """What records say in whole lines, and which of them say it."""
    found: dict[str, list[Record]] = {}
    silent = ("person", "rep", "account", "integration", "feature", "environment", "wish", "step", "health", "heartbeat")
    for record in records:
        for words in lines_of(record) if record.role not in silent else ():
            found.setdefault(words, []).append(record)
    return found


def lines_of(record: Record) -> list[str]:
    row = record.row
    parts = [row.get(name) or "" for name in ("subject", "title", "description", "opportunity_name", "outcome")]
    if record.role == "release" and "affected" not in record.source.key and not row:
        parts.append(record.words.partition(": ")[2])
    return [text for part in parts if len(text := " ".join(plain(part).text.split()).lower()) >= 8 and " " in text]


def where_quoted(sentence: Sentence, words: str) -> int | None:
    """Where the words begin, whole or cut short with three dots; None where they are not."""
    text = sentence.folded
    start = text.find(words.rstrip("."))
    if start >= 0:
        return start
    dots = text.find("...")
    if dots > 0:
        start = text.rfind(words[:8], 0, dots)
        if start >= 0 and len(text[start:dots].strip()) >= 12 and words.startswith(text[start:dots].strip()):
            return start
    return None


def tickets(sentence: Sentence, scene: Scene) -> None:
    ids = tuple(record.row["ticket_id"] for record in scene.records.tickets)
    for match in sentence.find(any_of(ids)):
        record = scene.records.by_id.get(folded(match[0]).lstrip("#")) or scene.records.by_id.get(folded(match[0]))
        if record:
            scene.name(sentence, match.start(), match.end(), record)
            scene.ground("ticket", match.start(), match.end(), [record])
            sentence.take(match.start(), match.end())
    prefixes, spaced = like(ids)
    for match in [*spaced.finditer(sentence.folded), *ANY_ID.finditer(sentence.text)]:
        start, end = match.span()
        if not sentence.is_free(start, end) or is_ordinary(match[0], prefixes):
            continue
        sentence.take(start, end)
        held = scene.records.holding(match[0])
        scene.judge("ticket", start, end, held, unknown_id(sentence.text[start:end], scene))


@lru_cache(maxsize=200)
def any_of(ticket_ids: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(loose(one).pattern for one in sorted(ticket_ids, key=len, reverse=True)) or "(?!)")


@lru_cache(maxsize=200)
def like(ticket_ids: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str]]:
    """The letters that the ids begin with, and what looks like one of them, in either case and with spaces within."""
    begins = (re.match(r"([^\W\d_]+)[\s_-]*\d", ticket_id.lower()) for ticket_id in ticket_ids)
    letters = frozenset({"t", *(begin[1] for begin in begins if begin)})
    return letters, re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, letters))})[\s_-]{{0,3}}\d[\d\s]{{0,8}}\d\b")


@lru_cache(maxsize=2000)
def loose(ticket_id: str) -> re.Pattern[str]:
    parts = re.findall(r"[^\W\d_]+|\d+", ticket_id.lower())
    return re.compile(rf"(?<![\w-])#?{r'[ _-]{0,3}'.join(map(re.escape, parts))}(?![\w]|-\d)")


def is_ordinary(token: str, prefixes: frozenset[str]) -> bool:
    """“top-10”: small letters that begin no ticket's id."""
    letters = re.match(r"[^\W\d_]*", token)
    return bool(letters and letters[0] and letters[0].islower() and letters[0] not in prefixes and letters[0].isascii())


def unknown_id(token: str, scene: Scene) -> str:
    digits = sorted(re.sub(r"\D", "", token))
    near = next((r.row["ticket_id"] for r in scene.records.tickets if sorted(re.sub(r"\D", "", r.row["ticket_id"])) == digits), "")
    return f"No record holds “{token}”." + (f" Is {near} meant?" if near else "")


def known_names(records: Iterable[Record]) -> list[tuple[tuple[str, bool], list[Record]]]:
    """Each name in small letters, and whether it has to stand with a capital, with who or what is called so: the longest first."""
    known: list[tuple[str, Record, bool]] = []
    for record in records:
        for name in record.names:
            whole = " ".join(name.split()).lower()
            if record.role == "ticket" or len(whole) < 2:
                continue
            known.append((whole, record, False))
            bare = TRAILING_VERSION.sub("", whole)
            known.append((bare, record, False))
            if record.role in ("person", "rep"):
                known += [(part, record, True) for part in parts_of(whole)]
            elif record.role == "account":
                known += [(part, record, True) for part in whole.split()[:1] if len(part) > 3]
            elif record.role in ("environment", "opportunity"):
                known += [(part.strip(), record, False) for part in re.split(r"[,:;()]| and | only", whole) if len(part.strip()) > 2]
    by_name: dict[tuple[str, bool], list[Record]] = {}
    for name, record, needs_capital in known:
        rows = by_name.setdefault((name, needs_capital), [])
        if record not in rows:
            rows.append(record)
    return sorted(by_name.items(), key=lambda one: (-len(one[0][0]), one[0][1]))


def names(sentence: Sentence, scene: Scene) -> None:
    """What is on record by name, the longest first."""
    for (name, needs_capital), rows in scene.names:
        if name not in sentence.folded:
            continue
        for match in re.finditer(rf"(?<![\w@./-]){re.escape(name)}(?![\w@]|\.\w|-\w)", sentence.folded):
            start, end = match.span()
            if not sentence.is_free(start, end) or (
                needs_capital and not sentence.text[start].isupper() and sentence.text[start].isascii()
            ):
                continue
            for record in rows:
                scene.name(sentence, start, end, record)
            trusted = [record for record in rows if record.source.key not in scene.suspicious]
            if trusted:
                scene.ground("person" if trusted[0].role in ("person", "rep") else "name", start, end, trusted)
                sentence.take(start, end)


def parts_of(name: str) -> list[str]:
    """Of a person's name: each part, and what follows the first."""
    words = name.split()
    return [
        part
        for part in dict.fromkeys([" ".join(words[1:]), " ".join(words[:2]), *words])
        if len(part) > 1 and part not in ("van", "von", "de", "der", "den", "la", "le")
    ]


def topics(sentence: Sentence, scene: Scene) -> None:
    """A ticket that is told about in the words of another one's subject."""
    tickets = scene.tickets
    ids = [one for one in tickets if folded(sentence.text[one.start : one.end]) in scene.records.by_id]
    quotes = [one for one in tickets if one not in ids]
    if len(ids) == 1 and quotes and ids[0].record not in [one.record for one in quotes]:
        scene.flag("ticket", ids[0].start, ids[0].end, f"The words beside it are those of {quotes[0].record.row['ticket_id']}.")
        return
    if not ids or len(ids) > 2:
        return
    for place, one in enumerate(ids):
        first = ids[place - 1].end if place else 0
        last = ids[place + 1].start if place + 1 < len(ids) else len(sentence.text)
        said = content(sentence.text[first : one.start] + " " + sentence.text[one.end : last])
        own = len(said & content(one.record.row.get("subject") or ""))
        here = {other.record.source.key for other in tickets}
        rest = [r for r in scene.records.tickets if r.source.key not in here]
        best = max(rest, key=lambda r: len(said & content(r.row.get("subject") or "")), default=None)
        if best is None:
            continue
        shared = said & content(best.row.get("subject") or "")
        if own == 0 and len(shared) >= 2:
            scene.flag(
                "ticket", one.start, one.end, f"These words are those of {best.row['ticket_id']}, not of {one.record.row['ticket_id']}."
            )
