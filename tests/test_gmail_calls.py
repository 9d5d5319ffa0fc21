import ast
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django import Settings

from communications import mailboxes
from communications.mailboxes import MailboxError, gmail, gmail_calls, gmail_consent, gmail_exchange
from communications.mailboxes.accounts import GmailAccount
from communications.mailboxes.gmail_calls import Call, address
from tests.fake_gmail import COMPOSE, REFRESH_TOKEN, SECRETS, Fault, Gmail
from tests.rep_mailbox import FIRST

RITA = GmailAccount("rita@tamdash.example", REFRESH_TOKEN)


@pytest.fixture(autouse=True)
def nothing_is_sent(fake_gmail: Gmail, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert not [path for _, path in fake_gmail.calls if "send" in path]
    assert not [secret for secret in SECRETS if secret in caplog.text]


def fault() -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        gmail.place(RITA, FIRST)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return caught.value


def test_leave_that_was_withdrawn_is_to_be_given_again(fake_gmail: Gmail) -> None:
    fake_gmail.revoked = True
    error = fault()
    assert "Connect Gmail again" in str(error)
    assert error.permanent


def test_another_secret_than_googles_is_the_operators_fault(fake_gmail: Gmail, settings: Settings) -> None:
    settings.GOOGLE_CLIENT_SECRET = "wrong"
    assert "TAMDASH_GOOGLE_CLIENT_ID" in str(fault())


def test_gmail_that_is_not_set_up_says_so(settings: Settings) -> None:
    settings.GOOGLE_CLIENT_ID = ""
    assert "not set up" in str(fault())


@pytest.mark.parametrize(
    ("broken", "words", "permanent", "rest"),
    [
        (Fault(429, "rateLimitExceeded", {"Retry_After": "30"}), "left alone", False, 30),
        (Fault(403, "userRateLimitExceeded"), "left alone", False, None),
        (Fault(403, "insufficientPermissions"), "allow it to manage drafts", True, None),
        (Fault(401, "authError"), "Connect Gmail again", True, None),
        (Fault(503, headers={"Retry_After": "7"}), "failed (status 503)", False, 7),
        (Fault(400, "invalidArgument"), "did not accept", True, None),
        (Fault(302, headers={"Location": "http://127.0.0.1/send"}), "did not accept", True, None),
        (Fault(200, body="<html>"), "does not answer as Gmail does", False, None),
        (Fault(403, body="<html>"), "allow it to manage drafts", True, None),
    ],
)
def test_what_gmail_refuses_is_said_in_our_words(fake_gmail: Gmail, broken: Fault, words: str, permanent: bool, rest: float | None) -> None:
    fake_gmail.faults["POST", "drafts"] = broken
    error = fault()
    assert words in str(error)
    assert (error.permanent, error.retry_after) == (permanent, rest)


@pytest.mark.parametrize("call", [("POST", "drafts"), ("POST", "token")])
def test_gmail_that_never_answers_is_given_up(fake_gmail: Gmail, call: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gmail_calls, "TIMEOUT", 0.2)
    fake_gmail.faults[call] = Fault(hangs=True)
    started = time.monotonic()
    error = fault()
    assert str(error) == "Gmail did not answer in time."
    assert not error.permanent
    assert time.monotonic() - started < 5


def test_a_private_address_is_not_reached(fake_gmail: Gmail, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    assert "private network" in str(fault())
    assert fake_gmail.calls == []


def test_the_page_at_google_asks_for_drafts_and_nothing_more(settings: Settings) -> None:
    asked = parse_qs(urlsplit(gmail_consent.consent_url("st4te", "https://tamdash.example/back")).query)
    assert asked["scope"] == [COMPOSE]
    assert (asked["state"], asked["access_type"], asked["prompt"]) == (["st4te"], ["offline"], ["consent"])


def test_the_code_that_comes_back_opens_the_mailbox(fake_gmail: Gmail) -> None:
    granted = gmail_exchange.exchange("good-code", "https://tamdash.example/back")
    assert granted == gmail_exchange.Granted("rita@tamdash.example", REFRESH_TOKEN)
    assert REFRESH_TOKEN not in repr(granted) + repr(RITA)
    assert gmail.check(GmailAccount(granted.address, granted.refresh_token))


def test_a_wrong_code_or_leave_for_something_else_opens_nothing(fake_gmail: Gmail) -> None:
    with pytest.raises(MailboxError, match="Connect Gmail again"):
        gmail_exchange.exchange("bad-code", "https://tamdash.example/back")
    fake_gmail.scope = "openid"
    with pytest.raises(MailboxError, match="tick it"):
        gmail_exchange.exchange("good-code", "https://tamdash.example/back")


@given(draft_id=st.text(max_size=20) | st.sampled_from(["send", "../messages/send", "send?", "x/send", "%73end", "send\n", "r-1/../send"]))
@hypothesis(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("call", Call)
def test_no_id_leads_a_call_to_anything_that_sends(call: Call, draft_id: str) -> None:
    try:
        path = urlsplit(address(call, draft_id)).path
    except ValueError:
        return
    assert re.fullmatch(r"/gmail/v1/users/me/(profile|messages|drafts(/[A-Za-z0-9_-]+)?)", path)
    assert not path.endswith("/send")


def test_no_call_sends() -> None:
    assert {call.value for call in Call} == {
        *(("GET", "profile"), ("GET", "messages"), ("GET", "drafts"), ("GET", "drafts/{id}")),
        *(("POST", "drafts"), ("PUT", "drafts/{id}"), ("DELETE", "drafts/{id}")),
    }


def test_no_door_to_a_mailbox_knows_how_mail_is_sent() -> None:
    modules = list(Path(mailboxes.__path__[0]).glob("*.py"))
    assert len(modules) > 5
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text())):
            imported = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in imported if re.match(r"smtplib|aiosmtp|django\.core\.mail|subprocess", name)]
            assert not (isinstance(node, ast.Attribute) and re.fullmatch("send(?!er).*", node.attr)), module.name
