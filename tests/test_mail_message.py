import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from communications import sanitise
from communications.mailboxes import stored
from communications.mailboxes.addresses import address, header_text, recipients
from communications.mailboxes.message import CONTROL, Letter, build

LETTER = Letter(
    sender=Address("Rita Rep", addr_spec="rita@tamdash.example"),
    to=(Address("Petra Müller", addr_spec="petra@halden.example"),),
    subject="Where we stand",
    html="<p>Hello Petra,</p><p>all is well.</p>",
    message_id="<1b2c@tamdash.invalid>",
    date=datetime(2026, 11, 23, 10, tzinfo=UTC),
)
ALWAYS = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
# Whatever UTF-8 can hold, and above all what heads are made of.
TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('\r\n\t\0 =?_"\\,;:<>@()ü漢🙂')), max_size=300
) | st.from_regex(r"\A[a-zü\"\\ ,]{0,400}\Z")


def opened(message: bytes) -> EmailMessage:
    parsed = message_from_bytes(message, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def contents(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def addressed(message: bytes, name: str) -> list[tuple[str, str]]:
    """Names with addresses. `email.policy.default` of Python 3.11 reads a space into names of several encoded words (RFC 2047, 6.2)."""
    pairs = getaddresses([" ".join(str(message_from_bytes(message)[name]).split())])
    return [(str(make_header(decode_header(one))), email) for one, email in pairs]


def as_sent(text: str) -> str:
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@given(subject=TEXTS, sender=TEXTS, names=st.lists(TEXTS, min_size=1, max_size=4), text=TEXTS)
@example(
    subject="=?utf-8?q?a=0d=0aBcc:_x@y.z?=",
    sender="\r\nBcc: x@y.z",
    names=["Brandt, Lücas " * 9, 'The "Boss" \\', "=?utf-8?q?=bbx?="],
    text="From me\n.\n",
)
@example(subject="x" * 2000, sender="ü" * 500, names=["x" * 1200, "a, b" * 300], text="y" * 3000)
def test_whatever_is_written_arrives_as_written_and_adds_nothing(subject: str, sender: str, names: list[str], text: str) -> None:
    people = tuple(address(name, f"p{number}@bücher.example") for number, name in enumerate(names))
    html = sanitise.clean(text)
    built = build(replace(LETTER, sender=address(sender, "rita@tamdash.example"), to=people, subject=subject, html=html))
    assert built.isascii()
    assert b"\0" not in built
    assert built.count(b"\n") == built.count(b"\r\n") == built.count(b"\r")
    assert max(map(len, built.split(b"\r\n"))) < 998
    message = opened(built)
    assert message.keys() == ALWAYS
    assert message["Subject"] == header_text(subject)
    everybody = [(header_text(name), f"p{number}@xn--bcher-kva.example") for number, name in enumerate(names)]
    assert addressed(built, "To") == everybody
    assert [one.addr_spec for one in message["To"].addresses] == [email for _, email in everybody]
    assert addressed(built, "From") == [(header_text(sender), "rita@tamdash.example")]
    plain, page = contents(message)
    assert plain == as_sent(sanitise.to_text(as_sent(html)))
    assert f"<body>{as_sent(html)}</body>" in page


@given(subject=TEXTS, text=TEXTS)
def test_a_sealed_message_is_known_as_untouched_whatever_it_says(subject: str, text: str) -> None:
    message = stored.sealed(build(replace(LETTER, subject=subject, html=sanitise.clean(text))))
    assert stored.is_sealed(message)
    assert stored.is_sealed(message.replace(b"\r\n", b"\n"))
    assert stored.digest(message) == stored.digest(opened(message).as_bytes(policy=email.policy.compat32))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"all is well", b"all is well, I think"),
        (b"Subject: Where", b"Subject: Here"),
        (b"To: ", b"Cc: boss@halden.example\r\nTo: "),
        (b"To: ", b"Bcc: boss@halden.example\r\nTo: "),
        (b"petra@halden", b"peter@halden"),
    ],
)
def test_what_a_person_changed_is_noticed(before: bytes, after: bytes) -> None:
    message = stored.sealed(build(LETTER))
    assert before in message
    assert not stored.is_sealed(message.replace(before, after, 1))


def test_an_attachment_is_noticed() -> None:
    message = opened(stored.sealed(build(LETTER)))
    message.make_mixed()
    message.add_attachment(b"numbers", maintype="application", subtype="pdf", filename="numbers.pdf")
    assert not stored.is_sealed(message.as_bytes())


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert build(LETTER) == build(LETTER)


def test_a_draft_in_a_mailbox_is_not_marked_as_unsent_and_a_file_is() -> None:
    assert opened(build(LETTER))["X-Unsent"] is None
    assert opened(build(LETTER, as_file=True))["X-Unsent"] == "1"


def test_an_answer_stands_in_its_thread() -> None:
    message = opened(build(replace(LETTER, in_reply_to="<b@halden.example>", references=("<a@halden.example>", "<b@halden.example>"))))
    assert message["In-Reply-To"] == "<b@halden.example>"
    assert message["References"].split() == ["<a@halden.example>", "<b@halden.example>"]


def test_a_long_thread_keeps_its_first_message_and_the_latest() -> None:
    thread = tuple(f"<{number}@halden.example>" for number in range(100))
    kept = opened(build(replace(LETTER, in_reply_to=thread[-1], references=thread)))["References"].split()
    assert (kept[0], kept[-1], len(kept)) == (thread[0], thread[-1], 20)


@pytest.mark.parametrize("theirs", ["<a@b>\r\nBcc: spy@evil.example", "no id", "<" + "a" * 5000 + "@b>", "<ü@b>"])
def test_a_message_id_of_somebody_else_adds_no_header(theirs: str) -> None:
    built = build(replace(LETTER, in_reply_to=theirs, references=(theirs,)))
    assert set(opened(built).keys()) - set(ALWAYS) <= {"In-Reply-To", "References"}
    assert b"spy@evil" not in built


@pytest.mark.parametrize("own", ["", "1b2c@tamdash.invalid", "<a@b>\r\nBcc: x@y.z", "<a@b> <c@d>"])
def test_a_message_without_a_proper_message_id_is_not_built(own: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        build(replace(LETTER, message_id=own))


def test_a_message_to_nobody_has_no_recipients() -> None:
    assert opened(build(replace(LETTER, to=tuple(recipients("")))))["To"] is None
