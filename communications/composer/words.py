"""How the offline composer says numbers, ages, dates and lists, and how it puts them into HTML. All data is escaped here."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MAX_BODY = 30_000  # characters of HTML that lists of records may take; the answer's limit is 40,000
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def line(text: str, limit: int = 200) -> str:
    """Data as one printable line of bounded length."""
    whole = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return whole if len(whole) <= limit else f"{whole[: limit - 1].rstrip()}…"


def quote(text: str, limit: int = 160) -> str:
    return f"“{line(text, limit)}”"


def number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def counted(count: int, noun: str, plural: str = "") -> str:
    """“one ticket”, “two tickets”, “25 tickets”."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """“a”, “a and b”, “a, b and c”."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def clauses(parts: Sequence[str]) -> str:
    """“a; b; and c”: for parts that have commas of their own."""
    return parts[0] if len(parts) == 1 else f"{'; '.join(parts[:-1])}; and {parts[-1]}" if parts else ""


def sentence(text: str, limit: int = 300) -> str:
    """Data as a sentence of its own."""
    whole = line(text, limit)
    return whole if not whole or whole[-1] in ".!?…" else f"{whole}."


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def age(days: float) -> str:
    """“5 days”, “1 day”, “19 hours”, “less than an hour”: whole units that have passed."""
    if days >= 1:
        return f"{int(days)} day{'' if int(days) == 1 else 's'}"
    hours = int(days * 24)
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else "less than an hour"


def silence(hours: float) -> str:
    """“4 days and 6 hours”: a silence is told to the hour as long as it is short."""
    days, rest = divmod(int(hours), 24)
    if not days or days >= 10 or not rest:
        return age(hours / 24)
    return f"{age(days)} and {age(rest / 24)}"


def written_date(value: str) -> str:
    """“12 November 2026” from an ISO date; other words as they are."""
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        return line(value)
    return f"{parsed.day} {parsed:%B %Y}"


def moment(value: datetime) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC"


def paragraph(*sentences: str) -> SafeString:
    """A paragraph of the sentences that are not empty."""
    text = " ".join(sentence for sentence in sentences if sentence)
    return format_html("<p>{}</p>", text) if text else SafeString("")


def heading(text: str) -> SafeString:
    return format_html("<h2>{}</h2>", text)


def bullets(items: Iterable[str | SafeString], tag: str = "ul") -> SafeString:
    """A list; nothing for no items."""
    rows = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html("<{}>{}</{}>", SafeString(tag), rows, SafeString(tag)) if rows else SafeString("")


def titled(title: str, text: str) -> SafeString:
    return format_html("<strong>{}</strong> {}", title, text)


def together(*blocks: SafeString) -> SafeString:
    return format_html_join("", "{}", ((block,) for block in blocks))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> SafeString:
    """A table of as many rows as fit a mail; how many did not is said in a last one."""
    shown: list[SafeString] = []
    for row in rows:
        cells = format_html_join("", "<td>{}</td>", ((cell,) for cell in row))
        if sum(map(len, shown)) + len(cells) > MAX_BODY:
            break
        shown.append(format_html("<tr>{}</tr>", cells))
    if missing := len(rows) - len(shown):
        shown.append(format_html('<tr><td colspan="{}">and {} more</td></tr>', len(head), missing))
    titles = format_html_join("", '<th scope="col">{}</th>', ((title,) for title in head))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", titles, together(*shown))
