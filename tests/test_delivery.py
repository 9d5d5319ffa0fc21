import email
import email.policy
from email.message import EmailMessage

import pytest

from communications import delivery
from communications.forms import TextForm
from communications.mailboxes.addresses import BadAddress, recipients, written_address
from communications.models import Communication
from tests import make
from tests.conftest import Cast
from tests.drafting import draft


def opened(row: Communication, cast: Cast) -> EmailMessage:
    """The file as a mail program reads it."""
    message = email.message_from_bytes(delivery.eml(row, cast.rep), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@pytest.fixture
def row(cast: Cast) -> Communication:
    account = make.account(cast.tenant, cast.rep, name="Müller & Söhne")
    return draft(
        account,
        "approved",
        recipients='Petra Müller <petra@halden.test>, "Brandt, Luca" <luca@halden.test>',
        subject="Zahlungen: was wir tun – und wann",
        body_html='<p>Grüße, <a href="https://a.example" rel="noopener">hier</a></p>',
    )


def test_the_file_opens_as_a_draft_from_the_rep(row: Communication, cast: Cast) -> None:
    message = opened(row, cast)
    assert message["From"] == f"Rita Rep <{cast.rep.email}>"
    assert [(address.display_name, address.addr_spec) for address in message["To"].addresses] == [
        ("Petra Müller", "petra@halden.test"),
        ("Brandt, Luca", "luca@halden.test"),
    ]
    assert message["Subject"] == "Zahlungen: was wir tun – und wann"
    assert message["X-Unsent"] == "1"
    assert message["Date"].datetime is not None


def test_the_message_has_a_text_and_an_html_part_that_say_the_same(row: Communication, cast: Cast) -> None:
    message = opened(row, cast)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content() == "Grüße, hier (https://a.example)\r\n"
    assert row.body_html in html.get_content()


def test_the_message_id_stays_the_same_for_the_same_draft(row: Communication, cast: Cast) -> None:
    assert opened(row, cast)["Message-ID"] == opened(row, cast)["Message-ID"] == f"<{row.message_id}@tamdash.invalid>"


def test_a_line_break_in_a_subject_or_name_adds_no_header(row: Communication, cast: Cast) -> None:
    row.subject = "Hello\r\nBcc: everyone@example.com"
    row.recipients = '"Petra\r\nBcc: x" <petra@halden.test>'
    message = opened(row, cast)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: everyone@example.com"


def test_a_draft_without_recipients_is_a_file_without_recipients(row: Communication, cast: Cast) -> None:
    row.recipients = ""
    assert opened(row, cast)["To"] is None


@pytest.mark.parametrize("line", ["Petra Hoffmann", "petra@", "a@b.test, Luca", "<script>@b.test", "a b@c.test d@e.test"])
def test_what_is_no_address_is_named(line: str) -> None:
    with pytest.raises(BadAddress, match="is not a mail address"):
        recipients(line)


def test_addresses_are_read_as_people_type_them() -> None:
    assert [str(address) for address in recipients("a@b.test; Luca <l@b.test>,")] == ["a@b.test", "Luca <l@b.test>"]
    assert [address.domain for address in recipients("a@bücher.test")] == ["xn--bcher-kva.test"]


@pytest.mark.parametrize("name", ["Petra Hoffmann", "Brandt, Luca", 'The "Boss"', "Müller (CIO)", "", "a@b"])
def test_a_written_address_is_read_back(name: str) -> None:
    [address] = recipients(written_address(name, "p@h.test"))
    assert (address.display_name, address.addr_spec) == (name, "p@h.test")


def test_the_file_is_named_after_the_account(row: Communication) -> None:
    assert delivery.file_name(row) == f"m-ller-s-hne-health-check-in-{row.pk}.eml"


@pytest.mark.parametrize("hidden", ["=?utf-8?q?Hello=0d=0aBcc:_spy@evil.test?=", "=?utf-8?q?=bbx?="])
def test_an_encoded_word_adds_no_header(cast: Cast, hidden: str) -> None:
    account = make.account(cast.tenant, cast.rep)
    row = draft(account, by=cast.rep, subject=hidden, recipients=f'"{hidden}" <petra@customer.example>')
    cast.rep.name = hidden
    mail = opened(row, cast)
    assert set(mail.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "X-Unsent", "MIME-Version", "Content-Type"}
    assert [address.addr_spec for address in mail["To"].addresses] == ["petra@customer.example"]


def test_recipients_may_stand_one_a_line() -> None:
    typed = "Petra\r\nHoffmann <p@a.test>\r\nluca@a.test,\r\n  b@a.test\r\n"
    form = TextForm({"version": "1", "subject": "s", "body_html": "<p>x</p>", "recipients": typed})
    assert form.is_valid()
    assert form.cleaned_data["recipients"] == "Petra Hoffmann <p@a.test>, luca@a.test, b@a.test"
