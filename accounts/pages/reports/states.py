"""RAG over time: how many accounts were in each state, a day of the daily scan after the other. The drawing is the template's."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from accounts.models import ScanRun, User
from accounts.pages.reports import PERIOD
from tamdash.templatetags.tamdash import RAG_LETTER, day

STATES = ("Red", "Amber", "Green")  # from the bottom up, so that what matters stands on the line
TICKS = 7  # days from one to the next, or a multiple, so that at most this many are shown
TOP, HEIGHT, GLYPH = 8, 160, 14  # of the plot and of a letter beside it, in pixels


class Day(NamedTuple):
    date: date
    red: int
    amber: int
    green: int

    @property
    def accounts(self) -> int:
        return self.red + self.amber + self.green

    def edges(self) -> list[float]:
        """Where its three bands begin and end, in percent from the bottom."""
        return [0, *(100 * part / self.accounts for part in accumulate(self[1:]))]


@dataclass(frozen=True)
class States:
    """Three bands of shares, one above the other; x in days from the left, y in percent from the top. Days without a scan are gaps."""

    days: list[Day]  # the latest first
    width: int = 0
    bands: tuple[tuple[str, str], ...] = ()  # letter, area
    glyphs: tuple[tuple[str, float], ...] = ()  # letter, top in pixels
    ticks: tuple[tuple[str, str, str], ...] = ()  # label, x in percent, anchor
    description: str = ""


def states(user: User, now: datetime) -> States:
    """Of the whole tenant, from the scans of each day that looked at anything."""
    first = now.astimezone(user.tenant.zone).date() - PERIOD
    runs = ScanRun.objects.visible_to(user).filter(kind=ScanRun.Kind.DAILY, finished_at__isnull=False, local_date__gt=first, accounts__gt=0)
    days = [Day(*row) for row in runs.order_by("local_date").values_list("local_date", "red", "amber", "green")]
    if not days:
        return States([])
    first, width = days[0].date, (days[-1].date - days[0].date).days + 1
    bands = tuple((RAG_LETTER[state], area(days, number)) for number, state in enumerate(STATES))
    return States(days[::-1], width, bands, tuple(glyphs(days[-1])), tuple(ticks(first, width)), describe(days))


def area(days: list[Day], number: int) -> str:
    """An SVG path around one band: a box a day, those of days that follow each other and are alike joined."""
    boxes: list[tuple[int, int, list[float]]] = []
    for each in days:
        x, edges = (each.date - days[0].date).days, each.edges()[number : number + 2]
        if boxes and boxes[-1][1:] == (x, edges):
            boxes[-1] = (boxes[-1][0], x + 1, edges)
        else:
            boxes.append((x, x + 1, edges))
    return "".join(f"M{start} {100 - low:.4g}H{end}V{100 - high:.4g}H{start}Z" for start, end, (low, high) in boxes if high > low)


def glyphs(last: Day) -> list[tuple[str, float]]:
    """A letter beside each band of the last day, where there is one; moved apart where the bands are low."""
    found: list[tuple[str, float]] = []
    edges, lowest = last.edges(), float(TOP + HEIGHT)
    there = [number for number in range(len(STATES)) if last[number + 1]]
    for above, number in zip(reversed(range(len(there))), there, strict=True):
        middle = TOP + HEIGHT * (1 - (edges[number] + edges[number + 1]) / 200)
        lowest = max(min(middle - GLYPH / 2, lowest - GLYPH), above * GLYPH)
        found.append((RAG_LETTER[STATES[number]], round(lowest, 1)))
    return found


def ticks(first: date, width: int) -> list[tuple[str, str, str]]:
    last = first + timedelta(days=width - 1)
    if width == 1:
        return [(day(last), "50%", "middle")]
    every = TICKS * -(-width // (TICKS * TICKS))
    between = [
        (day(first + timedelta(days=x)), f"{(x + 0.5) / width * 100:.2f}%", "middle") for x in range(every, width - every // 2 - 1, every)
    ]
    return [(day(first), "0%", "start"), *between, (day(last), "100%", "end")]


def describe(days: list[Day]) -> str:
    last, worst = days[-1], max(days, key=lambda each: each.red / each.accounts)
    earlier = [each for each in days if each.date <= last.date - timedelta(days=30)]
    said = f"{day(last.date)}: {counts(last)} of {last.accounts:,}."
    if earlier:
        said += f" 30 days before: {counts(earlier[-1])} of {earlier[-1].accounts:,}."
    return f"{said} Most Red on {day(worst.date)}: {worst.red:,} of {worst.accounts:,}."


def counts(each: Day) -> str:
    return f"{each.red:,} Red, {each.amber:,} Amber, {each.green:,} Green"
