"""How many there are of what the records hold, and what a text says of it."""

import re

from communications.grounding.numbers import NUMBER, value
from communications.grounding.reading import Sentence
from communications.grounding.records import Record
from communications.grounding.scene import Scene

TICKETS = ("urgent", "pending", "resolved", "open", "p1", "p2", "p3", "p4")
LISTS = ("feature", "integration", "person")
WHAT = {
    "ticket": "tickets", "tickets": "tickets", "issue": "tickets", "issues": "tickets", "case": "tickets", "cases": "tickets", "incident": "tickets",
    "incidents": "tickets", "p1": "p1", "p1s": "p1", "p2": "p2", "p2s": "p2", "p3": "p3", "p3s": "p3", "p4": "p4", "p4s": "p4",
    "integration": "integrations", "integrations": "integrations", "connection": "integrations", "connections": "integrations",
    "feature": "features", "features": "features", "stakeholder": "people", "stakeholders": "people", "contacts": "people",
    "fix": "fixes", "fixes": "fixes", "changes": "changes", "change": "changes", "plan": "plans", "plans": "plans", "item": "plans", "items": "plans",
    "opportunity": "ideas", "opportunities": "ideas", "environments": "environment",
}  # fmt: skip
WORDS_FOR = {
    "urgent": r"\b(?:urgent|critical|high[- ]priority)\b",
    "pending": r"\bpending\b|\bon hold\b|\bwaiting for (?:you|your|an answer)\b",
    "resolved": r"\b(?:resolved|closed|solved|fixed)\b",
    "open": r"\bopen\b",
    "p1": r"\bp1s?\b",
    "p2": r"\bp2s?\b",
    "p3": r"\bp3s?\b",
    "p4": r"\bp4s?\b",
    "inactive": r"\b(?:inactive|not active|not yet active|not connected|silent)\b",
    "active": r"\bactive\b|\bconnected\b|\brunning\b",
    "unused": r"\b(?:unused|not used|not yet|do not use|don't use|not adopted)\b",
    "used": r"\b(?:in use|adopted|you use|used)\b",
}
COUNTED = re.compile(
    rf"(?P<all>all |both |the other |another |only |over |more than |at least |about |around |up to |the last |the first |top )?"
    rf"(?P<number>{NUMBER}|no|none|both|a dozen|dozen|couple|[ivxlc]{{2,6}})"
    rf"(?P<of> of (?:your|our|the|these|those|them|all|its))*(?P<between>(?: (?:and )?[\w/-]+,?){{0,4}}?) (?P<noun>{'|'.join(sorted(WHAT, key=len, reverse=True))}|more|others)\b"
)
BEGIN = re.compile(
    rf"(?<![\w.,/-])(?:(?:all|both|the other|another|only|over|more than|at least|about|around|up to|the last|the first|top) )?(?:{NUMBER}|no|none|both|a dozen|couple|[ivxlc]{{2,6}})\b"
)
NO_COUNT = re.compile(
    r"\b(?:one|no) (?:of|by|another|more|day|way|longer|doubt|matter|one|need|news|change|answer|promise|further|and|or|is|who|that|thing|less|in|side|reason|worry|rush|hurry|obligation|particular|idea)\b"
)


def counting(sentence: Sentence, scene: Scene) -> None:
    """Numbers of what the records hold and can be counted; “three of your four integrations” are two of them."""
    for begin in BEGIN.finditer(sentence.folded):
        match = COUNTED.match(sentence.folded, begin.start())
        if match and sentence.is_free(*match.span("number")) and not NO_COUNT.match(sentence.folded[match.start("number") :]):
            count(sentence, scene, match)


NO_PLACE_BETWEEN = re.compile(
    r"\b(?:days?|hours?|weeks?|months?|minutes?|seconds?|years?|points?|percent|to|than|until|is|are|was|were|by|in|on|for|with|at|from|"
    r"since|halves|thirds?|quarters?|fifths?|tenths?|dozen|or (?!pending|resolved|closed))\b|%"
)
MORE = re.compile(r"\b(?:more(?! than)|others?|further|remaining|rest|another)\b")
REST_ENDS = re.compile(r"[;|]| and (?!p\d)| but |, (?:none|no|not|one of|two of|three of|some of|most of|of which|of them)\b")


def count(sentence: Sentence, scene: Scene, match: re.Match[str]) -> None:
    """A number of something that is counted, against how many there are."""
    what, number = WHAT.get(match["noun"], "tickets"), number_of(match["number"])
    only_more = match["noun"] in ("more", "others")
    if number is None or NO_PLACE_BETWEEN.search(match["between"]) or (only_more and (match["between"] or not scene.records.tickets)):
        return
    inner = BEGIN.search(match["between"])
    if inner and not match["of"]:
        return  # “25 and 8 tickets”: that of the tickets is the second
    start, end = match.span("number")
    sentence.take(start, end if inner else match.end())
    said = words_about(sentence, match, what)
    kinds = (of_what_more(scene) if only_more else []) or kinds_of(what, said, sentence.folded[: match.start()])
    allowed = how_many(scene, match, what, kinds, number, said)
    if kinds[0] == "resolved":
        only_resolved(scene, match.end())
    held = counted(scene, kinds[0]) if number in allowed else scene.literal(sentence.folded[start : match.end()])
    scene.judge("count", start, match.end(), held, f"On record there {'is' if allowed == {1} else 'are'} {listed(allowed)}.")


def words_about(sentence: Sentence, match: re.Match[str], what: str) -> str:
    """The words that say which of them are counted: those around the noun, and what is said of it after."""
    rest = REST_ENDS.split(sentence.folded[match.end() :])[0]
    if what not in ("tickets", "integrations", "features") or re.search(r"\bof (?:your|our|the|these) $", sentence.folded[: match.start()]):
        rest = ""
    return " ".join((match["of"] or "", match["between"], match["noun"], rest))


def how_many(scene: Scene, match: re.Match[str], what: str, kinds: list[str], number: float, said: str) -> set[float]:
    """The numbers that would be right."""
    known = counts(scene)
    allowed = set().union(*(known[kind] for kind in kinds))
    if MORE.search(match[0]):
        told = len(scene.ever) if kinds[0] in ("tickets", *TICKETS) else sum(one.record.role in LISTS for one in scene.named)
        allowed = {n - k for n in allowed for k in range(told + 1) if n >= k} | known["left_out"]
    if (match["all"] or "").strip() in ("over", "more than", "at least"):
        allowed |= {number} if any(number <= n <= number * 1.5 + 1 for n in allowed) else set()
    if kinds == ["tickets", "resolved", "open"]:
        allowed |= {float(len({one.record.source.key for one in scene.tickets}))} - {0}
    if what in ("plans", "changes", "fixes", "ideas", "features") and number <= min(12, max(allowed, default=0)):
        allowed.add(number)  # some of them
    if what == "changes" and "breaking" not in said and (number <= 3 and not match["number"].isdigit()):
        allowed.add(number)
    return allowed


def only_resolved(scene: Scene, after: int) -> None:
    """A list of what was resolved holds no ticket that is open."""
    for one in scene.tickets:
        if one.start > after and one.record.is_current:
            scene.flag("status", one.start, one.end, f"{one.record.row['ticket_id']} is {one.record.row['status']}.")


def kinds_of(what: str, said: str, before: str) -> list[str]:
    """What is counted, by the words around it."""
    if what == "tickets":
        kinds = [name for name in ("urgent", "pending", "resolved", "p1", "p2", "p3", "p4") if re.search(WORDS_FOR[name], said)]
        if re.search(r"\bopen (?:or|and) pending\b", said):
            return ["tickets"]
        if {"p1", "p2"} <= set(kinds):
            return ["urgent"]
        if {"p3", "p4"} <= set(kinds):
            return ["not urgent"]
        if kinds:
            return kinds[:1]
        if re.search(r"\b(?:resolved|closed|solved|fixed)\b", before):
            return ["resolved"]
        return ["open"] if re.search(r"\bopen\b", said) else ["tickets", "resolved", "open"]
    if what == "integrations":
        return (
            ["inactive"]
            if re.search(WORDS_FOR["inactive"], said)
            else ["active"]
            if re.search(WORDS_FOR["active"], said)
            else ["integrations"]
        )
    if what == "features":
        return ["unused"] if re.search(WORDS_FOR["unused"], said) else ["used"] if re.search(WORDS_FOR["used"], said) else ["features"]
    return [what]


def of_what_more(scene: Scene) -> list[str]:
    """What “and two more” are two of: of what the sentence lists."""
    roles = [one.record.role for one in scene.named if one.record.role in (*LISTS, "ticket")]
    most = max(roles, key=roles.count, default="ticket")
    return {"feature": ["unused", "used", "features"], "integration": ["inactive", "active", "integrations"], "person": ["people"]}.get(
        most, []
    )


def counts(scene: Scene) -> dict[str, set[float]]:
    """Once a text."""
    if not scene.counts:
        scene.counts = count_all(scene)
    return scene.counts


def count_all(scene: Scene) -> dict[str, set[float]]:
    """How many there are of what can be counted; more than one answer where a word can be meant in more than one way."""
    given, records = scene.records.given, scene.records
    live = [r for r in records.tickets if r.is_current]
    rest = int(given.get("tickets_left_out") or 0)
    by = {p: sum(r.row["priority"] == p for r in live) for p in ("P1", "P2", "P3", "P4")}
    resolved = max(int(given.get("resolved_ticket_count") or 0), len(records.tickets) - len(live))
    integrations = [r.row for r in records.of("integration")]
    features = [r.row for r in records.of("feature")]
    release = given.get("release_info") or {}
    told = scene.records.health.get("p1_p2_ticket_count")
    found: dict[str, set[float]] = {
        "tickets": {len(live) + rest},
        "urgent": {by["P1"] + by["P2"]} | ({told} if told is not None and rest else set()),
        "pending": {sum(r.row["status"] == "pending" for r in live)},
        "open": {len(live) + rest, sum(r.row["status"] == "open" for r in live) + rest},
        "resolved": {resolved},
        "left_out": {rest},
        "integrations": {len(integrations)},
        "active": {sum(bool(row.get("is_active")) for row in integrations)},
        "features": {len(features), len(release.get("features") or []) or len(features)},
        "used": {sum(bool(row.get("adopted")) for row in features)},
        "people": {len(records.of("person"))},
        "fixes": {len(release.get("fixes") or [])},
        "changes": {len(release.get("breaking_changes") or [])},
        "plans": {len(given.get("roadmap_items") or [])},
        "ideas": {len(records.of("opportunity"))},
        "environment": {len(records.of("environment"))},
    }
    found["inactive"] = {len(integrations) - min(found["active"])}
    found["unused"] = {len(features) - min(found["used"])}
    found["not urgent"] = {by["P3"] + by["P4"]} if not rest else set()
    return found | {name.lower(): {float(number)} for name, number in by.items()}


def counted(scene: Scene, kind: str) -> list[Record]:
    records = scene.records
    if kind in ("tickets", "open", "left_out", "not urgent"):
        return [r for r in records.tickets if r.is_current] or records.of("account")
    if kind == "resolved":
        return [r for r in records.tickets if not r.is_current] or records.of("account")
    if kind == "urgent":
        return [r for r in records.tickets if r.is_current and r.row["priority"] in ("P1", "P2")] or records.of("account")
    if kind == "pending":
        return [r for r in records.tickets if r.row["status"] == "pending"] or records.of("account")
    if kind in ("p1", "p2", "p3", "p4"):
        return [r for r in records.tickets if r.is_current and r.row["priority"] == kind.upper()] or records.of("account")
    if kind in ("integrations", "active", "inactive"):
        return records.of("integration") or records.of("account")
    if kind in ("features", "used", "unused"):
        return records.of("feature") or records.of("account")
    roles = {
        "people": "person",
        "fixes": "release",
        "changes": "release",
        "plans": "roadmap",
        "ideas": "opportunity",
        "environment": "environment",
    }
    return [r for r in records.all if r.role == roles[kind]] or records.of("account")


def number_of(text: str) -> float | None:
    if re.fullmatch("[ivxlc]{2,6}", text):
        return roman(text)
    try:
        return value(text.removeprefix("a ") if text == "a dozen" else text)
    except (ValueError, KeyError):
        return None


def roman(text: str) -> float | None:
    worth = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[letter] for letter in text]
    total = sum(-one if one < after else one for one, after in zip(worth, [*worth[1:], 0], strict=True))
    return total if 0 < total < 300 else None


def listed(values: set[float]) -> str:
    return " or ".join(f"{number:g}" for number in sorted(values)) or "none"
