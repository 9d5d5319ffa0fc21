"""Release notes for one account: what touches something it has on record, and why; or, honestly, that nothing does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from communications.answers import ReleaseNotes
from communications.composer.letter import greeting, signature
from communications.composer.material import Known, Material
from communications.composer.words import bullets, counted, heading, line, listed, paragraph, sentence, together, written_date

Kind = Literal["breaking", "feature", "fix", "listed"]
HEADINGS: dict[Kind, str] = {
    "breaking": "What needs your attention",
    "feature": "What is new for you",
    "fix": "What is fixed for you",
    "listed": "Also touched",
}
MAX_NOTES = 20


@dataclass(frozen=True)
class Note:
    kind: Kind
    text: str
    touched: list[Known]

    @property
    def why(self) -> str:
        concerned = listed([known.phrase for known in self.touched[:4]])
        return line(f"The release lists it as affected: {concerned}." if self.kind == "listed" else f"It touches {concerned}.", 600)


def write(material: Material) -> ReleaseNotes:
    release = material.given.get("release_info") or {}
    found = list(relevant(material, release))
    notes = found[:MAX_NOTES]
    version = line(str(release.get("version", "")), 40)
    return ReleaseNotes(
        subject=subject(found, version),
        body_html=together(
            greeting(material),
            paragraph(opening(found, version, str(release.get("released_on", "")), material)),
            *(section(kind, notes) for kind in HEADINGS),
            paragraph(others(found, release)),
            basis(material) if not notes else SafeString(""),
            paragraph(question(notes)),
            signature(material.given),
        ),
        highlighted_features=[line(note.text, 600) for note in notes],
        relevance_notes=[note.why for note in notes],
    )


def relevant(material: Material, release: dict[str, list[str]]) -> Iterator[Note]:
    """The changes that name something on record; then what the release lists as affected and no change named."""
    named: set[str] = set()
    sources: tuple[tuple[Kind, str], ...] = (("breaking", "breaking_changes"), ("feature", "features"), ("fix", "fixes"))
    for kind, key in sources:
        for text in release.get(key, []):
            if line(text) and (touched := material.touched_by(text)):
                named.update(known.name for known in touched)
                yield Note(kind, text, touched)
    affected = [name for kind in ("integrations", "features", "environments") for name in release.get(f"affected_{kind}", [])]
    for known in material.touched_by("", affected):
        if known.name not in named:
            yield Note("listed", known.name, [known])


def subject(notes: list[Note], version: str) -> str:
    if not notes:
        return f"Release {version}: nothing in it names your setup"
    if count := sum(note.kind == "breaking" for note in notes):
        breaking = counted(count, "breaking change")
        return f"Release {version}: {breaking} touch{'es' if count == 1 else ''} your setup"
    touched = list(dict.fromkeys(known.name for note in notes for known in note.touched))
    return line(f"Release {version}: what it brings for {listed([line(name, 40) for name in touched[:2]])}", 150)


def opening(notes: list[Note], version: str, released_on: str, material: Material) -> str:
    came = "comes" if released_on > material.as_of.date().isoformat() else "came"
    out = f"Release {version} " + (f"{came} out on {written_date(released_on)}" if released_on else "is out")
    if not notes:
        return f"{out}. I went through it for {material.name} and found no change that names anything you run or use."
    kept = counted(len(notes), "point") + (f", the first {MAX_NOTES} of them below" if len(notes) > MAX_NOTES else "")
    return f"{out}. I went through it for {material.name} and kept what touches your setup: {kept}."


def section(kind: Kind, notes: list[Note]) -> SafeString:
    items = [format_html("<strong>{}</strong> {}", sentence(note.text), note.why) for note in notes if note.kind == kind]
    if not items:
        return SafeString("")
    plan = "Let us go through this before you update; tell me who on your side should join." if kind == "breaking" else ""
    return together(heading(HEADINGS[kind]), bullets(items), paragraph(plan))


def others(notes: list[Note], release: dict[str, list[str]]) -> str:
    """Breaking changes left out are told by number: they are the ones a customer must be able to rely on."""
    rest = len(release.get("breaking_changes", [])) - sum(note.kind == "breaking" for note in notes)
    if rest <= 0:
        return ""
    changes = counted(rest, "breaking change") if not notes else counted(rest, "further breaking change")
    return f"The release has {changes}; {'it names' if rest == 1 else 'none of them names'} {'nothing' if rest == 1 else 'anything'} you have on record with us."


def basis(material: Material) -> SafeString:
    """What the judgement rests on, so that the reader can correct it."""
    groups = {"integration": "Integrations", "feature": "Features in use", "environment": "Environment"}
    items = []
    for kind, title in groups.items():
        names = [line(known.name, 80) for known in material.known if known.kind == kind]
        items.append(f"{title}: {listed(names[:15]) if names else 'none on record'}")
    return together(paragraph("This is what I compared it with:"), bullets(items))


def question(notes: list[Note]) -> str:
    if not notes:
        return "Is anything missing from this list? Then I look again."
    return "Is there anything in it that you would like to see working before you update?"
