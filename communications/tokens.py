"""How many tokens a text is, at most: estimated without a model's own tokenizer, on the safe side."""

import re
from collections.abc import Iterable, Mapping
from math import ceil

PIECES = re.compile(r"[A-Za-z][a-z]*|\s{2,}|\S")
LETTERS_IN_A_TOKEN = 3
AROUND_A_MESSAGE = 8


def estimate(text: str) -> int:
    """Three letters of a word a token; a digit, a sign or a run of blanks one each; other alphabets their bytes.

    English has more than four letters to a token, German three. Small models take each digit apart.
    """
    return sum(piece_tokens(piece) for piece in PIECES.findall(text))


def piece_tokens(piece: str) -> int:
    if not piece.isascii():
        return len(piece.encode("utf-8", "surrogatepass"))
    return ceil(len(piece) / LETTERS_IN_A_TOKEN) if piece.isalpha() else 1


def of(messages: Iterable[Mapping[str, str]]) -> int:
    return sum(estimate(message["content"]) + AROUND_A_MESSAGE for message in messages)
