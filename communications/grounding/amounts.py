"""Rules for money and shares of a whole."""

import re

from communications.grounding.counts import WORDS_FOR, counts
from communications.grounding.numbers import NUMBER
from communications.grounding.reading import Sentence
from communications.grounding.records import Record, content
from communications.grounding.scene import Scene

CURRENCY = r"(?:€|\$|£|¥|kr\.?|chf|eur|euros?|usd|dollars?|us\$|gbp|pounds?|jpy|yen|sek|nok|dkk|pln|btc|eth|usdt)"
MONEY = re.compile(rf"(?:{CURRENCY} ?{NUMBER}(?: ?(?:k|m|million|thousand))?|{NUMBER}(?: ?(?:k|m|million|thousand))? ?{CURRENCY})(?!\w)")
SHARE = re.compile(rf"\b{NUMBER}(?:-{NUMBER})? ?(?:%|percent\b|per cent\b|percentage points?\b)")
FRACTION = re.compile(
    r"\bhalf (?:the|as) \w+|\b(?:one|two|three|\d+) (?:in|out of|of every) (?:every )?(?:two|three|four|five|six|seven|eight|nine|ten|twenty|\d+)\b(?! (?:days|hours|weeks|minutes|of))|"
    r"\b(?:(?:one |a |two |three )?(?:half|third|quarter|fifth|tenth)s?|most|the majority|nearly all) of (?:all |the |your |our |these |those )+"
)
TIMES = re.compile(
    rf"\b{NUMBER} times (?:as |more|less|cheaper|faster|slower|higher|lower|larger|smaller|the)|\b(?:twice|double|triple) (?:as|the)\b|\b(?:doubled|tripled|halved)\b"
)
VAST = re.compile(
    r"\bcouple of (?:thousand|hundred)\b|\bevery (?:second|third|fourth|other) \w+|\b(?:dozens|hundreds|thousands|millions|couple of dozen|couple of hundred) of\b"
)
OFFERS = re.compile(
    r"\b(?:we|i)(?:'ll| will| can| would| have| are glad to| offer| grant)? .*\b(?:credit|refund|discount|compensat|waive|reimburs|return|pay)|\bcomes? back to\b|\bcredited\b|\bpaid (?:back|out)\b|\breturned to you\b|\bnext invoice\b|\bget\b.*\b(?:off|back|free)\b|\bcosts?\b|\bbill\b"
)
ENOUGH = 3  # words in common that tell which ticket a sentence is about


def money(sentence: Sentence, scene: Scene) -> None:
    for match in sentence.find(MONEY):
        sentence.take(*match.span())
        scene.judge("money", *match.span(), stated(sentence, scene, match), "No record holds this amount.")
    for match in sentence.find(SHARE):
        sentence.take(*match.span())
        scene.judge("percentage", *match.span(), stated(sentence, scene, match), "No record holds this share.")
    for pattern in (TIMES, VAST):
        for match in sentence.find(pattern):
            sentence.take(*match.span())
            scene.judge("number", *match.span(), scene.literal(match[0]), "No record holds this figure.")
    for match in sentence.find(FRACTION):
        fraction(sentence, scene, match)


def stated(sentence: Sentence, scene: Scene, match: re.Match[str]) -> list[Record]:
    """The records with this amount: ours, or those of a ticket that the sentence names, where it offers nothing."""
    wanted = loose_amount(match[0])
    held = [r for r in scene.records.all if wanted in loose_amount(r.text, whole=True)]
    ours = [r for r in held if r.is_ours]
    if ours or OFFERS.search(sentence.folded):
        return ours
    here = {one.record.source.key for one in scene.named}
    said = content(sentence.text)
    return [r for r in held if r.source.key in here or len(said & content(str(r.row.get("subject") or ""))) >= ENOUGH]


def loose_amount(text: str, *, whole: bool = False) -> str:
    text = re.sub(r"\b(?:percent|per cent)\b", "%", text.casefold())
    text = text.replace("€", "eur").replace("euros", "eur").replace("euro", "eur").replace("$", "usd")
    if not whole and (match := re.match(r"(eur|usd|£|kr|chf) ?(.+)", text)):
        text = match[2] + match[1]
    return " " * whole + re.sub(r"(?<=\d) (?=[%a-z])", "", text)


def fraction(sentence: Sentence, scene: Scene, match: re.Match[str]) -> None:
    """“half of your tickets are pending”: of the open ones, where the words say what half of them are."""
    start, end = match.span()
    rest = sentence.folded[end:]
    sentence.take(start, end)
    if not match[0].endswith(" "):
        scene.judge("count", start, end, scene.literal(match[0]), "No record holds this share.")
        return
    share = next(
        (
            part
            for word, part in (("half", 1 / 2), ("third", 1 / 3), ("quarter", 1 / 4), ("fifth", 1 / 5), ("tenth", 1 / 10))
            if word in match[0]
        ),
        0.0,
    )
    if "two third" in match[0] or "three quarter" in match[0]:
        share *= 2 if "two" in match[0] else 3
    if not re.search(r"\b(?:tickets|issues|cases|them)\b", rest):
        if re.search(r"\b(?:orders|users|customers|shipments|traffic|requests|invoices|integrations|features|calls)\b", rest):
            scene.judge("count", start, end, scene.literal(sentence.folded[start:end].strip()), "No record holds this share.")
        return
    total = counts(scene)["tickets"]
    part = {
        float(n)
        for name in ("urgent", "pending", "open", "p1", "p2", "p3", "p4")
        if re.search(WORDS_FOR[name], rest.replace("open tickets", ""))
        for n in counts(scene)[name]
    }
    right = any(n and (n / t >= 0.5 if not share else abs(n / t - share) < 0.04) for n in part for t in total if t)
    scene.judge(
        "count",
        start,
        end,
        [r for r in scene.records.tickets if r.is_current] if right else [],
        "The tickets on record are not so divided.",
    )
