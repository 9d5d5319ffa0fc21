"""Payloads spoiled at random, as JSON and as bytes. The same seed spoils the same."""

import json
from copy import deepcopy
from random import Random
from typing import Any

TEXTS = [
    "", " ", "\0", "\ud800", "x" * 200, "x" * 5000, "<script>alert(1)</script>", "'; DROP TABLE accounts_ticket; --", "{{ticket.id}}", "𝔘nïcödé",
    "\u202e", "a\nb", "null", "-", "#", "2026-11-21", "31/12/2026", "0000-00-00", "9999-12-31T23:59:59Z", "2026-11-21T25:00:00Z", "yesterday",
    "Feb 30 2026", "2026-11-21T10:00:00+99:99", "12:00", "1e400", "１２３", "sha256=", "urgent", "closed", "deleted", "issue_deleted",
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 10**12, 10**30, -(10**30), 1.5, 1e308, -0.0, [], {}, [[]], [None], {"": None}, {"id": {"id": []}},
    ["x"] * 100, {"name": "x" * 300}, {"value": None, "child": {"value": []}}, {"key": "Key", "items": [{"field": "Key", "fromString": 5}]},
]  # fmt: skip


def spoiled(payload: Any, random: Random) -> bytes:
    """A mutated copy, mostly JSON still."""
    copy = json.loads(json.dumps(payload))
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        copy = spoil(copy, random)
    body = json.dumps(copy, ensure_ascii=random.random() < 0.9).encode("utf-8", "surrogatepass")
    return body if random.random() < 0.8 else torn(body, random)


def spoil(value: Any, random: Random) -> Any:
    """One place of the tree changed."""
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    if not inner or random.random() < 0.02:
        return random.choice(TEXTS) if random.random() < 0.5 else deepcopy(random.choice(ODD))
    place, below = random.choice(inner)
    act = random.random()
    if isinstance(below, dict | list) and below and act < 0.7:
        value[place] = spoil(below, random)
    elif act < 0.3:
        del value[place]
    elif isinstance(value, dict) and act < 0.4:
        value[random.choice(TEXTS)] = value.pop(place)
    elif act < 0.5:
        value[place] = deepcopy(random.choice(inner)[1])
    else:
        value[place] = random.choice(TEXTS) if random.random() < 0.6 else deepcopy(random.choice(ODD))
    return value


def torn(body: bytes, random: Random) -> bytes:
    """Cut off, with other bytes in it, twice, or in another encoding."""
    at = random.randrange(len(body) + 1)
    return random.choice(
        [
            body[:at],
            body[at:],
            body[:at] + random.randbytes(random.randrange(1, 9)) + body[at:],
            body + body,
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            body.replace(b'"', b"'"),
            b"[" * 3000 + body,
            body.replace(b": ", b": NaN, ", 1),
        ]
    )
