"""The check of a draft at every save, against the cleaning and reading of the same HTML, which a save cannot do without."""

import json
from pathlib import Path

from communications import composer, sanitise
from communications.grounding import ground
from communications.grounding.marking import text_of
from tests.bench.measuring import Measurement, Options, Target, in_turns, milliseconds

CONTEXTS = json.loads((Path(__file__).parents[1] / "data" / "claims_seen.json").read_text())["contexts"]
WORDS = 600


def measure(options: Options) -> list[Measurement]:
    given = CONTEXTS["busy"]
    review = composer.compose("customer_success_review", given)
    paragraphs = review.body_html.split("</p>")
    body = ""
    while len(text_of(body).split()) < WORDS and paragraphs:
        body += paragraphs.pop(0) + "</p>"
    body = sanitise.clean(body)
    words = len(text_of(body).split())
    claims = len(ground(review.subject, body, given).claims)
    found = in_turns(
        options.rounds,
        {
            "cleaned": lambda: milliseconds(lambda: sanitise.to_text(sanitise.clean(body))),
            "grounded": lambda: milliseconds(lambda: ground(review.subject, body, given)),
        },
    )
    note = f"{words:,} words, {claims} claims, {len(given['tickets'])} tickets on record"
    return [
        Measurement("a draft cleaned and read", found["cleaned"], note=note),
        Measurement("a draft grounded", found["grounded"], note=note, targets=[Target(100), Target(40, found["cleaned"], "cleaning")]),
    ]
