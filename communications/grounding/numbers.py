"""Numbers as people write them."""

import re

SMALL = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
TENS = {word: 10 * number for number, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
NAMED = {
    "no": 0,
    "none": 0,
    "nil": 0,
    "a": 1,
    "an": 1,
    "single": 1,
    "both": 2,
    "couple": 2,
    "pair": 2,
    "trio": 3,
    "dozen": 12,
    "hundred": 100,
}
ORDINALS = {
    word: number
    for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"], 1
    )
}

WORDS = rf"(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(list(SMALL)[1:10])}))?|{'|'.join(sorted(SMALL, key=len, reverse=True))})"
HUNDREDS = (
    rf"(?:(?:(?:a|{'|'.join(list(SMALL)[1:10])}) (?:hundred(?: and {WORDS})?|thousand|million))|{WORDS} (?:thousand|million)|{WORDS})"
)
FIGURES = r"\d+(?:[.,]\d+)? (?:thousand|million)\b|\d{1,3}(?:[,. ']\d{3})+(?:\.\d{1,2})?(?!\d)|\d{1,15}(?:[.,]\d{1,6})?(?:\s?k\b)?"
# A number of things, in figures or words.
NUMBER = rf"(?:{FIGURES}|{HUNDREDS})"


def value(text: str) -> float:
    """Of what NUMBER or NAMED reads. Raises ValueError."""
    text = text.strip().casefold()
    for names in (SMALL, TENS, NAMED):
        if text in names:
            return names[text]
    if match := re.fullmatch(rf"(a|{'|'.join(SMALL)}) hundred(?: and (.+))?", text):
        return 100 * (1 if match[1] == "a" else SMALL[match[1]]) + (value(match[2]) if match[2] else 0)
    if match := re.fullmatch(r"(.+) (thousand|million)", text):
        return value(match[1]) * (1000 if match[2] == "thousand" else 1_000_000)
    if match := re.fullmatch(rf"({'|'.join(TENS)})[- ](\w+)", text):
        return TENS[match[1]] + SMALL[match[2]]
    thousands = text.endswith("k")
    figures = text.removesuffix("k").strip()
    if match := re.fullmatch(r"(\d{1,3}(?:[,. ']\d{3})+)(\.\d{1,2})?", figures):
        figures = re.sub(r"\D", "", match[1]) + (match[2] or "")
    return float(figures.replace(",", ".")) * (1000 if thousands else 1)
