"""Rows of the queue as HTML text, as `heatmap` has tiles: a template a row takes longer than all the rest of the page.

Whatever comes from people is escaped where it enters the text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape

from django.apps import apps
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import localdate

from accounts.models.notification import Channel
from accounts.pages.heatmap import GLYPH
from accounts.pages.queue_clock import Desk
from accounts.pages.queue_reads import REASONS, Person, Row
from tamdash.templatetags.tamdash import day, icon, moment, money, rag, span, when

CHANNEL_ICON = {"notion": "page", "event_bus": "bus", "email": "mail", "chat": "chat"}
TOLD = {"o": "delivered", "p": "pending", "f": "failed", "-": "not sent"}
STATE_OF = {"failed": "f", "pending": "p", "sending": "p", "delivered": "o", "skipped": "-"}

DRAFT_ICON = {
    "queued": "sync",
    "generating": "sync",
    "ready": "draft",
    "failed": "warn",
    "approved": "check",
    "delivered": "mail",
    "sent": "check",
    "rejected": "x",
}
FULL = '<circle class="full" cx="8" cy="8" r="7"/><path class="bang" d="M8 4.5v4.2m0 2.6h.01"/>'
TO = '<span class="vh"> to </span><svg class="i in tiny" aria-hidden="true"><use href="#i-to"/></svg>'


@dataclass(frozen=True)
class Frame:
    """What rows are drawn by, besides the row."""

    desk: Desk
    people: Mapping[int, Person]
    currency: str
    kept: str = ""  # the query string that leads back to this place in the queue
    chosen: int | None = None  # the row whose detail stands beside


@cache
def mark(name: str) -> str:
    return str(icon(name))


def table_rows(rows: Iterable[Row], frame: Frame, *, is_over: bool = False) -> SafeString:
    """The body of the table; `is_over`: of resolved ones, which take no step any more."""
    base, kept = reverse("escalations"), escape(frame.kept)
    drafts, after = reverse("draft", args=[0]).split("0")
    return SafeString(
        "".join(
            f"<tr{' aria-current=true' if row.id == frame.chosen else ''} data-pk={row.id}>"
            f"{'' if is_over else tick(row)}"
            f'<th scope="row" class="grow" hx-boost="true"><a id="e-{row.id}" href="{base}{row.id}/{kept}">{escape(row.name)}</a>'
            f"<small>{row.tier.title()}, {escape(money(row.arr, frame.currency))}</small></th>"
            f"<td>{score(row, is_over)}</td>"
            f'<td data-p="2" class="cut">{escape(reason(row))}<small>{escape(known_of(row, frame.desk.now))}</small></td>'
            f'<td>{clock(row, frame)}</td><td data-p="3">{channels(row.told)}</td>'
            f'<td data-p="3">{who(row, frame.people)}</td><td data-p="3">{draft(row, drafts, after)}</td>'
            f"{'' if is_over else actions(row, frame, base, kept)}</tr>"
            for row in rows
        )
    )


def tick(row: Row) -> str:
    return f'<td class="tick"><input type="checkbox" name="tick" value="{row.id}" form="bulk" aria-label="Select {escape(row.name)}"></td>'


def score(row: Row, is_over: bool) -> str:
    before = "" if row.previous_score is None else f"{row.previous_score}{TO}"
    is_same = is_over or row.score_now in (None, row.score)
    now = "" if is_same else f"<small>now {GLYPH.get(row.rag_now or '', '')}{row.score_now}</small>"
    return f'<span class="score">{GLYPH[row.rag]}<span>{before}<b>{row.score}</b></span></span>{now}'


def reason(row: Row) -> str:
    """Why people are needed: what opened it, or that it turned Red since."""
    return REASONS["worsened_to_red" if row.has_worsened else row.reason]


def known_of(row: Row, now: datetime) -> str:
    """How it opened, where that says more than what costs points today: of one that worsened, or is over."""
    if not row.has_worsened and row.status != "resolved":
        return cause(row, now)
    how = "raised" if row.reason == "raised_by_hand" else "opened"
    return f"{how} {row.rag} {day(localdate(row.opened_at), localdate(now))}"


def cause(row: Row, now: datetime) -> str:
    """What costs the account most points now."""
    late, volume, silence = row.late_points or 0, row.volume_points or 0, row.silence_points or 0
    most = max(late, volume, silence)
    if most == 0:
        return "No deductions now"
    if most == late and row.ticket_opened_at:
        return f"P{row.ticket_priority} {row.ticket_id} open {span((now - row.ticket_opened_at).total_seconds() / 86400)}"
    if most == late:
        return f"Late P1 and P2 tickets, −{late}"
    return f"Heartbeat silent, −{silence}" if most == silence else f"{row.open_tickets} open tickets, −{volume}"


def clock(row: Row, frame: Frame) -> SafeString:
    """Two lines: how it stands, and since when."""
    now = frame.desk.now
    if row.status == "resolved":
        how = f"{rag('Green', label=False)}Recovered" if row.recovered else f"{mark('check')}By hand"
        return two(how, when(row.resolved_at, now))
    if row.muted_until and row.muted_until > now:
        return two(f"{mark('clock')}Muted", f"until {moment(row.muted_until, now)}")
    if row.status == "acknowledged":
        by = "you" if row.acknowledged_by == frame.desk.user.pk else name_of(row.acknowledged_by, frame.people)
        return two(f"{mark('check')}Acknowledged", f"{when(row.acknowledged_at, now)} by {escape(by)}")
    left = frame.desk.left(row.due_at)
    return two(
        ring(left.total_seconds() < 0, frame.desk.run(left, row.severity)) + frame.desk.told(left),
        f"turned Red {when(row.turned_at, now)}" if row.turned_at else f"opened {when(row.opened_at, now)}",
        over=left.total_seconds() < 0,
    )


def two(first: str, second: str, over: bool = False) -> SafeString:
    return SafeString(f'<span class="clock{" over" if over else ""}">{first}</span><small>{second}</small>')


def ring(over: bool, run: int) -> str:
    inner = FULL if over else f'<circle cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{run} 100" transform="rotate(-90 8 8)"/>'
    return f'<svg class="ring" viewBox="0 0 16 16" aria-hidden="true"><circle class="bg" cx="8" cy="8" r="6"/>{inner}</svg>'


def channels(told: str | None) -> str:
    return four(channel_states(told))


def channel_states(told: str | None) -> tuple[str, ...]:
    """Of the four channels, in their order: the state of the worst message, “-” where nobody was told."""
    found = dict.fromkeys(CHANNEL_ICON, "-")
    for word in (told or "").split():
        channel, _, status = word.partition(":")
        found[channel] = min(found[channel], STATE_OF[status], key="fpo-".index)
    return tuple(found.values())


@cache
def four(states: tuple[str, ...]) -> str:
    each = zip(Channel.choices, states, strict=True)
    return f'<span class="chans">{"".join(channel_mark(str(name), state) for (name, _), state in each)}</span>'


def channel_mark(channel: str, state: str) -> SafeString:
    words = f"{Channel(channel).label}: {TOLD[state]}."
    return SafeString(
        f'<span class="chan" data-s="{state}" title="{words}">{mark(CHANNEL_ICON[channel])}<span class="vh">{words}</span></span>'
    )


def name_of(pk: int | None, people: Mapping[int, Person]) -> str:
    known = people.get(pk or 0)
    return known.name if known else "somebody"


def who(row: Row, people: Mapping[int, Person]) -> str:
    known = people.get(row.assignee_id or row.owner_id or 0)
    if known is None:
        return '<span class="dim">Nobody</span>'
    given = "<small>assigned</small>" if row.assignee_id and row.assignee_id != row.owner_id else ""
    first, _, rest = escape(known.name).partition(" ")
    name = f'<span class="cut">{first}<span class="rest"> {rest}</span>{given}</span>'
    return f'<span class="who"><span class="avatar" aria-hidden="true">{escape(known.initials)}</span>{name}</span>'


def draft(row: Row, before: str, after: str) -> str:
    if row.draft_status is None:
        return '<span class="dim">None</span>'
    glyph, words = mark(DRAFT_ICON[row.draft_status]), draft_words()[row.draft_status]
    return f'<a class="mark{" bad" if row.draft_status == "failed" else ""}" href="{before}{row.draft_id}{after}">{glyph}{words}</a>'


@cache
def draft_words() -> dict[str, str]:
    """What a draft's states are called. Looked up by name, as the app that has drafts builds on this one."""
    return dict(apps.get_model("communications", "Communication")._meta.get_field("status").flatchoices)


def actions(row: Row, frame: Frame, base: str, kept: str) -> str:
    if not row.changeable_by(frame.desk.user):
        return '<td data-p="1"></td>'
    name, first = escape(row.name), ""
    if row.status == "open":
        first = (
            f'<button class="btn small" type="submit" form="one" formaction="{base}{row.id}/acknowledge/{kept}" data-key="a">'
            f'Acknowledge<span class="vh"> {name}</span></button>'
        )
    account = reverse("account", args=[row.account_id])
    more = f'<a class="btn quiet icon small" href="{base}{row.id}/{kept}" data-menu="{account}" aria-label="More for {name}">{mark("dots")}</a>'
    return f'<td class="num" data-p="1"><span class="acts">{first}{more}</span></td>'
