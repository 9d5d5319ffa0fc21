"""Rules for versions: of a release, of what an account runs, of an API."""

import re

from communications.grounding import lexicon
from communications.grounding.reading import Sentence
from communications.grounding.records import COMMON, Record
from communications.grounding.scene import Scene

VERSION = re.compile(
    r"(?<![\w.,-])v?\d+\.\d+(?:\.\d+)+(?:-?(?:rc|beta|alpha)\.?\d*)?(?!\.?\d)\b|(?<![\w.])v\d+(?:\.\d+)*\b|(?<=release )\d+\.\d+\b|(?<=version )\d+\.\d+\b"
)
AFTER_NAME = re.compile(r"(?P<name>[a-z][\w+#-]*(?: [a-z][\w-]*)?) (?P<version>v?\d+(?:\.\d+)*)\b")
MONTH_NAMES = lexicon.words("months")
NO_NAMES = COMMON | {"release", "version", "since", "until", "than"}
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
    """`named`: the version with the word before it, where that is a name."""
    sentence.take(start, end)
    version = sentence.folded[start:end]
    rows = sources_of(sentence, scene, start)
    held = scene.records.holding(version, rows)
    if not held and "." in version:
        bare = version.removeprefix("v")
        held = scene.records.holding(bare, rows) or scene.records.holding(f"v{bare}", rows)
    name = named.split(" ")[0]
    if name and name not in NO_NAMES:
        held = [record for record in held if name in record.text]
    else:
        name = ""
    if FIXES.search(sentence.folded):
        told = [record for record in held if scene.ticket_of(sentence, start, end) == [record]]
        held = [record for record in held if record.is_ours or record.role == "history"] or told
    scene.judge("version", start, end, held, f"No record names {sentence.text[start:end]}" + (f" for {name}." if name else "."))


def sources_of(sentence: Sentence, scene: Scene, start: int) -> list[Record]:
    """The records that a version may come from: what is released by us, what is run there."""
    before = sentence.folded[:start]
    if RUNS.search(before) or "environment:" in before:
        return scene.records.of("environment")
    if before.endswith("release ") and scene.records.of("release"):
        return scene.records.of("release", "history")
    return [record for record in scene.records.all if record.role not in ("person", "rep")]
