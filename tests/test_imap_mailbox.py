from collections.abc import Iterator
from dataclasses import asdict, replace
from json import dumps, loads

import pytest

from communications.mailboxes import Found, MailboxError, Place, imap, stored
from communications.mailboxes.accounts import ImapAccount
from tests.imap_server import ImapServer
from tests.rep_mailbox import FIRST, OTHER, SECOND, THIRD, Mailbox, rooms


@pytest.fixture
def mailbox(imap_server: ImapServer) -> Iterator[Mailbox]:
    yield from rooms(imap_server, "plain.test", "Drafts", "Sent")


@pytest.fixture
def bare_mailbox(imap_server: ImapServer) -> Iterator[Mailbox]:
    """On a server that can do nothing but what every server can."""
    yield from rooms(imap_server, "bare.test", "Entwürfe", "Gesendet")


def refusal(account: ImapAccount, message: bytes, before: Place | None) -> Found | None:
    with pytest.raises(MailboxError) as caught:
        imap.place(account, message, before)
    assert caught.value.permanent
    return caught.value.found


def test_a_draft_lies_in_the_folder_for_drafts_marked_as_one(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    assert mailbox.texts() == [FIRST]
    [(content, flags)] = mailbox.messages()
    assert {b"\\Draft", b"\\Seen"} <= set(flags)
    assert stored.is_sealed(content)
    assert Place(**loads(dumps(asdict(place)))) == place
    assert imap.look(mailbox.account, place) is Found.UNTOUCHED


def test_a_later_approval_replaces_the_draft_and_nothing_else(mailbox: Mailbox) -> None:
    mailbox.program.append("Drafts", OTHER)
    mailbox.program.append("Drafts", OTHER, [b"\\Deleted"])
    place = imap.place(mailbox.account, FIRST)
    place = imap.place(mailbox.account, SECOND, place)
    place = imap.place(mailbox.account, THIRD, place)
    assert mailbox.texts() == [OTHER, OTHER, THIRD]
    assert place.note == ""
    assert imap.look(mailbox.account, place) is Found.UNTOUCHED


def test_the_same_text_again_changes_nothing(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    assert imap.place(mailbox.account, FIRST, place) == place
    assert mailbox.texts() == [FIRST]


def test_a_server_without_uidplus_keeps_one_too(bare_mailbox: Mailbox) -> None:
    bare_mailbox.program.append("Entwürfe", OTHER)
    place = imap.place(bare_mailbox.account, SECOND, imap.place(bare_mailbox.account, FIRST))
    assert bare_mailbox.texts() == [OTHER, SECOND]
    assert place.note == ""
    assert imap.look(bare_mailbox.account, place) is Found.UNTOUCHED


def test_what_a_person_marked_as_deleted_is_not_removed_along_with_the_draft(bare_mailbox: Mailbox) -> None:
    bare_mailbox.program.append("Entwürfe", OTHER, [b"\\Deleted"])
    place = imap.place(bare_mailbox.account, SECOND, imap.place(bare_mailbox.account, FIRST))
    assert bare_mailbox.texts() == [OTHER, FIRST, SECOND]
    assert [b"\\Deleted" in flags for _, flags in bare_mailbox.messages()] == [True, True, False]
    assert "marked as deleted" in place.note
    assert imap.look(bare_mailbox.account, place) is Found.UNTOUCHED


def test_what_is_replaced_at_gmail_goes_to_its_bin(imap_server: ImapServer) -> None:
    for mailbox in rooms(imap_server, "gmail.test", "Drafts", "Sent", "Trash"):
        imap.place(mailbox.account, SECOND, imap.place(mailbox.account, FIRST))
        assert mailbox.texts() == [SECOND]
        assert mailbox.texts("Trash") == [FIRST]


def test_an_edited_draft_is_left_alone(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    edited = mailbox.edit(place)
    assert imap.look(mailbox.account, place) is Found.EDITED
    assert refusal(mailbox.account, SECOND, place) is Found.EDITED
    assert refusal(mailbox.account, SECOND, None) is Found.EDITED
    with pytest.raises(MailboxError, match="changed in the mailbox"):
        imap.remove(mailbox.account, place)
    assert [content for content, _ in mailbox.messages()] == [edited]


def test_a_draft_with_a_large_attachment_is_an_edited_one(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "LONGEST", 5000)
    place = imap.place(mailbox.account, FIRST)
    mailbox.program.append("Drafts", FIRST + b"x" * 6000)
    mailbox.delete(place)
    assert refusal(mailbox.account, SECOND, place) is Found.EDITED


def test_a_sent_draft_is_noticed_and_none_is_placed_again(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    mailbox.edit(place, folder="Sent")
    assert imap.look(mailbox.account, place) is Found.SENT
    assert refusal(mailbox.account, SECOND, place) is Found.SENT
    assert refusal(mailbox.account, SECOND, None) is Found.SENT
    assert mailbox.texts() == []


def test_a_deleted_draft_comes_back_only_when_that_is_wanted(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    mailbox.delete(place)
    assert imap.look(mailbox.account, place) is Found.GONE
    assert refusal(mailbox.account, SECOND, place) is Found.GONE
    assert mailbox.texts() == []
    imap.place(mailbox.account, SECOND)
    assert mailbox.texts() == [SECOND]


def test_a_draft_that_is_marked_as_deleted_is_a_deleted_one(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    mailbox.program.select_folder("Drafts")
    mailbox.program.delete_messages([place.uid])
    assert imap.look(mailbox.account, place) is Found.GONE


def test_where_sent_mail_cannot_be_seen_a_missing_draft_may_have_been_sent(imap_server: ImapServer) -> None:
    for mailbox in rooms(imap_server, "plain.test", "Drafts"):
        place = imap.place(mailbox.account, FIRST)
        mailbox.delete(place)
        assert imap.look(mailbox.account, place) is Found.UNKNOWN


def test_a_folder_that_was_numbered_anew_is_searched(mailbox: Mailbox) -> None:
    place = imap.place(mailbox.account, FIRST)
    [(content, _)] = mailbox.messages()
    mailbox.program.unselect_folder()
    mailbox.program.delete_folder("Drafts")
    mailbox.program.create_folder("Drafts")
    mailbox.program.append("Drafts", OTHER)  # has the draft's old number now
    mailbox.program.append("Drafts", content)
    assert imap.look(mailbox.account, place) is Found.UNTOUCHED
    again = imap.place(mailbox.account, SECOND, place)
    assert again.uid_validity != place.uid_validity
    assert mailbox.texts() == [OTHER, SECOND]


@pytest.mark.parametrize("then", [SECOND, THIRD])
def test_a_crash_before_the_old_one_was_removed_leaves_one_in_the_end(mailbox: Mailbox, then: bytes) -> None:
    place = imap.place(mailbox.account, FIRST)
    mailbox.program.append("Drafts", stored.sealed(SECOND), [b"\\Draft"])
    assert imap.look(mailbox.account, place) is Found.UNTOUCHED
    imap.place(mailbox.account, then, place)
    assert mailbox.texts() == [then]


def test_a_crash_before_the_place_was_kept_leaves_one_in_the_end(mailbox: Mailbox) -> None:
    imap.place(mailbox.account, FIRST)
    imap.place(mailbox.account, FIRST)
    assert mailbox.texts() == [FIRST]
    imap.place(mailbox.account, SECOND)
    assert mailbox.texts() == [SECOND]


def test_a_place_in_another_mailbox_says_nothing_about_this_one(mailbox: Mailbox) -> None:
    place = replace(imap.place(mailbox.account, FIRST), mailbox="imap:rita@elsewhere.example")
    assert imap.look(mailbox.account, place) is Found.UNKNOWN
    imap.remove(mailbox.account, place)
    assert mailbox.texts() == [FIRST]
    mailbox.delete(place)
    imap.place(mailbox.account, SECOND, place)
    assert mailbox.texts() == [SECOND]


def test_an_untouched_draft_is_taken_away_and_again_is_no_fault(mailbox: Mailbox) -> None:
    mailbox.program.append("Drafts", OTHER)
    place = imap.place(mailbox.account, FIRST)
    imap.remove(mailbox.account, place)
    imap.remove(mailbox.account, place)
    assert mailbox.texts() == [OTHER]


def test_a_message_whose_id_only_begins_the_same_is_another(mailbox: Mailbox) -> None:
    longer = FIRST.replace(b"Message-ID: <1b2c@tamdash.invalid>", b"Message-ID: <1b2c@tamdash.invalid>.x")
    mailbox.program.append("Drafts", longer)
    imap.place(mailbox.account, FIRST)
    assert mailbox.texts() == [longer, FIRST]
