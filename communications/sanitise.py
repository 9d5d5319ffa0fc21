"""The one door for HTML into a draft, and its way out as plain text. What passes is fit for a mail and harmless on a page."""

import re
from html.parser import HTMLParser

import nh3
from django.utils.html import linebreaks

TAGS = {
    *("p", "br", "hr", "strong", "em", "u", "s", "code", "pre", "a", "ul", "ol", "li", "h2", "h3", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
# Their text is dropped too: none of it was written to be read.
UNREAD = {"script", "style", "title", "iframe", "object", "noscript", "template", "svg", "math", "textarea", "select", "button"}
# What models and editors write for the same thing; without this, blocks would run into one another.
SAME = {"b": "strong", "i": "em", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3", "div": "p", "section": "p", "strike": "s", "del": "s"}
SAME_TAG = re.compile(rf"<(/?)({'|'.join(SAME)})(?=[\s/>])", re.IGNORECASE)
BLOCK = re.compile(r"<(p|h2|h3|ul|ol|li|table|blockquote|pre|hr)[\s>]")

# A parser reopens formatting that was left open in every block after it, unless it is the same to the letter three times over.
# Told apart by attributes that nobody reads, a few kilobytes would grow to many megabytes.
FORMATTING = re.compile(r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/])[^>]*>", re.IGNORECASE)

CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=UNREAD,
    attributes={"*": set(), "a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",  # in a mail it leads nowhere, and `//host` would lead anywhere
    link_rel="noopener",
)


def clean(html: str) -> str:
    """The allowed part of the HTML. Text without any block becomes paragraphs. Clean HTML comes back as it is."""
    html = html.replace("\0", "").replace("\r\n", "\n")
    html = FORMATTING.sub(r"<\1>", html)
    html = CLEANER.clean(SAME_TAG.sub(lambda tag: f"<{tag[1]}{SAME[tag[2].lower()]}", html)).strip()
    if html and not BLOCK.search(html):
        html = linebreaks(html)
    # Tags nested against the rules of HTML are read differently once written out, so the result is read again until it stays.
    for _ in range(5):
        before, html = html, CLEANER.clean(html)
        if html == before:
            break
    return html


def to_text(html: str) -> str:
    """The same message for a reader without HTML: headings underlined, lists marked, addresses of links in brackets."""
    writer = PlainText()
    writer.feed(html)
    writer.close()
    return writer.text()


class PlainText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.line = ""
        self.lists: list[int | None] = []  # the number of the last item; None where items are not numbered
        self.mark = ""  # of an item whose text has not begun
        self.href = ""
        self.link_from = 0
        self.quotes = 0
        self.in_pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "h2", "h3", "table", "tr", "pre", "blockquote", "ul", "ol", "hr"):
            self.end_block()
        if tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.begin_item()
        elif tag == "br":
            self.line += "\n"
        elif tag == "hr":
            self.blocks.append("---")
        elif tag in ("td", "th") and self.line:
            self.line = f"{self.line.rstrip()} | "
        elif tag == "a":
            self.href, self.link_from = dict(attrs).get("href") or "", len(self.line)
        self.quotes += tag == "blockquote"
        self.in_pre |= tag == "pre"

    def begin_item(self) -> None:
        self.end_block()
        self.mark = "- "
        if self.lists and (number := self.lists[-1]) is not None:
            self.lists[-1] = number + 1
            self.mark = f"{number + 1}. "

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.end_link()
        elif tag in ("h2", "h3"):
            self.line = self.line.strip()
            self.line += "\n" + ("=" if tag == "h2" else "-") * len(self.line)
        if tag in ("p", "h2", "h3", "li", "tr", "pre", "blockquote", "ul", "ol"):
            self.end_block()
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        self.quotes -= tag == "blockquote"
        self.in_pre &= tag != "pre"

    def end_link(self) -> None:
        address = self.href.removeprefix("mailto:")
        if address and self.line[self.link_from :].strip() != address:
            self.line += f" ({address})"
        self.href = ""

    def handle_data(self, data: str) -> None:
        text = data if self.in_pre else re.sub(r"\s+", " ", data)
        self.line += text.lstrip() if not self.line or self.line.endswith("\n") else text

    def end_block(self) -> None:
        if text := self.line.strip():
            indent = "> " * self.quotes + "  " * max(len(self.lists) - 1, 0)
            first, *rest = text.split("\n")
            space = " " * len(self.mark)
            self.blocks.append("\n".join([indent + self.mark + first, *(indent + space + line.strip() for line in rest)]))
            self.mark = ""
        self.line = ""

    def text(self) -> str:
        self.end_block()
        lines: list[str] = []
        for block in self.blocks:
            if lines and not (joined(lines[-1]) and joined(block)):
                lines.append("")
            lines.append(block)
        return "\n".join(lines) + "\n"


def joined(block: str) -> bool:
    """Items of a list and rows of a table stand under one another without a gap."""
    return bool(re.match(r"[> ]*(- |\d+\. )", block)) or " | " in block
