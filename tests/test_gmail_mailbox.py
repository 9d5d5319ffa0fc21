import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, replace
from json import dumps, loads

import pytest

from communications.mailboxes import Found, MailboxError, Place, gmail, stored
from communications.mailboxes.accounts import GmailAccount
from tests.fake_gmail import COMPOSE, READ, REFRESH_TOKEN, SECRETS, Fault, Gmail
from tests.rep_mailbox import FIRST, SECOND, THIRD

RITA = GmailAccount("rita@tamdash.example", REFRESH_TOKEN)


@pytest.fixture(autouse=True)
def nothing_is_sent(fake_gmail: Gmail, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert not [path for _, path in fake_gmail.calls if "send" in path]
    assert not [secret for secret in SECRETS if secret in caplog.text]


def texts(fake_gmail: Gmail) -> list[bytes]:
    return [content.partition(b"\r\n")[2] for content in fake_gmail.contents()]


def fault(message: bytes = FIRST, before: Place | None = None, account: GmailAccount = RITA) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        gmail.place(account, message, before)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    return caught.value


def edit(fake_gmail: Gmail, place: Place) -> str:
    """As Gmail does when a person types: the draft has another message."""
    [content] = fake_gmail.contents()
    raw = urlsafe_b64encode(content.replace(b"all is well", b"all is quite well")).decode()
    fake_gmail.keep(place.draft_id, raw)
    return raw


def test_the_test_says_whose_mailbox_it_is(fake_gmail: Gmail) -> None:
    assert gmail.check(RITA).startswith("Signed in as rita@tamdash.example.")


def test_a_draft_is_placed_and_replaced_as_one(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    assert gmail.look(RITA, place) is Found.UNTOUCHED
    later = gmail.place(RITA, THIRD, gmail.place(RITA, SECOND, place))
    assert texts(fake_gmail) == [THIRD]
    assert later.draft_id == place.draft_id
    assert Place(**loads(dumps(asdict(later)))) == later


def test_an_edited_draft_is_left_alone(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    edited = edit(fake_gmail, place)
    assert gmail.look(RITA, place) is Found.EDITED
    assert fault(SECOND, place).found is Found.EDITED
    assert fault(SECOND).found is Found.EDITED
    with pytest.raises(MailboxError, match="changed in the mailbox"):
        gmail.remove(RITA, place)
    assert [raw for _, raw in fake_gmail.drafts.values()] == [edited]


def test_a_sent_draft_is_noticed_where_sent_mail_may_be_looked_at(fake_gmail: Gmail) -> None:
    fake_gmail.scope = f"{COMPOSE} {READ}"
    place = gmail.place(RITA, FIRST)
    fake_gmail.send(place.draft_id)
    assert gmail.look(RITA, place) is Found.SENT
    assert fault(SECOND, place).found is Found.SENT
    assert fault(SECOND).found is Found.SENT
    assert not fake_gmail.drafts


def test_where_it_may_not_a_missing_draft_was_sent_or_deleted(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    fake_gmail.send(place.draft_id)
    assert gmail.look(RITA, place) is Found.UNKNOWN
    error = fault(SECOND, place)
    assert error.found is Found.UNKNOWN
    assert "it was sent or deleted" in str(error)
    assert not fake_gmail.drafts


def test_a_deleted_draft_comes_back_only_when_that_is_wanted(fake_gmail: Gmail) -> None:
    fake_gmail.scope = f"{COMPOSE} {READ}"
    place = gmail.place(RITA, FIRST)
    fake_gmail.drafts.clear()
    assert gmail.look(RITA, place) is Found.GONE
    assert fault(SECOND, place).found is Found.GONE
    gmail.place(RITA, SECOND)
    assert texts(fake_gmail) == [SECOND]


@pytest.mark.parametrize("then", [FIRST, SECOND])
def test_an_attempt_whose_answer_was_lost_leaves_one_draft(fake_gmail: Gmail, then: bytes) -> None:
    fake_gmail.faults["POST", "drafts"] = Fault(502, done=True)
    assert not fault().permanent
    fake_gmail.faults.clear()
    place = gmail.place(RITA, then)
    assert texts(fake_gmail) == [then]
    fake_gmail.faults["PUT", place.draft_id] = Fault(502, done=True)
    assert not fault(THIRD, place).permanent
    fake_gmail.faults.clear()
    assert gmail.look(RITA, place) is Found.UNTOUCHED
    gmail.place(RITA, THIRD, place)
    assert texts(fake_gmail) == [THIRD]


def test_two_drafts_of_attempts_that_were_cut_off_become_one(fake_gmail: Gmail) -> None:
    for number in range(2):
        fake_gmail.keep(f"r-{number}", urlsafe_b64encode(stored.sealed(FIRST)).decode())
    gmail.place(RITA, SECOND)
    assert texts(fake_gmail) == [SECOND]


def test_a_place_in_another_mailbox_says_nothing_about_this_one(fake_gmail: Gmail) -> None:
    elsewhere = replace(gmail.place(RITA, FIRST), mailbox="gmail:other@tamdash.example")
    assert gmail.look(RITA, elsewhere) is Found.UNKNOWN
    gmail.remove(RITA, elsewhere)
    gmail.place(RITA, FIRST, replace(elsewhere, draft_id="r-1"))
    assert texts(fake_gmail) == [FIRST]


def test_an_untouched_draft_is_taken_away_and_again_is_no_fault(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    gmail.remove(RITA, place)
    gmail.remove(RITA, place)
    assert not fake_gmail.drafts


def test_edited_means_what_a_person_reads(fake_gmail: Gmail) -> None:
    """Gmail may write a message anew, which is no change of a person's."""
    place = gmail.place(RITA, FIRST)
    [content] = fake_gmail.contents()
    fake_gmail.keep(place.draft_id, urlsafe_b64encode(b"X-Google: 1\r\n" + content).decode())
    assert gmail.look(RITA, place) is Found.UNTOUCHED
    assert gmail.look(RITA, replace(place, digest="")) is Found.UNTOUCHED


def test_an_edited_draft_is_replaced_when_the_person_wants_it(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    edit(fake_gmail, place)
    assert gmail.place(RITA, SECOND, place, overwrite=True).draft_id == place.draft_id
    assert texts(fake_gmail) == [SECOND]


def test_a_deleted_draft_is_placed_anew_once_even_if_the_answer_was_lost(fake_gmail: Gmail) -> None:
    place = gmail.place(RITA, FIRST)
    fake_gmail.drafts.clear()
    fake_gmail.faults["POST", "drafts"] = Fault(done=True)
    with pytest.raises(MailboxError):
        gmail.place(RITA, SECOND, place, overwrite=True)
    fake_gmail.faults.clear()
    gmail.place(RITA, SECOND, place, overwrite=True)
    assert texts(fake_gmail) == [SECOND]


def test_a_draft_that_was_sent_stays_the_only_one(fake_gmail: Gmail) -> None:
    fake_gmail.scope += f" {READ}"
    place = gmail.place(RITA, FIRST)
    fake_gmail.send(place.draft_id)
    with pytest.raises(MailboxError) as caught:
        gmail.place(RITA, SECOND, place, overwrite=True)
    assert caught.value.found is Found.SENT
    assert texts(fake_gmail) == []
