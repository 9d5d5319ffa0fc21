"""Tiles, sparklines and day cells as HTML text.

A template takes seventy times as long as the query for ten thousand tiles, plain string building twice as long. Whatever comes
from people is escaped where it enters the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import trail
from accounts.portfolio import TIERS, Row, reasons
from accounts.scoring import Policy
from tamdash.templatetags.tamdash import RAG_LETTER, day, money

SPARK_DAYS = 30
TIMELINE_DAYS = 90

GLYPH = {
    state: f'<svg class="rag" data-rag="{letter}" role="img" aria-label="{state}"><use href="#g-{letter}"/></svg>'
    for state, letter in RAG_LETTER.items()
}


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


def spark(packed: bytes | None, today: date) -> str:
    """Thirty days of the score as steps in a 72 by 20 box, with dotted lines at 70 and 40."""
    path, at = "", 0
    for value, days in trail.runs(packed or b"", today - timedelta(days=SPARK_DAYS - 1), today):
        if value is not None:
            x, y = at * 72 / SPARK_DAYS, 19 - value * 0.18
            path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
        at += days
    return (
        '<svg class="spark" viewBox="0 0 72 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="lim" d="M0 6.4H72M0 11.8H72"/><path d="{path and path + "H72"}"/></svg>'
    )


def tiles(rows: Sequence[Row], currency: str, today: date, *, full: bool) -> SafeString:
    """The list items of one group of tiles."""
    return SafeString("".join(full_tiles(rows, currency, today) if full else plain_tiles(rows)))


def full_tiles(rows: Iterable[Row], currency: str, today: date) -> Iterable[str]:
    before, after = account_path()
    for row in rows:
        more = f'<small class="more">{escape(money(row.arr, currency))} · {renewal(row, today)}</small>{spark(row.trail, today)}'
        yield (
            f'<li data-tier="{row.tier[0]}"><a class="tile" data-rag="{RAG_LETTER.get(row.rag or "", "")}" href="{before}{row.id}{after}">'
            f'<span class="nm">{escape(row.name)}</span>{score(row)}{delta(row, today) if row.rag else ""}'
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


def timeline_rows(rows: Iterable[Row], policy: Policy, today: date) -> SafeString:
    """The body of the timeline: a bar a day whose height is the state, from the packed trail of each account."""
    before, after = account_path()
    first = today - timedelta(days=TIMELINE_DAYS - 1)
    cell = {None: "<td></td>"} | {value: f'<td class="{RAG_LETTER[policy.rag(value)]}">{value}</td>' for value in range(101)}
    return SafeString(
        "".join(
            f'<tr><th scope="row"><a href="{before}{row.id}{after}">{GLYPH.get(row.rag or "", "")}<span class="nm">{escape(row.name)}</span>'
            f"<b>{'–' if row.score is None else row.score}</b></a></th>"
            + "".join(cell[value] * days for value, days in trail.runs(row.trail or b"", first, today))
            + "</tr>"
            for row in rows
        )
    )


def timeline_head(today: date) -> SafeString:
    """The column headings: the day of the month, the month where it begins, weekends shaded."""
    cells = []
    for offset in range(TIMELINE_DAYS - 1, -1, -1):
        current = today - timedelta(days=offset)
        month = f'<span class="mo">{current:%b}</span>' if current.day == 1 or offset == TIMELINE_DAYS - 1 else ""
        shade = ' class="we"' if current.weekday() >= 5 else ""
        cells.append(f'<th scope="col"{shade}>{month}<span class="vh">{current:%a} </span>{current.day}</th>')
    return SafeString("".join(cells))


def table_rows(rows: Iterable[Row], owners: Mapping[int, str], currency: str, today: date) -> SafeString:
    """The body of the table view."""
    before, after = account_path()
    currency = escape(currency)
    return SafeString(
        "".join(
            f'<tr><th scope="row" class="grow"><a href="{before}{row.id}{after}">{escape(row.name)}</a> '
            f'<small class="dim">{row.tier.title()}</small></th><td>{score(row)}</td>'
            f'<td data-p="2">{delta(row, today) if row.rag else ""}</td><td data-p="3">{spark(row.trail, today)}</td>'
            f'<td data-p="2" class="dim cut">{escape(reasons(row))}</td>'
            f'<td class="num" data-p="3">{row.p1_p2_tickets or "–"} / {row.open_tickets or "–"}</td>'
            f'<td class="num">{money(row.arr, currency)}</td><td data-p="2">{day(row.renewal_date, today) if row.renewal_date else "–"}</td>'
            f'<td data-p="2">{escape(owners.get(row.owner_id or 0, "Nobody"))}</td></tr>'
            for row in rows
        )
    )
