"""Rules for the score, the points behind it, and Red, Amber and Green."""

import re

from communications.grounding.numbers import NUMBER, value
from communications.grounding.reading import Sentence
from communications.grounding.records import Record
from communications.grounding.scene import Scene

ABOUT = re.compile(r"\b(?:score|health|points?|rag|/ ?100|of 100|of a hundred|out of 100)\b|/100\b")
FROM_TO = re.compile(rf"\bfrom (?P<old>{NUMBER})(?: points?)? to (?P<new>{NUMBER})\b")
ARROW = re.compile(rf"(?P<old>{NUMBER}) ?(?:→|->|>) ?(?P<new>{NUMBER})\b")
OF_HUNDRED = re.compile(rf"\b(?P<now>{NUMBER}) ?(?:/ ?100\b|(?:out )?of (?:100|a hundred|one hundred)\b)")
POINTS = re.compile(rf"\b(?P<points>{NUMBER})[- ]points?\b")
PLAIN = re.compile(rf"(?<![\w.-])(?P<plain>{NUMBER})(?![\w%-]| ?%|\.\d)")
FELL = re.compile(
    r"\b(?:fell|fall(?:en|s)?|drop(?:ped|s)?|declined?|decreas\w+|down|lost|loss|lower|worse(?:ned)?|slipped|sank|deteriorated)\b"
)
ROSE = re.compile(r"\b(?:rose|risen|climbed|improved?|increas\w+|up|gain(?:ed)?|better|higher|recovered|recovery)\b")
SAME = re.compile(r"\b(?:unchanged|same as before|as before|stable|steady|no change|has not changed|stayed)\b")
THEN = re.compile(r"\b(?:before|previous(?:ly)?|was|were|from|earlier|used to|had been|so far|last time)\b")
LIMIT = re.compile(r"\b(?:below|under|limit|threshold|would (?:mean|be|need)|or more|at least|starts? at|back to|reach|above|over)\b")
CAUSES = {
    "late": re.compile(r"\b(?:age|ages|old|older|late|waiting|overdue|urgent|p1|p2)\b"),
    "volume": re.compile(r"\b(?:number|volume|many|backlog|how many|count|sheer|more than five|beyond)\b"),
    "silence": re.compile(r"\b(?:silence|silent|heartbeat|signal|nothing heard|not reported)\b"),
}
OF_SCORE = re.compile(
    r"\b(?:score|health|scan|check|fell|dropped|rose|lower|higher|lost|loss|gain\w*|takes?|taking|off|costs?|away|down|up|deduct\w*|short of|better|worse|back)\b"
)
RAG = re.compile(r"\b(red|amber|green)\b")
HYPOTHETICAL = re.compile(r"\b(?:would|could|back (?:to|in|into)|reach|until|return to|path to|get to|towards?|again be|if)\b")
TURNED_FROM = re.compile(r"\bfrom (?:status )?(red|amber|green) (?:status )?to (?:status )?(red|amber|green)\b")


def scores(sentence: Sentence, scene: Scene) -> None:
    text = sentence.folded
    health = scene.records.of("health")
    for pattern in (FROM_TO, ARROW):
        for match in sentence.find(pattern):
            if ABOUT.search(text) or is_of_score(scene, match["old"], match["new"]):
                judge_course(sentence, scene, match, health)
    for match in sentence.find(OF_HUNDRED):
        claim(sentence, scene, match, "now", {now(scene)} | ({before(scene)} if THEN.search(text[: match.start()]) else set()), health)
    for match in sentence.find(POINTS):
        judge_points(sentence, scene, match, health)
    if re.search(r"\b(?:score|health|amber|green|red)\b", text):
        for match in sentence.find(PLAIN):
            follows = text[match.end() : match.end() + 14]
            if re.match(
                r" (?:open |urgent |p[1-4]|tickets?|issues?|days?|hours?|weeks?|months?|integrations?|features?)", follows
            ) or not digits(match["plain"]):
                continue
            allowed = {now(scene)}
            ahead = text[max(0, match.start() - 22) : match.start()]
            if THEN.search(ahead):
                allowed = {before(scene)}
            if LIMIT.search(ahead) or LIMIT.match(follows.strip()):
                allowed |= {float(limit) for limit in (scene.records.given.get("limits") or {}).values()}
            claim(sentence, scene, match, "plain", allowed, health)
    judge_direction(sentence, scene, health)


def digits(text: str) -> bool:
    return text[:1].isdigit()


def is_of_score(scene: Scene, old: str, new: str) -> bool:
    return {value(old), value(new)} == {before(scene), now(scene)}


def now(scene: Scene) -> float | None:
    return scene.records.health.get("score")


def before(scene: Scene) -> float | None:
    return scene.records.health.get("previous_score")


def claim(sentence: Sentence, scene: Scene, match: re.Match[str], group: str, allowed: set[float | None], health: list[Record]) -> None:
    start, end = match.span(group)
    sentence.take(*match.span())
    right = value(match[group]) in allowed - {None}
    scene.judge("score", start, end, health if right else [], said(scene))


def said(scene: Scene) -> str:
    if now(scene) is None:
        return "No score is on record."
    past = f", {before(scene)} before" if before(scene) is not None else ""
    return f"On record the score is {now(scene)}{past}."


def judge_course(sentence: Sentence, scene: Scene, match: re.Match[str], health: list[Record]) -> None:
    sentence.take(*match.span())
    right = value(match["old"]) == before(scene) and value(match["new"]) == now(scene)
    scene.judge("score", *match.span(), health if right else [], said(scene))


def judge_points(sentence: Sentence, scene: Scene, match: re.Match[str], health: list[Record]) -> None:
    """Points are a deduction, by its cause, or what the score moved by, or what it is short of 100."""
    text = sentence.folded
    points = value(match["points"])
    if points <= 20 and not OF_SCORE.search(text):
        sentence.take(*match.span())
        return
    if (
        re.search(r"\b(?:discuss|agenda|talk about|to go through|for us|in it|below)\b", text)
        and points <= 20
        and not ABOUT.search(text.replace("point", ""))
    ):
        sentence.take(*match.span())
        return
    deductions = scene.records.given.get("deductions") or {}
    causes = [name for name, pattern in CAUSES.items() if pattern.search(text)]
    allowed: set[float | None] = set()
    if re.search(r"\b(?:take|takes|taking|cost|costs|deduct\w*|off|away|minus)\b", text) and causes:
        allowed = {deductions.get(name) for name in causes}
    elif now(scene) is not None:
        moved = abs((before(scene) or 0) - (now(scene) or 0)) if before(scene) is not None else None
        allowed = {moved, 100 - (now(scene) or 0), *deductions.values()}
        if FELL.search(text) or ROSE.search(text):
            allowed = {moved}
    claim(sentence, scene, match, "points", allowed, health)


def judge_direction(sentence: Sentence, scene: Scene, health: list[Record]) -> None:
    """A score or its state that is said to fall, rise or stay."""
    text = sentence.folded
    if not re.search(r"\b(?:score|health score|your health|account health)\b", text) or now(scene) is None or before(scene) is None:
        return
    moved = (now(scene) or 0) - (before(scene) or 0)
    for pattern, right in ((FELL, moved < 0), (ROSE, moved > 0), (SAME, moved == 0)):
        match = pattern.search(text)
        if match and not right and not HYPOTHETICAL.search(text) and not sentence.is_question:
            scene.flag("score", *match.span(), said(scene))
            return


def rag(sentence: Sentence, scene: Scene) -> None:
    current, past = scene.records.health.get("rag_status"), scene.records.health.get("previous_rag")
    health = scene.records.of("health")
    why = f"On record it is {current}{f', {past} before' if past else ''}." if current else "No state is on record."
    for match in sentence.find(TURNED_FROM):
        sentence.take(*match.span())
        right = match[1].capitalize() == past and match[2].capitalize() == current
        scene.judge("rag", *match.span(), health if right else [], why)
    for match in sentence.find(RAG):
        start, end = match.span()
        word = sentence.text[start:end]
        about = re.search(
            r"\b(?:account|health|score|status|state|rag|scale|turned?|check|you are|it is|it was|scan|slipped|into|traffic lights?)\b",
            sentence.folded,
        )
        if not ((word[0].isupper() and word[1:].islower()) or word.isupper()) and not (
            about and re.search(r"\b(?:is|was|turned|at|in|status|still|now) (?:the )?$", sentence.folded[:start])
        ):
            continue
        if not about or re.match(r" [A-Z]\w", sentence.text[end:]):
            continue
        sentence.take(start, end)
        if HYPOTHETICAL.search(sentence.folded) and not re.search(r"\b(?:is|has turned|turned) (?:now )?$", sentence.folded[:start]):
            continue
        allowed = {current}
        behind, ahead = sentence.folded[max(0, start - 40) : start], RAG.split(sentence.folded[end : end + 40])[0]
        if THEN.search(RAG.split(behind)[-1]) or re.search(r"\bbefore\b", ahead):
            allowed = {past} if not re.search(r"\b(?:now|today|at present|currently)\b", sentence.folded) else {current, past}
        if re.search(r"\b(?:for the second|in a row|still|remains?|stays?|again)\b", sentence.folded):
            allowed = {current} if current == past or past is None else {past} if THEN.search(sentence.folded[:start]) else set()
        scene.judge("rag", start, end, health if word.capitalize() in allowed - {None} else [], why)
