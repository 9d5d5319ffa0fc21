from dataclasses import replace

import pytest

from communications.mailboxes import Found, MailboxError, imap
from tests import imap_server as server
from tests.imap_server import ImapServer
from tests.rep_mailbox import FIRST, SECOND, rooms


@pytest.mark.parametrize("name", ["Unfertiges & Ähnliches", "Entwürfe", "INBOX/Brouillons", "下書き", "Old/drafts"])
def test_the_folder_may_be_named_in_any_language(imap_server: ImapServer, name: str) -> None:
    for mailbox in rooms(imap_server, "plain.test", name, "Projects"):
        assert imap.place(mailbox.account, FIRST).folder == name
        assert mailbox.texts() == [FIRST]


def test_the_folder_that_the_server_says_is_for_drafts_goes_before_one_that_sounds_like_it(imap_server: ImapServer) -> None:
    for mailbox in rooms(imap_server, "plain.test", "Drafts", "Entwürfe", "A/Drafts"):
        assert imap.place(mailbox.account, FIRST).folder == "Drafts"


def test_a_mailbox_without_a_folder_for_drafts_says_what_to_do(imap_server: ImapServer) -> None:
    with pytest.raises(MailboxError, match="make a folder named Drafts") as caught:
        imap.place(imap_server.account(), FIRST)
    assert caught.value.permanent


def test_a_person_may_name_the_folder_and_is_told_if_there_is_none(imap_server: ImapServer) -> None:
    for mailbox in rooms(imap_server, "plain.test", "Projects/Mails", "Drafts"):
        chosen = replace(mailbox.account, folder="projects/mails")
        assert imap.place(chosen, FIRST).folder == "Projects/Mails"
        assert mailbox.texts() == [FIRST]
        with pytest.raises(MailboxError, match="no folder “Elsewhere”") as caught:
            imap.place(replace(mailbox.account, folder="Elsewhere"), FIRST)
        assert caught.value.permanent


def test_a_draft_stays_in_its_folder_when_the_person_names_another(imap_server: ImapServer) -> None:
    for mailbox in rooms(imap_server, "plain.test", "Drafts", "Mails"):
        place = imap.place(mailbox.account, FIRST)
        chosen = replace(mailbox.account, folder="Mails")
        assert imap.look(chosen, place) is Found.UNTOUCHED
        assert imap.place(chosen, SECOND, place).folder == "Drafts"
        assert (mailbox.texts(), mailbox.texts("Mails")) == ([SECOND], [])


@pytest.mark.parametrize(("required", "outcome"), [("1", pytest.fail.Exception), ("0", pytest.skip.Exception)])
def test_a_run_that_must_have_a_mail_server_fails_without_one(
    required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAMDASH_REQUIRE_MAILBOX", required)
    with pytest.raises(outcome, match="apt-get install dovecot-imapd"):
        server.missing("dovecot is not installed (apt-get install dovecot-imapd).")
