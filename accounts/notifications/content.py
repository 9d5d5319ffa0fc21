"""What a message is made of. Plain text and HTML come from the same content, so that they always say the same."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string

LONGEST_NAME = 120


@dataclass(frozen=True)
class Line:
    """A line, and where it leads."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a heading, or a paragraph of its own."""

    lines: tuple[Line, ...]
    heading: str = ""


@dataclass(frozen=True)
class Content:
    """A message before it is plain text or HTML. `link` leads to all of it; `footer` is small print."""

    subject: str
    sections: tuple[Section, ...]
    link: Line
    footer: str = ""


def paragraph(*sentences: str) -> Section:
    return Section((Line(" ".join(sentence for sentence in sentences if sentence)),))


def address(path: str) -> str:
    """Of a page, as somebody outside reaches it."""
    return f"{settings.PUBLIC_URL}{path}"


def outside(text: str, longest: int = LONGEST_NAME) -> str:
    """A name or subject that somebody else chose, as one line: no line breaks, no marks that turn text around, no encoded words."""
    shown = "".join(character if character.isprintable() else " " for character in text).replace("=?", "= ?")
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def as_text(content: Content) -> str:
    blocks = []
    for section in content.sections:
        lines = [f"- {line.text}" if section.heading else line.text for line in section.lines]
        links = [f"\n  {line.link}" if line.link else "" for line in section.lines]
        heading = [section.heading] if section.heading else []
        blocks.append("\n".join([*heading, *(line + link for line, link in zip(lines, links, strict=True))]))
    blocks.append(f"{content.link.text}:\n{content.link.link}")
    if content.footer:
        blocks.append(content.footer)
    return "\n\n".join(blocks)


def as_html(content: Content) -> str:
    return render_to_string("notifications/message.html", {"content": content})
