"""The score over the 90 days up to a review, drawn for paper: black lines, pale bands, everything in the drawing's own units."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.pages.charts import DAYS
from tamdash.templatetags.tamdash import day

WIDTH, HEIGHT = 720, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 162  # of the plot
TICKS = 15  # days from one to the next
FILLS = {"Green": "#eef6f0", "Amber": "#fdf3dc", "Red": "#fbe9e7"}


@dataclass(frozen=True)
class Band:
    state: str
    fill: str
    y: float
    height: float
    label_y: float


@dataclass(frozen=True)
class PrintChart:
    line: str
    bands: list[Band]
    limits: list[tuple[int, float, float]]  # score, y, baseline of its label
    ticks: list[tuple[str, float, str]]  # label, x, anchor
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    plot: int = WIDTH - LEFT - RIGHT
    labels: int = LEFT - 6  # where those of the scores end
    states: int = LEFT + 6  # where those of the bands begin
    dates: int = BOTTOM + 18


def chart(scores: dict[date, int], last: date, red_below: int, amber_below: int) -> PrintChart | None:
    """`scores` by the day they were found; a score holds until the next. None where there is none up to `last`."""
    first = last - timedelta(days=DAYS - 1)
    daily = each_day(scores, first)
    known = [(score, first + timedelta(days=place)) for place, score in enumerate(daily) if score is not None]
    if not known:
        return None
    edges = [("Green", 100, amber_below), ("Amber", amber_below, red_below), ("Red", red_below, 0)]
    return PrintChart(
        line=staircase(daily),
        bands=[Band(state, FILLS[state], y(high), round(y(low) - y(high), 1), y((high + low) / 2) + 4) for state, high, low in edges],
        limits=[(score, y(score), y(score) + 4) for score in (100, amber_below, red_below, 0)],
        ticks=ticks(first, last),
        description=describe(known, red_below, amber_below),
    )


def each_day(scores: dict[date, int], first: date) -> list[int | None]:
    current = next((scores[known] for known in sorted(scores, reverse=True) if known < first), None)
    found: list[int | None] = []
    for place in range(DAYS):
        current = scores.get(first + timedelta(days=place), current)
        found.append(current)
    return found


def staircase(scores: list[int | None]) -> str:
    """An SVG path; a day's score holds for the width of that day."""
    path, last = "", None
    for place, score in enumerate(scores):
        if score is not None and score != last:
            path += f"M{x(place)} {y(score)}" if last is None else f"H{x(place)}V{y(score)}"
            last = score
    return f"{path}H{x(DAYS)}"


def x(days: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * days / DAYS, 1)


def y(score: float) -> float:
    return round(TOP + (BOTTOM - TOP) * (100 - score) / 100, 1)


def ticks(first: date, last: date) -> list[tuple[str, float, str]]:
    between = [(day(first + timedelta(days=days), last), x(days + 0.5), "middle") for days in range(0, DAYS - TICKS + 1, TICKS)]
    return [(between[0][0], LEFT, "start"), *between[1:], (day(last, last), WIDTH - RIGHT, "end")]


def describe(known: list[tuple[int, date]], red_below: int, amber_below: int) -> str:
    (lowest, worst), (highest, best), (score, last) = min(known), max(known), known[-1]
    states = ["Red" if value < red_below else "Amber" if value < amber_below else "Green" for value, _ in known]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("Red", "Amber", "Green"))
    return f"{score} on {day(last, last)}. Lowest {lowest} on {day(worst, last)}, highest {highest} on {day(best, last)}. Days: {counts}."
