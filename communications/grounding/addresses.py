"""Rules for links, mail addresses, telephone numbers and accounts to pay to."""

import re
from urllib.parse import urlsplit

from communications.grounding.reading import Sentence, plain
from communications.grounding.records import Record
from communications.grounding.scene import Scene

URL = re.compile(r"\b(?:h[tx]{2}ps?|ftp|javascript|data|file)(?::|\[:\])[^\s<>\"']+|(?<![\w@])//[\w.-]+/[^\s]*|\bwww\.[^\s<>\"']+", re.I)
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|\(at\)|\[at\]| at (?=\w+ dot ))[\w-]+(?:(?:\.|\[\.\]|\(dot\)| dot )[\w-]+)+", re.I)
HOST = re.compile(r"(?<![\w@./-])(?:[\w-]+(?:\.|\[\.\]))+[^\W\d_]{2,24}(?:/[^\s<>\"')]*)?(?![\w@])")
FILES = re.compile(r"\.(?:json|csv|xml|ya?ml|txt|pdf|log|py|js|sql|md|html?|xlsx?|docx?|zip|conf|ini|toml|parquet|g|e|a|etc)$", re.I)
ABBREVIATION = re.compile(r"^(?:e\.g|i\.e|a\.m|p\.m|u\.s|approx\.\w+|vs\.\w+)$", re.I)
PHONE = re.compile(r"(?<![\w.-])\+?\(?\d[\d ()/.-]{7,}\d(?![\w-])")
SPOKEN = re.compile(
    r"\b(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|oh|double)[, -]+){5,}(?:zero|one|two|three|four|five|six|seven|eight|nine)\b"
)
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,8}(?: ?[A-Z0-9]{1,4})?\b|\b(?:bc1|0x|[13])[a-zA-HJ-NP-Z0-9]{25,}\b")
TOKEN = re.compile(r"(?<!\S)[A-Za-z0-9+/_=-]{24,}(?!\S)")


def addresses(sentence: Sentence, scene: Scene) -> None:
    """First where links lead to, then what is written out."""
    text_start = sentence.start
    for first, last, address in scene.links:
        start, end = first - text_start, last - text_start
        if start < len(sentence.text) and end > max(start, 0):  # a link may go on over the end of a sentence
            judge_link(sentence, scene, max(start, 0), min(end, len(sentence.text)), address)
    for pattern, kind in ((URL, "link"), (MAIL, "mail"), (HOST, "link")):
        for match in pattern.finditer(sentence.text):
            start, end = match.start(), match.start() + len(match[0].rstrip(".,;:!?)"))
            if not sentence.is_free(start, end) or ABBREVIATION.match(match[0]) or FILES.search(match[0]):
                continue
            sentence.take(start, end)
            rows = trusted(scene, sentence.text[start:end])
            scene.judge("mail" if kind == "mail" else "link", start, end, rows, "No record of ours holds this address.")
    for pattern in (ACCOUNT, PHONE, SPOKEN, TOKEN):
        for match in pattern.finditer(sentence.text if pattern is not SPOKEN else sentence.folded):
            start, end = match.span()
            if sentence.is_free(start, end) and not is_date(match[0]):
                sentence.take(start, end)
                scene.judge(
                    "number",
                    start,
                    end,
                    scene.records.holding(match[0], scene.records.of("release", "wish")),
                    "No record holds this number.",
                )


def is_date(text: str) -> bool:
    return bool(re.match(r"(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}", text)) or (
        len(re.sub(r"\D", "", text)) < 8 and not text.startswith("+")
    )


def judge_link(sentence: Sentence, scene: Scene, start: int, end: int, address: str) -> None:
    shown = sentence.text[start:end].strip()
    sentence.take(start, end)
    kind = "mail" if address.startswith("mailto:") else "link"
    target = address.removeprefix("mailto:")
    looks_like_address = URL.match(shown) or MAIL.fullmatch(shown) or HOST.fullmatch(shown)
    if looks_like_address and bare(shown) != bare(target):
        scene.flag("link", start, end, f"The text shows {shown}, the link leads to {target[:120]}.", address)
    else:
        scene.judge(
            "mail" if kind == "mail" else "link", start, end, trusted(scene, target), f"No record of ours holds {target[:120]}.", address
        )


def bare(address: str) -> str:
    return re.sub(r"^(?:https?:)?//|^www\.|/$", "", plain(address).text.casefold())


def trusted(scene: Scene, address: str) -> list[Record]:
    """Records of ours with that address; or any, where it leads to the customer's own."""
    wanted = bare(address)
    rows = [r for r in scene.records.all if r.source.key not in scene.suspicious and found_in(wanted, r.words)]
    return [r for r in rows if r.is_ours or is_own(scene, wanted)]


def found_in(wanted: str, words: str) -> bool:
    text = plain(words).text.casefold()
    return bool(wanted) and bool(re.search(rf"(?<![\w@.-]){re.escape(wanted)}/?(?![\w@/-]|\.\w)", text))


def is_own(scene: Scene, address: str) -> bool:
    """Whether the host's own name is the account's: `varghof` of track.varghof.example. Nobody else's name stands before it."""
    host = address.rpartition("@")[2] if "/" not in address.rpartition("@")[0] else ""
    try:
        labels = (urlsplit(f"//{host}").hostname or "").split(".")
    except ValueError:
        return False
    profile = scene.records.profile
    words = re.findall(r"\w+", str(profile.get("account_name") or "").casefold())
    own = {
        re.sub(r"\W", "", str(profile.get("account_id") or "").casefold()),
        "".join(words),
        *(word for word in words[:1] if len(word) > 4),
    }
    return "@" not in address.partition("/")[0].replace(address.rpartition("@")[0] + "@", "") and len(labels) >= 2 and labels[-2] in own
