"""Rules for versions: of a release, of what an account runs, of an API."""

import re

from communications.grounding import lexicon
from communications.grounding.reading import Sentence
from communications.grounding.records import COMMON
from communications.grounding.scene import Scene

VERSION = re.compile(
    r"(?<![\w.,-])v?\d+\.\d+(?:\.\d+)+(?:-?(?:rc|beta|alpha)\.?\d*)?(?!\.?\d)\b|(?<![\w.])v\d+(?:\.\d+)*\b|(?<=release )\d+\.\d+\b|(?<=version )\d+\.\d+\b"
)
AFTER_NAME = re.compile(r"(?P<name>[a-z][\w+#-]*(?: [a-z][\w-]*)?) (?P<version>v?\d+(?:\.\d+)*)\b")
MONTH_NAMES = lexicon.words("months")
FIXES = re.compile(r"\b(?:fix(?:e[sd])?|resolved?|solves?|solved|repaired|install|upgrade|merged|available|corrected)\b")
RUNS = re.compile(r"\b(?:you|your \w+|your) (?:still |currently |now |already )?(?:run|runs|running|use|uses|are on|is on|have)\b|\byour $")


def versions(sentence: Sentence, scene: Scene) -> None:
    for match in AFTER_NAME.finditer(sentence.folded):
        name, version = match["name"].split()[-1], match["version"]
        if name in COMMON or name in MONTH_NAMES or not sentence.is_free(*match.span("version")):
            continue
        if any(r.role == "environment" and re.search(rf"\b{re.escape(name)} v?\d", r.text) for r in scene.records.all) or "." in version:
            judge_version(sentence, scene, match.start("version"), match.end("version"), f"{name} {version}")
    for match in sentence.find(VERSION):
        judge_version(sentence, scene, match.start(), match.end(), "")


def judge_version(sentence: Sentence, scene: Scene, start: int, end: int, named: str) -> None:
    sentence.take(start, end)
    version = sentence.folded[start:end]
    bare = version.removeprefix("v")
    rows = [r for r in scene.records.all if r.role not in ("person", "rep")]
    if sentence.folded[:start].endswith("release ") and scene.records.of("release"):
        rows = [r for r in rows if r.role in ("release", "history")]
    if RUNS.search(sentence.folded[:start]) or "environment:" in sentence.folded[:start]:
        rows = [r for r in rows if r.role == "environment"]
    held = scene.records.holding(version, rows)
    if not held and "." in bare:
        held = scene.records.holding(bare, rows) or scene.records.holding(f"v{bare}", rows)
    name = named.split(" ")[0] if named else ""
    if name and name not in (
        "release",
        "version",
        "since",
        "to",
        "in",
        "from",
        "until",
        "with",
        "and",
        "or",
        "is",
        "on",
        "of",
        "the",
        "your",
        "our",
        "after",
        "before",
        "than",
    ):
        held = [r for r in held if name in r.text] or [r for r in held if not any(name in other.text for other in rows)]
        if not any(name in r.text for r in rows):
            held = []
    if FIXES.search(sentence.folded):
        held = [r for r in held if r.is_ours or r.role == "history"] or [r for r in held if scene.ticket_of(sentence, start, end) == [r]]
    scene.judge("version", start, end, held, f"No record names {sentence.text[start:end]}" + (f" for {name}." if name else "."))
