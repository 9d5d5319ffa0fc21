"""The email channel, against a real SMTP server: what arrives, and each way it can fail."""

import socket
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Notification, User
from accounts.notifications import delivery
from tamdash.mail_url import mail
from tests import make
from tests.conftest import Cast
from tests.mail_server import MailServer, mail_server, set_up
from tests.webhooks import closed_port

__all__ = ["closed_port", "mail_server"]


def alert(cast: Cast, **account: object) -> Notification:
    """One alert by mail that is due."""
    make.escalation(make.red_account(cast.tenant, cast.rep, **account))
    return Notification.objects.get(channel="email")


def drained(row: Notification) -> Notification:
    delivery.drain(row.tenant_id, "email")
    row.refresh_from_db()
    return row


def test_a_mail_goes_to_one_person_as_text_and_html(cast: Cast, mail_server: MailServer) -> None:
    row = drained(alert(cast, name="Halden Freight"))
    ((recipients, arrived),) = mail_server.received
    assert recipients == [cast.rep.email]
    assert (arrived["To"], arrived["From"]) == (cast.rep.email, "tamdash <alerts@tamdash.example>")
    assert (arrived["Cc"], arrived["Bcc"], arrived["Auto-Submitted"]) == (None, None, "auto-generated")
    assert arrived["Subject"] == "Halden Freight is Red: 25"
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    for body in (text.get_content(), html.get_content()):
        assert f"/escalations/{row.escalation_id}/" in body
    assert (row.status, row.detail, row.error) == ("delivered", cast.rep.email, "")


def test_a_repeat_has_the_same_message_id(cast: Cast, mail_server: MailServer) -> None:
    row = drained(alert(cast))
    Notification.objects.filter(pk=row.pk).update(status="pending", delivered_at=None, next_try_at=timezone.now())
    drained(row)
    first, second = (arrived["Message-ID"] for _, arrived in mail_server.received)
    assert first == second == f"<{row.key}@tamdash.example>"


@pytest.mark.parametrize(
    ("refusing", "status", "error"),
    [
        ({"recipient": "550 5.1.1 no such user"}, "failed", "The mail server does not take mail for {email} (550 5.1.1 no such user)."),
        ({"recipient": "450 try later"}, "pending", "The mail server does not take mail for {email} (450 try later)."),
        ({"data": "554 5.7.1 looks like spam"}, "failed", "The mail server refused the mail (554 5.7.1 looks like spam)."),
        ({"data": "452 4.3.1 disk full"}, "pending", "The mail server refused the mail (452 4.3.1 disk full)."),
    ],
)
def test_what_the_mail_server_says_decides_whether_it_is_tried_again(
    cast: Cast, mail_server: MailServer, refusing: dict[str, str], status: str, error: str
) -> None:
    for name, answer in refusing.items():
        setattr(mail_server, name, answer)
    row = drained(alert(cast))
    assert (row.status, row.error) == (status, error.format(email=cast.rep.email))
    assert mail_server.received == []


def test_a_refused_password_is_tried_again_and_never_told(cast: Cast, mail_server: MailServer, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "tamdash", "s3cret"
    row = drained(alert(cast))
    assert (row.status, row.error) == ("pending", "The mail server refuses tamdash's user name or password (535).")


def test_a_server_without_the_encryption_asked_for_gets_no_mail(cast: Cast, mail_server: MailServer, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    row = drained(alert(cast))
    assert (row.status, mail_server.received) == ("pending", [])
    assert "does not offer the encryption" in row.error


def test_a_server_that_refuses_connections_is_tried_again(cast: Cast, settings: Settings, closed_port: int) -> None:
    set_up(settings, closed_port)
    row = drained(alert(cast))
    assert (row.status, row.error) == ("pending", "The mail server refused the connection.")


def test_a_server_that_does_not_answer_is_given_up_in_time(cast: Cast, settings: Settings) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        set_up(settings, silent.getsockname()[1])
        settings.EMAIL_TIMEOUT = 0.3
        row = drained(alert(cast))
    assert (row.status, row.error) == ("pending", "The mail server did not answer within 0.3 seconds.")


def test_nobody_is_told_by_mail_who_left_or_whose_address_is_a_customers(cast: Cast, mail_server: MailServer) -> None:
    row = alert(cast)
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    assert drained(row).status == "skipped"
    told = [recipients for recipients, _ in mail_server.received]
    assert told == [[cast.manager.email]]


def test_mail_to_files_is_private_and_a_repeat_takes_the_place_of_the_first(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    for name, value in mail(f"file://{tmp_path}/my%20mail").items():
        setattr(settings, name, value)
    settings.EMAIL_IS_SET_UP = True
    row = drained(alert(cast, name="Halden Freight"))
    assert row.status == "delivered"
    Notification.objects.filter(pk=row.pk).update(status="pending", delivered_at=None, next_try_at=timezone.now())
    drained(row)
    folder = tmp_path / "my mail"
    (file,) = folder.iterdir()
    assert (oct(folder.stat().st_mode & 0o777), oct(file.stat().st_mode & 0o777)) == ("0o700", "0o600")
    assert "Subject: Halden Freight is Red: 25" in file.read_text()
