"""Geometry of the score dial and of the 90-day chart; the drawing is the template's."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from accounts import trail
from accounts.scoring import Policy
from tamdash.templatetags.tamdash import RAG_LETTER, day

DAYS = 90
TOP, HEIGHT = 16, 188  # of the plot within the chart, in pixels


@dataclass(frozen=True)
class Dial:
    """Arcs run from 150 to 390 degrees around (80, 80); lengths along them in points of the score."""

    arcs: list[tuple[str, str, bool]]  # letter, dash pattern, whether the score lies in it
    hand: str
    labels: list[tuple[int, float, float]]


def polar(score: float, radius: float) -> tuple[float, float]:
    angle = math.radians(150 + 2.4 * score)
    return round(80 + radius * math.cos(angle), 1), round(80 + radius * math.sin(angle), 1)


def dial(score: int, policy: Policy) -> Dial:
    limits = [0, policy.red_below, policy.amber_below, 100]
    arcs = []
    for letter, start, end in zip("rag", limits, limits[1:], strict=False):
        gap_before, gap_after = (0.8 if start else 0), (0.8 if end < 100 else 0)
        arcs.append(
            (letter, f"0 {start + gap_before:g} {end - start - gap_before - gap_after:g} 100", letter == RAG_LETTER[policy.rag(score)])
        )
    (x1, y1), (x2, y2) = polar(score, 53), polar(score, 71)
    return Dial(arcs, f"M{x1} {y1}L{x2} {y2}", [(limit, *polar(limit, 75)) for limit in limits[1:3]])


@dataclass(frozen=True)
class Chart:
    """Ninety days of the score in steps; x in days from the left, y in points from the top."""

    line: str
    zones: list[tuple[str, int, int]]  # letter, top, height
    limits: list[tuple[int, float]]  # score, label baseline in pixels
    glyphs: list[tuple[str, float]]  # letter, top in pixels
    ticks: list[tuple[str, str, bool]]  # label, x in percent, only where there is room
    marks: list[tuple[str, str]]  # x in percent, what it marks
    now_y: float | None
    description: str
    changes: list[tuple[date, int | None, int]]  # date, from, to; latest first


def chart(packed: bytes, policy: Policy, today: date, marks: list[tuple[date, str]]) -> Chart:
    first = today - timedelta(days=DAYS - 1)
    scores = trail.daily(packed, first, today)
    limits = [policy.amber_below, policy.red_below]
    edges = [100, *limits, 0]
    return Chart(
        line=steps(scores),
        zones=[(letter, 100 - top, top - bottom) for letter, top, bottom in zip("gar", edges, edges[1:], strict=False)],
        limits=[(score, pixel(score) + 4) for score in edges],
        glyphs=[(letter, pixel((top + bottom) / 2) - 6) for letter, top, bottom in zip("gar", edges, edges[1:], strict=False)],
        ticks=[
            (day(first + timedelta(days=offset), today), f"{offset / DAYS * 100:.2f}%", offset % 28 != 3)
            for offset in range(3, DAYS - 7, 14)
        ],
        marks=[(f"{(when - first).days / DAYS * 100:.2f}%", text) for when, text in marks if when >= first],
        now_y=None if scores[-1] is None else pixel(scores[-1]),
        description=describe(scores, first, policy),
        changes=changes(packed),
    )


def pixel(score: float) -> float:
    return round(TOP + HEIGHT * (100 - score) / 100, 1)


def steps(scores: list[int | None]) -> str:
    """An SVG path; a day's score holds for the width of that day."""
    path, last = "", None
    for index, score in enumerate(scores):
        if score is not None and score != last:
            path += f"M{index} {100 - score}" if last is None else f"H{index}V{100 - score}"
            last = score
    return f"{path}H{len(scores)}" if path else ""


def changes(packed: bytes) -> list[tuple[date, int | None, int]]:
    found: list[tuple[date, int | None, int]] = []
    before = None
    for when, score in trail.entries(packed):
        found.append((when, before, score))
        before = score
    return found[::-1]


def describe(scores: list[int | None], first: date, policy: Policy) -> str:
    known = [(score, first + timedelta(days=index)) for index, score in enumerate(scores) if score is not None]
    if not known:
        return "No score in the last 90 days."
    (lowest, when), (current, _) = min(known), known[-1]
    counts = ", ".join(f"{sum(policy.rag(score) == state for score, _ in known)} {state}" for state in ("Red", "Amber", "Green"))
    return f"{current} today. Lowest {lowest} on {day(when)}. Days: {counts}."
