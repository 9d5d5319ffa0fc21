"""The text of a draft as it is checked, and the draft with its claims marked."""

from html import escape, unescape
from html.parser import HTMLParser

from communications.grounding.claims import Claim

# What ends a sentence even without a full stop.
BLOCKS = {"p", "h2", "h3", "li", "ul", "ol", "tr", "table", "thead", "tbody", "pre", "blockquote", "hr"}
CELLS = {"td", "th"}
BREAK, CELL = "\n", " | "


class Reader(HTMLParser):
    """The text nodes of HTML with the place of each in the source, and of each in the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.pieces: list[tuple[str, str]] = []  # of text as it is read, or of markup as it stands
        self.links: list[tuple[int, int, str]] = []  # from, to, address
        self.open_link: tuple[int, str] | None = None
        self.cells = 0  # an editor writes paragraphs into cells: a row is one line all the same
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in CELLS:
            self.cells += 1
            self.break_off(CELL)
        elif tag == "br":
            # A sentence goes on over a line's end, unless that ends with a stop.
            self.break_off(BREAK if self.text.rstrip()[-1:] in ".:;,!?" and not self.cells else " ")
        elif tag in BLOCKS:
            self.break_off(" " if self.cells else BREAK)
        elif tag == "a":
            self.open_link = (len(self.text), dict(attrs).get("href") or "")
        self.pieces.append(("markup", self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.open_link:
            self.links.append((self.open_link[0], len(self.text), self.open_link[1]))
            self.open_link = None
        self.pieces.append(("markup", f"</{tag}>"))
        self.cells -= tag in CELLS
        if tag in BLOCKS and not self.cells:
            self.break_off(BREAK)

    def handle_data(self, data: str) -> None:
        self.add(data)

    def handle_entityref(self, name: str) -> None:
        self.add(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.add(unescape(f"&#{name};"))

    def add(self, text: str) -> None:
        self.pieces.append(("text", text))
        self.text += text.replace("\n", " ")

    def break_off(self, mark: str) -> None:
        """Between blocks and cells the text has a mark that is in no text node."""
        if self.text and not self.text.endswith(mark):
            self.pieces.append(("mark", mark))
            self.text += mark


def text_of(html: str) -> str:
    return Reader(html).text


def marked(html: str, claims: list[tuple[int, Claim]], closed: frozenset[str] = frozenset()) -> str:
    """The clean HTML with each claim of the body, and its number, marked and linked to its evidence. `closed`: keys confirmed."""
    inside = sorted(((number, claim) for number, claim in claims if claim.where == "body"), key=lambda one: one[1].start)
    out: list[str] = []
    after_link: list[str] | None = None  # a link within a link is none: the numbers follow it
    at = 0
    for kind, piece in Reader(html).pieces:
        if kind == "markup":
            out.append(piece)
            if piece.startswith("<a "):
                after_link = []
            elif piece == "</a>":
                out += after_link or []
                after_link = None
            continue
        if kind == "text":
            out.append(with_marks(piece, at, inside, closed, after_link))
        at += len(piece)
    return "".join(out)


def with_marks(piece: str, at: int, claims: list[tuple[int, Claim]], closed: frozenset[str], numbers: list[str] | None = None) -> str:
    """A text node, which begins at `at`, with the parts of claims in it marked; the number follows where the claim ends, or in `numbers`."""
    out: list[str] = []
    numbers = out if numbers is None else numbers
    done = at
    end = at + len(piece)
    for number, claim in claims:
        if claim.start == claim.end and at <= claim.start < end:
            numbers.append(reference(number, is_open=claim.key not in closed, name=f' id="c{number}"'))
        first, last = max(claim.start, done), min(claim.end, end)
        if first >= last:
            continue
        is_open = claim.is_flagged and claim.key not in closed
        out.append(escape(piece[done - at : first - at]))
        name = f' id="c{number}"' if first == claim.start else ""
        out.append(f'<mark class="claim{" no" if is_open else ""}"{name}>{escape(piece[first - at : last - at])}</mark>')
        if last == claim.end:
            numbers.append(reference(number, is_open=is_open))
        done = last
    out.append(escape(piece[done - at :]))
    return "".join(out)


def reference(number: int, *, is_open: bool, name: str = "") -> str:
    label = f"No source for claim {number}" if is_open else f"Evidence {number}"
    return f'<a class="ref{" no" if is_open else ""}"{name} href="#e{number}" aria-label="{label}">{number}{"?" if is_open else ""}</a>'
