"""Tiles, sparklines and day cells as HTML text.

A template takes seventy times as long as the query for ten thousand tiles, plain string building twice as long. Whatever comes
from people is escaped where it enters the text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import trail
from accounts.pages.portfolio import TIERS, Row, reasons
from accounts.scoring import Policy
from tamdash.templatetags.tamdash import RAG_LETTER, day, money, when

SPARK_DAYS = 30
TIMELINE_DAYS = 90

GLYPH = {
    state: f'<svg class="rag" data-rag="{letter}" role="img" aria-label="{state}"><use href="#g-{letter}"/></svg>'
    for state, letter in RAG_LETTER.items()
}

CLOCK = '<svg class="i" aria-hidden="true"><use href="#i-clock"/></svg>'


@dataclass(frozen=True)
class Frame:
    """What an account's picture is drawn by, besides the account."""

    today: date
    currency: str
    policies: Sequence[tuple[date, Policy]]  # each with the first date it scored; the last is in force
    soon: datetime  # what turns Red before this wears a clock

    @property
    def policy(self) -> Policy:
        return self.policies[-1][1]


def account_path() -> tuple[str, str]:
    """The path of an account's page around its id: reversing it ten thousand times costs more than the rest of the page."""
    before, after = reverse("account", args=[0]).split("0")
    return before, after


def score(row: Row) -> str:
    if row.rag is None:
        return '<span class="score dim">Not scanned</span>'
    return f'<span class="score">{GLYPH[row.rag]}<b>{row.score}</b></span>'


def delta(row: Row, today: date) -> str:
    """The change of the score in seven days."""
    before = trail.score_on(row.trail or b"", today - timedelta(days=7))
    moved = (row.score or 0) - before if before is not None else 0
    name, word = ("up", "up") if moved > 0 else ("down", "down") if moved < 0 else ("flat", "no change")
    figure = abs(moved) or ""
    return (
        f'<span class="delta"><svg class="i" role="img" aria-label="{word}"><use href="#i-{name}"/></svg>{figure}'
        f'<span class="vh"> in 7 days</span></span>'
    )


def due(row: Row, frame: Frame) -> str:
    """When the account turns Red, where that is soon."""
    if row.turns_red_at is None or row.turns_red_at >= frame.soon:
        return ""
    return f'<span class="due">{CLOCK}<span><span class="vh">projected Red </span>{when(row.turns_red_at)}</span></span>'


def turn(row: Row) -> str:
    return f'<span class="proj">{when(row.turns_red_at)}</span>' if row.turns_red_at else '<span class="dim">–</span>'


def spark(packed: bytes | None, frame: Frame) -> str:
    """Thirty days of the score as steps in a 72 by 20 box, with dotted lines at the policy's limits."""
    path, at = "", 0
    for value, days in trail.runs(packed or b"", frame.today - timedelta(days=SPARK_DAYS - 1), frame.today):
        if value is not None:
            x, y = at * 72 / SPARK_DAYS, 19 - value * 0.18
            path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
        at += days
    return (
        '<svg class="spark" viewBox="0 0 72 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="lim" d="M0 {19 - frame.policy.amber_below * 0.18:g}H72M0 {19 - frame.policy.red_below * 0.18:g}H72"/>'
        f'<path d="{path and path + "H72"}"/></svg>'
    )


def tiles(rows: Sequence[Row], frame: Frame | None) -> SafeString:
    """The list items of one group of tiles; without a frame no more than a name and a figure each."""
    return SafeString("".join(full_tiles(rows, frame) if frame else plain_tiles(rows)))


def full_tiles(rows: Iterable[Row], frame: Frame) -> Iterable[str]:
    before, after = account_path()
    for row in rows:
        facts = f"{escape(money(row.arr, frame.currency))} · {renewal(row, frame.today)}"
        more = f'<small class="more">{facts}</small>{spark(row.trail, frame)}'
        yield (
            f'<li data-tier="{row.tier[0]}"><a class="tile" data-rag="{RAG_LETTER.get(row.rag or "", "")}" href="{before}{row.id}{after}">'
            f'<span class="nm">{escape(row.name)}</span>{score(row)}{delta(row, frame.today) if row.rag else ""}{due(row, frame)}'
            f"{more if row.tier in ('strategic', 'enterprise') else ''}</a></li>"
        )


def renewal(row: Row, today: date) -> str:
    """Short enough for a tile: the day within eleven months, the month beyond."""
    if row.renewal_date is None:
        return "no renewal date"
    far = abs((row.renewal_date - today).days) > 330
    return f"{row.renewal_date:%b %Y}" if far else f"{row.renewal_date.day} {row.renewal_date:%b}"


def plain_tiles(rows: Sequence[Row]) -> Iterable[str]:
    """Glyph and word of the state come from the style sheet, which keeps ten thousand tiles small on the wire."""
    before, after = account_path()
    opening = {
        (tier, state): f'<li data-tier={tier[0]}><a class="tile plain" data-rag={RAG_LETTER.get(state or "", "n")} href={before}'
        for tier in TIERS
        for state in (*RAG_LETTER, None)
    }
    # All names are escaped in one go: a NUL, which PostgreSQL keeps out of texts, holds them apart.
    names = escape("\0".join(row.name for row in rows)).split("\0")
    return [
        f"{opening[row.tier, row.rag]}{row.id}{after}>{name} <b>{'–' if row.score is None else row.score}</b></a>"
        for row, name in zip(rows, names, strict=True)
    ]


def timeline_rows(rows: Iterable[Row], frame: Frame) -> SafeString:
    """The body of the timeline: a bar a day whose height is the state, from the packed trail of each account."""
    before, after = account_path()
    spans = list(cells(frame))
    return SafeString(
        "".join(
            f'<tr><th scope="row"><a href="{before}{row.id}{after}">{GLYPH.get(row.rag or "", "")}<span class="nm">{escape(row.name)}</span>'
            f"<b>{'–' if row.score is None else row.score}</b></a></th>"
            + "".join(cell[value] * days for cell, first, last in spans for value, days in trail.runs(row.trail or b"", first, last))
            + "</tr>"
            for row in rows
        )
    )


def cells(frame: Frame) -> Iterator[tuple[dict[int | None, str], date, date]]:
    """The cell of each score, first and last date of the span: a day keeps the state that its own policy gave it."""
    beginnings = [since for since, _ in frame.policies[1:]]
    ends = [since - timedelta(days=1) for since in beginnings] + [frame.today]
    starts = [frame.today - timedelta(days=TIMELINE_DAYS - 1), *beginnings]
    for (_, policy), first, last in zip(frame.policies, starts, ends, strict=True):
        named: dict[int | None, str] = {value: f'<td class="{RAG_LETTER[policy.rag(value)]}">{value}</td>' for value in range(101)}
        yield named | {None: "<td></td>"}, first, last


def timeline_head(today: date) -> SafeString:
    """The column headings: the day of the month, the month where it begins, weekends shaded."""
    cells = []
    for offset in range(TIMELINE_DAYS - 1, -1, -1):
        current = today - timedelta(days=offset)
        month = f'<span class="mo">{current:%b}</span>' if current.day == 1 or offset == TIMELINE_DAYS - 1 else ""
        shade = ' class="we"' if current.weekday() >= 5 else ""
        cells.append(f'<th scope="col"{shade}>{month}<span class="vh">{current:%a} </span>{current.day}</th>')
    return SafeString("".join(cells))


def table_rows(rows: Iterable[Row], owners: Mapping[int, str], frame: Frame) -> SafeString:
    """The body of the table view."""
    before, after = account_path()
    currency, today = escape(frame.currency), frame.today
    return SafeString(
        "".join(
            f'<tr><th scope="row" class="grow"><a href="{before}{row.id}{after}">{escape(row.name)}</a> '
            f'<small class="dim">{row.tier.title()}</small></th><td>{score(row)}</td>'
            f'<td data-p="2">{delta(row, today) if row.rag else ""}</td><td data-p="3">{spark(row.trail, frame)}</td>'
            f'<td data-p="2" class="dim cut">{escape(reasons(row))}</td>'
            f'<td data-p="3">{turn(row)}</td>'
            f'<td class="num" data-p="3">{row.p1_p2_tickets or "–"} / {row.open_tickets or "–"}</td>'
            f'<td class="num">{money(row.arr, currency)}</td><td data-p="2">{day(row.renewal_date, today) if row.renewal_date else "–"}</td>'
            f'<td data-p="2">{escape(owners.get(row.owner_id or 0, "Nobody"))}</td></tr>'
            for row in rows
        )
    )
