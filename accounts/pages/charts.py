"""Geometry of the score dial and of the chart of 90 days and the 14 to come; the drawing is the template's."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts import policy_days, trail
from accounts.projection import AHEAD_DAYS, Step
from accounts.scoring import Policy
from tamdash.templatetags.tamdash import RAG_LETTER, day, when

DAYS = 90
AHEAD = AHEAD_DAYS
WIDTH = DAYS + AHEAD
TOP, HEIGHT = 16, 188  # of the plot within the chart, in pixels


@dataclass(frozen=True)
class Dial:
    """Arcs run from 150 to 390 degrees around (80, 80); lengths along them in points of the score."""

    arcs: list[tuple[str, str, bool]]  # letter, dash pattern, whether the score lies in it
    hand: str
    ghost: tuple[float, float] | None  # where the score comes to if nothing changes
    labels: list[tuple[int, float, float]]


def polar(score: float, radius: float) -> tuple[float, float]:
    angle = math.radians(150 + 2.4 * score)
    return round(80 + radius * math.cos(angle), 1), round(80 + radius * math.sin(angle), 1)


def dial(score: int, policy: Policy, comes_to: int) -> Dial:
    limits = [0, policy.red_below, policy.amber_below, 100]
    arcs = []
    for letter, start, end in zip("rag", limits, limits[1:], strict=False):
        gap_before, gap_after = (0.8 if start else 0), (0.8 if end < 100 else 0)
        arcs.append(
            (letter, f"0 {start + gap_before:g} {end - start - gap_before - gap_after:g} 100", letter == RAG_LETTER[policy.rag(score)])
        )
    (x1, y1), (x2, y2) = polar(score, 53), polar(score, 71)
    ghost = polar(comes_to, 62) if comes_to != score else None
    return Dial(arcs, f"M{x1} {y1}L{x2} {y2}", ghost, [(limit, *polar(limit, 75)) for limit in limits[1:3]])


@dataclass(frozen=True)
class Chart:
    """The score in steps: 90 days measured, 14 projected. x in days from the left, y in points from the top."""

    line: str
    zones: list[tuple[str, int, int, int, int]]  # letter, x, top, width, height
    limits: list[tuple[int, float]]  # score, label baseline in pixels
    glyphs: list[tuple[str, float]]  # letter, top in pixels
    ticks: list[tuple[str, str, bool]]  # label, x in percent, only where there is room
    marks: list[tuple[str, str]]  # x in percent, what it marks
    policies: list[tuple[int, str, str]]  # x, x in percent, what it marks
    now_x: str
    now_y: float | None
    ahead: "Projected"
    description: str
    changes: list[tuple[date, int | None, int]]  # date, from, to; latest first


@dataclass(frozen=True)
class Projected:
    """The dashed half: the line, and where it first turns Red."""

    line: str
    end: int | None
    end_y: float | None
    red_x: float | None = None
    red_at: str = ""
    red_percent: str = ""
    red_y: float | None = None


def chart(
    packed: bytes, policies: list[tuple[date, Policy]], now: datetime, score: int, steps: tuple[Step, ...], marks: list[tuple[date, str]]
) -> Chart:
    """`policies` with the first date each scored, the last in force; `score` now, and the `steps` it takes if nothing changes."""
    today = now.date()
    first = today - timedelta(days=DAYS - 1)
    scores = trail.daily(packed, first, today)
    policy = policies[-1][1]
    edges = [100, policy.amber_below, policy.red_below, 0]
    return Chart(
        line=staircase(scores),
        zones=list(zones(policies, first)),
        limits=[(score, pixel(score) + 4) for score in edges],
        glyphs=[(letter, pixel((top + bottom) / 2) - 6) for letter, top, bottom in zip("gar", edges, edges[1:], strict=False)],
        ticks=[(day(first + timedelta(days=offset), today), percent(offset), offset % 28 != 3) for offset in range(3, DAYS - 7, 14)]
        + [(day(today + timedelta(days=AHEAD), today), "100%", True)],
        marks=[(percent((opened - first).days), text) for opened, text in marks if opened >= first],
        policies=[
            ((since - first).days, percent((since - first).days), f"New scoring policy, {day(since, today)}") for since, _ in policies[1:]
        ],
        now_x=percent(DAYS),
        now_y=None if scores[-1] is None else pixel(scores[-1]),
        ahead=projected(now, score, steps, policy),
        description=describe(scores, first, policies, steps),
        changes=changes(packed),
    )


def percent(days: float) -> str:
    return f"{days / WIDTH * 100:.2f}%"


def zones(policies: list[tuple[date, Policy]], first: date) -> Iterator[tuple[str, int, int, int, int]]:
    """The coloured bands, of each policy over the days it scored."""
    starts = [0, *((since - first).days for since, _ in policies[1:])]
    for (_, policy), start, end in zip(policies, starts, [*starts[1:], WIDTH], strict=True):
        edges = [100, policy.amber_below, policy.red_below, 0]
        for letter, top, bottom in zip("gar", edges, edges[1:], strict=False):
            yield letter, start, 100 - top, end - start, top - bottom


def projected(now: datetime, score: int, steps: tuple[Step, ...], policy: Policy) -> Projected:
    path, x = f"M{DAYS} {100 - score}", 0.0
    red: Step | None = None
    for step in steps:
        x = DAYS + (step.at - now).total_seconds() / 86400
        path += f"H{x:.2f}V{100 - step.score}"
        if step.rag == "Red" and red is None and policy.rag(score) != "Red":
            red = step
    end = steps[-1].score if steps else score
    line = f"{path}H{WIDTH}"
    if red is None:
        return Projected(line, end, pixel(end))
    x = DAYS + (red.at - now).total_seconds() / 86400
    return Projected(line, end, pixel(end), round(x, 2), f"Red {when(red.at)}", percent(x), pixel(red.score))


def pixel(score: float) -> float:
    return round(TOP + HEIGHT * (100 - score) / 100, 1)


def staircase(scores: list[int | None]) -> str:
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
    for changed, score in trail.entries(packed):
        found.append((changed, before, score))
        before = score
    return found[::-1]


def describe(scores: list[int | None], first: date, policies: list[tuple[date, Policy]], steps: tuple[Step, ...]) -> str:
    known = [(score, first + timedelta(days=index)) for index, score in enumerate(scores) if score is not None]
    if not known:
        return "No score in the last 90 days."
    (lowest, worst), (current, _) = min(known), known[-1]
    days = Counter(policy_days.on(policies, scored_on).rag(score) for score, scored_on in known)
    counts = ", ".join(f"{days[state]} {state}" for state in ("Red", "Amber", "Green"))
    falls = "; ".join(f"to {step.score}, {step.rag}, {when(step.at)}" for step in steps)
    coming = f"If nothing changes it falls {falls}." if falls else "If nothing changes it stays there."
    return f"{current} today. Lowest {lowest} on {day(worst)}. Days: {counts}. {coming}"
