import logging
import socket
import time
from dataclasses import asdict, replace

import pytest
from pytest_django import Settings

from accounts.notifications import egress
from communications.mailboxes import MailboxError, imap, imap_connection
from communications.mailboxes.accounts import ImapAccount, Security, SignIn
from communications.mailboxes.imap_refusals import refused, refused_sign_in
from tests.imap_server import PASSWORD, ImapServer, access_token, saying

ANYWHERE = ImapAccount("127.0.0.1", 993, "rita@tamdash.example", "s3cret", Security.NONE)


def fault(account: ImapAccount) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        imap.check(account)
    assert account.secret not in str(caught.value)
    assert caught.value.found is None
    return caught.value


def ready(server: ImapServer) -> ImapAccount:
    account = server.account()
    with server.mail_program(account) as program:
        program.create_folder("Drafts")
    return account


def test_the_test_says_where_drafts_will_be(imap_server: ImapServer) -> None:
    assert imap.check(ready(imap_server)) == "Signed in. Drafts are placed in “Drafts”. A later approval replaces the draft there."


def test_a_wrong_password_is_said_once_and_for_all(imap_server: ImapServer) -> None:
    error = fault(replace(ready(imap_server), secret="wrong pass"))
    assert "127.0.0.1 refuses the user name or password." in str(error)
    assert error.permanent


def test_an_access_token_signs_in(imap_server: ImapServer) -> None:
    account = ready(imap_server)
    assert imap.check(replace(account, secret=access_token(account.user), sign_in=SignIn.XOAUTH2)).startswith("Signed in.")


def test_an_access_token_of_somebody_else_does_not_sign_in(imap_server: ImapServer) -> None:
    account = ready(imap_server)
    assert fault(replace(account, secret=access_token("x@plain.test"), sign_in=SignIn.XOAUTH2)).permanent


def test_a_server_without_access_tokens_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(imap_connection, "TIMEOUT", 0.5)
    with saying(b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n") as port:
        error = fault(replace(ANYWHERE, port=port, sign_in=SignIn.XOAUTH2))
    assert "takes no access tokens" in str(error)
    assert error.permanent


def test_a_password_that_a_server_cannot_take_is_not_put_to_it(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with saying(b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n", b"* BYE\r\nTAG OK done\r\n") as port:
        assert "letters from A to Z" in str(fault(replace(ANYWHERE, port=port, secret="pässword")))


def test_the_password_stands_in_no_log_and_no_name(imap_server: ImapServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = ready(imap_server)
    imap.check(account)
    fault(replace(account, secret="wrong pass"))
    assert PASSWORD not in repr(account)
    for secret in (PASSWORD, "wrong pass", PASSWORD.encode("unicode_escape").decode()):
        assert secret not in caplog.text
    assert PASSWORD in asdict(account).values()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_certificate_of_nobody_known_is_refused(imap_server: ImapServer, security: Security) -> None:
    port = imap_server.tls_port if security is Security.TLS else imap_server.port
    error = fault(replace(ready(imap_server), host="localhost", port=port, security=security))
    assert str(error) == "The certificate of localhost is not valid (self-signed certificate). Nothing was sent to it."
    assert error.permanent


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_known_certificate_is_taken(imap_server: ImapServer, security: Security, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server.certificate))
    port = imap_server.tls_port if security is Security.TLS else imap_server.port
    assert imap.check(replace(ready(imap_server), host="localhost", port=port, security=security)).startswith("Signed in.")


def test_a_certificate_for_another_name_is_refused(imap_server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server.certificate))
    error = fault(replace(ready(imap_server), port=imap_server.tls_port, security=Security.TLS))
    assert "is not valid" in str(error)
    assert error.permanent


def test_no_tls_where_tls_is_wanted_sends_no_password(imap_server: ImapServer) -> None:
    error = fault(replace(ready(imap_server), security=Security.TLS))
    assert "speaks no TLS" in str(error)
    assert error.permanent


def test_no_starttls_where_it_is_wanted_sends_no_password(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(imap_connection, "TIMEOUT", 0.5)
    with saying(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n") as port:
        error = fault(replace(ANYWHERE, port=port, security=Security.STARTTLS))
    assert "offers no STARTTLS" in str(error)
    assert error.permanent


def test_a_private_address_is_not_reached(dovecot: ImapServer, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    error = fault(ImapAccount("localhost", dovecot.tls_port, "u@plain.test", "s3cret"))
    assert "private network" in str(error)
    assert error.permanent


def test_no_password_goes_unencrypted_unless_private_addresses_are_allowed(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    assert "Choose TLS" in str(fault(ANYWHERE))


def test_no_password_goes_unencrypted_to_the_internet(imap_server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "is_public", lambda host: host == "127.0.0.1")
    error = fault(imap_server.account())
    assert "only go to a server in your own network" in str(error)
    assert error.permanent


def test_a_server_that_is_not_there_may_come_back(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = fault(replace(ANYWHERE, port=unused.getsockname()[1]))
    assert "refused the connection" in str(error)
    assert not error.permanent


@pytest.mark.parametrize("security", Security)
def test_a_server_that_never_answers_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch, security: Security) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(imap_connection, "TIMEOUT", 0.2)
    started = time.monotonic()
    with saying(b"") as port:
        error = fault(replace(ANYWHERE, port=port, security=security))
    assert str(error) == "127.0.0.1 did not answer in time."
    assert not error.permanent
    assert time.monotonic() - started < 5


def test_a_server_that_falls_silent_later_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(imap_connection, "TIMEOUT", 5)
    monkeypatch.setattr(imap_connection, "DEADLINE", 0.3)
    with saying(b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n", b"TAG OK in\r\n") as port:
        error = fault(replace(ANYWHERE, port=port))
    assert str(error) == "127.0.0.1 did not answer in time."
    assert not error.permanent


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 smtp ready\r\n", b"* BYE\r\n", b"* OK {99999999999999999}\r\n", b"x" * 2_000_000],
)
def test_what_is_no_mail_server_fills_no_memory_and_breaks_nothing(
    settings: Settings, greeting: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(imap_connection, "TIMEOUT", 0.5)
    with saying(greeting) as port:
        assert not fault(replace(ANYWHERE, port=port)).permanent


@pytest.mark.parametrize(
    "rows", [b'* LIST () "/" "&-&-&x"\r\n', b"* LIST ((((\r\n", b"* LIST (" + b"(" * 900_000 + b"\r\n", b'* LIST () "/" {5000000000}\r\n']
)
def test_a_list_of_folders_that_is_none_breaks_nothing(settings: Settings, rows: bytes) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    answers = (
        b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n",
        b"TAG OK done\r\n",
        b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n",
        rows + b"TAG OK done\r\n",
        b"TAG OK done\r\n",
    )
    with saying(b"* OK ready\r\n", *answers) as port:
        error = fault(replace(ANYWHERE, port=port))
    assert "does not answer as mail servers do" in str(error) or "ended the connection" in str(error)


def test_too_many_connections_is_no_wrong_password(imap_server: ImapServer) -> None:
    account = ready(imap_server)
    open_ones = [imap_server.mail_program(account) for _ in range(10)]
    try:
        for one in open_ones:
            one.__enter__()
        error = fault(account)
    finally:
        for one in open_ones:
            one.__exit__(None, None, None)
    assert "too many connections" in str(error)
    assert not error.permanent


@pytest.mark.parametrize("value", ["", "a\r\nb", "a\0b", "a\1b"])
def test_what_could_become_a_command_is_not_sent(value: str, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    for account in (replace(ANYWHERE, host=value), replace(ANYWHERE, user=value), replace(ANYWHERE, secret=value)):
        with pytest.raises(MailboxError, match=r"^Enter the"):
            imap.check(account)


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ("[AUTHENTICATIONFAILED] Invalid credentials", "refuses the user name or password", True),
        ("NO LOGIN failed.", "refuses the user name or password", True),
        ("[PRIVACYREQUIRED] no", "only over TLS", True),
        ("[EXPIRED] no", "has expired", True),
        ("[UNAVAILABLE] Temporary authentication failure.", "is busy", False),
        ("Too many simultaneous connections. (Failure)", "is busy", False),
    ],
)
def test_a_refused_sign_in_says_what_to_do(answer: str, words: str, permanent: bool) -> None:
    error = refused_sign_in(f"authenticate failed: {answer}", "mail.example")
    assert words in str(error)
    assert error.permanent is permanent


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ("append failed: [OVERQUOTA] Quota exceeded", "The mailbox is full.", False),
        ("select failed: [INUSE] Mailbox in use", "is busy", False),
        ("append failed: [LIMIT] Too much", "is busy", False),
        ("append failed: [NOPERM] Not yours", "mail.example refused: append failed: Not yours", True),
        ("append failed: [TRYCREATE] No such mailbox", "No such mailbox", True),
        ("append failed: something", "mail.example refused: append failed: something", False),
    ],
)
def test_a_refusal_says_what_to_do(answer: str, words: str, permanent: bool) -> None:
    error = refused(answer, "mail.example")
    assert words in str(error)
    assert error.permanent is permanent
