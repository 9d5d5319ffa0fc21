"""What can be said only of a text as a whole: too short, links without words, letters that run the other way, records that talk."""

from collections.abc import Iterable

from communications.grounding import hostile
from communications.grounding.claims import Claim
from communications.grounding.marking import Reader
from communications.grounding.reading import plain
from communications.grounding.records import Record

FEW_WORDS = 3


def claims(subject: str, reader: Reader, doubtful: Iterable[Record]) -> list[Claim]:
    """Flags without a place in a sentence; `doubtful` are records whose words speak to the writer."""
    found: list[Claim] = []
    if len(plain(reader.text).text.split()) < FEW_WORDS:
        found.append(whole_text(reader.text, "This is no message to a customer."))
    found += [wordless(first, address) for first, last, address in reader.links if not plain(reader.text[first:last]).text.strip()]
    if hostile.turns(subject + reader.text):
        why = "Hidden marks turn the text round for its reader."
        found.append(Claim("instruction", "body", 0, 0, "Letters that run the other way", "", (), why))
    return [*found, *map(about, doubtful)]


def wordless(at: int, address: str) -> Claim:
    return Claim("link", "body", at, at, address, address, (), f"A link without words leads to {address[:120]}.", address)


def whole_text(original: str, why: str) -> Claim:
    return Claim("instruction", "body", 0, len(original.rstrip()), original.strip(), original.strip(), (), why)


def about(record: Record) -> Claim:
    """One flag for a record that speaks to the writer: a person has to have read both."""
    words = " ".join(hostile.said_by(record).split())
    why = f"{record.source.label[:60]} reads like an instruction to the writer. Read the whole text with that in mind."
    return Claim("instruction", "body", 0, 0, words[:300], words, (), why)
