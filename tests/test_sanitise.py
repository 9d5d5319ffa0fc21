import pytest
from hypothesis import given
from hypothesis import strategies as st

from communications.sanitise import clean, to_text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<p style="position:fixed">a</p>', "<p>a</p>"),
        ('<p>a<img src="https://spy.example/x.png" onerror="x()"></p>', "<p>a</p>"),
        ('<p><a href="javascript:alert(1)">a</a></p>', '<p><a rel="noopener">a</a></p>'),
        ('<p><a href=" jAvAsCrIpT&#58;alert(1)">a</a></p>', '<p><a rel="noopener">a</a></p>'),
        ('<p><a href="data:text/html,x">a</a></p>', '<p><a rel="noopener">a</a></p>'),
        ('<p><a href="//evil.example">a</a></p>', '<p><a rel="noopener">a</a></p>'),
        ('<form action="/x"><p>a<input name="b"></p></form>', "<p>a</p>"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg><p>a</p>", "<p>a</p>"),
        ('<p>a<iframe src="https://evil.example"></iframe></p>', "<p>a</p>"),
        ("<style>p{background:url(https://spy.example)}</style><p>a</p>", "<p>a</p>"),
        ("<p>a\0b</p>", "<p>ab</p>"),
    ],
)
def test_nothing_that_acts_or_calls_out_survives(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@pytest.mark.parametrize(
    "kept",
    [
        "<p>Hello <strong>you</strong> and <em>you</em><br>there</p>",
        "<h2>Title</h2><ul><li>one</li></ul><ol><li>two</li></ol><blockquote><p>three</p></blockquote>",
        '<p><a href="https://a.example/?b=1&amp;c=2" rel="noopener">site</a></p>',
        '<p><a href="mailto:a@b.example" rel="noopener">mail</a></p>',
        '<table><thead><tr><th scope="col">A</th></tr></thead><tbody><tr><td colspan="2">1</td></tr></tbody></table>',
    ],
)
def test_what_a_mail_needs_stays_as_it_is(kept: str) -> None:
    assert clean(kept) == kept


def test_other_spellings_of_the_same_become_ours() -> None:
    assert clean("<h1>A</h1><div>b</div><div><b>c</b><i>d</i></div>") == "<h2>A</h2><p>b</p><p><strong>c</strong><em>d</em></p>"


def test_text_without_markup_becomes_paragraphs() -> None:
    assert clean("Hello,\r\nall is well.\r\n\r\nRita") == "<p>Hello,<br>all is well.</p>\n\n<p>Rita</p>"


@given(
    st.text()
    | st.lists(st.sampled_from(["<p>", "</p>", "<script>", "<a href=", '"', "x", "<svg>", "<table>", "<li>", "&", "\0"])).map("".join)
)
def test_cleaning_twice_is_cleaning_once(html: str) -> None:
    once = clean(html)
    assert clean(once) == once
    assert "<script" not in once


def test_plain_text_keeps_headings_lists_links_and_tables_readable() -> None:
    html = (
        "<p>Hello <strong>you</strong>,</p><h2>Open</h2><ul><li>one<ol><li>first</li><li>second</li></ol></li>"
        '<li><a href="https://a.example">the site</a></li></ul><p><a href="https://b.example">https://b.example</a></p>'
        "<table><tr><th>Ticket</th><th>Age</th></tr><tr><td>T-1</td><td>5 days</td></tr></table>"
        "<blockquote><p>quoted</p></blockquote><p>Bye<br>Rita</p>"
    )
    assert (
        to_text(html)
        == """\
Hello you,

Open
====

- one
  1. first
  2. second
- the site (https://a.example)

https://b.example

Ticket | Age
T-1 | 5 days

> quoted

Bye
Rita
"""
    )


def test_formatting_that_is_left_open_does_not_grow_without_bound() -> None:
    opened = "".join(f"<u a{number}><font b{number}=1><strong c={number}>" for number in range(700))
    hostile = f"<p>{opened}" + "<p>x" * 2000
    assert len(clean(hostile)) < 20 * len(hostile)


def test_nothing_unseen_rides_along_in_attributes() -> None:
    assert clean('<p title="hidden" lang="x">y</p>') == "<p>y</p>"
