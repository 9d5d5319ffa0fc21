"""Lists of words that the rules know, one a file, in small letters."""

from pathlib import Path

HERE = Path(__file__).parent / "words"


def words(name: str) -> frozenset[str]:
    return frozenset((HERE / f"{name}.txt").read_text().split())
