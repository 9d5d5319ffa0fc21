"""JSON from other software, before anything is made of it: bounded, and such that PostgreSQL can keep it."""

import json
import math
from typing import Any

LONGEST = 64 * 1024  # characters of JSON
DEEPEST = 20
REPLACED = "\N{REPLACEMENT CHARACTER}"


def issues_of(value: Any) -> list[str]:
    """What no contract may hold, whatever its fields: each once, in words."""
    found: dict[str, None] = {}
    todo: list[tuple[Any, int]] = [(value, 1)]
    while todo:
        one, depth = todo.pop()
        if depth > DEEPEST:
            return [f"It is nested deeper than {DEEPEST} levels."]
        if isinstance(one, dict):
            todo += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            todo += [(part, depth + 1) for part in one]
        elif isinstance(one, str) and not is_text(one):
            found["It holds a NUL or half a character, which is no text."] = None
        elif isinstance(one, float) and not math.isfinite(one):
            found["It holds a number that is not finite."] = None
    if len(json.dumps(value, ensure_ascii=False)) > LONGEST:
        found[f"It is longer than {LONGEST:,} characters."] = None
    return list(found)


def is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def on_record(value: Any) -> Any:
    """The same as the database can keep it, for the record of what was refused: too much of it is left out, and said so."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return {"left_out": "It could not be kept."}
    if len(text) > LONGEST or any("nested" in issue for issue in issues_of(value)):
        return {"left_out": f"{len(text):,} characters"}
    return clean(value)


def clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {clean(key): clean(part) for key, part in value.items()}
    if isinstance(value, list):
        return [clean(part) for part in value]
    if isinstance(value, str) and not is_text(value):
        return value.encode("utf-8", "replace").decode().replace("\0", REPLACED)
    return None if isinstance(value, float) and not math.isfinite(value) else value
