"""How tamdash writes times, ages, money and signs, and its icons. Words and forms are those of the design's “Writing”."""

from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

RAG_LETTER = {"Red": "r", "Amber": "a", "Green": "g"}


@register.filter
def rag_letter(rag: str | None) -> str:
    return RAG_LETTER.get(rag or "", "")


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite; decoration only, the word stands beside it."""
    return format_html('<svg class="i{}" aria-hidden="true"><use href="#i-{}"/></svg>', f" {css}" if css else "", name)


@register.simple_tag
def rag(state: str | None, label: bool = True) -> SafeString:
    """The glyph of a state; `label=False` where the word stands beside it."""
    letter = RAG_LETTER.get(state or "")
    if letter is None:
        return SafeString("")
    named = format_html('role="img" aria-label="{}"', state) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="rag" data-rag="{}" {}><use href="#g-{}"/></svg>', letter, named, letter)


@register.filter
def when(value: datetime | None, now: datetime | None = None) -> str:
    """“Today 08:52”, “Thu 14:00” within a week either way, “26 Nov” beyond, with the year when it is another one."""
    if value is None:
        return "never"
    local, here = timezone.localtime(value), timezone.localtime(now or timezone.now())
    days = (local.date() - here.date()).days
    if days == 0:
        return f"today {local:%H:%M}"
    if abs(days) < 7:
        return f"{local:%a %H:%M}"
    return day(local.date(), here.date())


@register.filter
def moment(value: datetime, now: datetime | None = None) -> str:
    """An instant in full: `Tue 24 Nov, 07:00`, with the year when it is another one."""
    local = timezone.localtime(value)
    return f"{local:%a} {day(local.date(), timezone.localdate(now or timezone.now()))}, {local:%H:%M}"


@register.filter
def day(value: date | None, today: date | None = None) -> str:
    if value is None:
        return "unknown"
    today = today or timezone.localdate()
    return f"{value.day} {value:%b}" if value.year == today.year else f"{value.day} {value:%b %Y}"


@register.filter
def span(days: float | None) -> str:
    """An age: `2 d 19 h`, below a day `5 h`, below an hour `12 min`, from ten days on whole days."""
    if days is None:
        return "never"
    minutes = int(timedelta(days=days).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 0)} min"
    hours, whole = minutes // 60, minutes // 1440
    if whole == 0:
        return f"{hours} h"
    rest = hours % 24
    return f"{whole} d {rest} h" if rest and whole < 10 else f"{whole} d"


@register.filter
def money(amount: int | None, currency: str = "€") -> str:
    """`€1.84M`, `€712k`, `€950`."""
    amount = amount or 0
    sign, size = ("−" if amount < 0 else ""), abs(amount)
    if size >= 10_000_000:
        text = f"{size / 1_000_000:.1f}M"
    elif size >= 1_000_000:
        text = f"{size / 1_000_000:.2f}".rstrip("0").rstrip(".") + "M"
    elif size >= 1000:
        text = f"{size / 1000:.0f}k"
    else:
        text = str(size)
    return f"{sign}{currency}{text}"


@register.filter
def money_change(amount: int, currency: str = "€") -> str:
    """A change of an amount with its sign: `+€80k`, or `±0`."""
    return f"+{money(amount, currency)}" if amount > 0 else money(amount, currency) if amount < 0 else "±0"


@register.filter
def signed(number: int) -> str:
    """A change with its sign, which is a true minus: `+20`, or `±0`."""
    return f"+{number}" if number > 0 else f"−{-number}" if number < 0 else "±0"


@register.filter
def minus(points: int) -> str:
    """Points taken, as a negative figure; points given back by a cap, as a positive one."""
    return signed(-points)
