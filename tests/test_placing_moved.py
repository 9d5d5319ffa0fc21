"""Drafts that go from one mailbox to another, into Gmail, into a thread; and the look at what became of them."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.utils import timezone

from communications import drafts, placing
from communications import placement as stage
from communications.models import Communication, Mailbox, Placement
from tests import make
from tests.conftest import Cast
from tests.drafting import reviewed
from tests.fake_gmail import REFRESH_TOKEN, Gmail
from tests.imap_server import ImapServer
from tests.placed import Inbox, account, approve, approve_and_place, change, inbox, mailbox_of, placement, row

__all__ = ["account", "inbox", "row"]


@pytest.fixture
def managers(cast: Cast, imap_server: ImapServer) -> Iterator[Inbox]:
    with mailbox_of(cast.manager, imap_server) as found:
        yield found


def notes(draft: Communication) -> str:
    return " ".join(event.note for event in reviewed(draft).events.all())


def test_a_manager_who_approves_after_the_rep_has_it_in_the_managers_mailbox(
    row: Communication, cast: Cast, inbox: Inbox, managers: Inbox
) -> None:
    approve_and_place(row, cast.rep)
    change(row, cast.manager, "Second")
    approve_and_place(row, cast.manager)
    assert (inbox.subjects(), managers.subjects()) == ([], ["Second"])
    assert f"The one placed before was taken out of Drafts of {inbox.account.user}." in notes(row)


def test_what_the_rep_edited_stays_in_the_reps_mailbox_and_that_is_said(
    row: Communication, cast: Cast, inbox: Inbox, managers: Inbox
) -> None:
    approve_and_place(row, cast.rep)
    inbox.edit()
    change(row, cast.manager, "Second")
    approve_and_place(row, cast.manager)
    assert (inbox.subjects(), managers.subjects()) == (["First"], ["Second"])
    assert f"was changed in Drafts of {inbox.account.user}, so it stays there." in notes(row)


def test_what_the_rep_has_sent_is_not_placed_with_the_manager(row: Communication, cast: Cast, inbox: Inbox, managers: Inbox) -> None:
    approve_and_place(row, cast.rep)
    inbox.send()
    change(row, cast.manager, "Second")
    assert approve_and_place(row, cast.manager).status == "approved"
    assert managers.subjects() == []
    assert (placement(row).status, placement(row).found) == ("held", "sent")


def test_a_manager_without_a_mailbox_takes_the_older_text_out_of_the_reps(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    change(row, cast.manager, "Second")
    assert approve_and_place(row, cast.manager).status == "approved"
    assert inbox.subjects() == []
    assert not Placement.objects.exists()
    assert "was taken out of" in notes(row)


def test_a_mailbox_that_is_not_connected_any_more_is_said_and_holds_nothing_up(
    row: Communication, cast: Cast, inbox: Inbox, managers: Inbox
) -> None:
    approve_and_place(row, cast.rep)
    Mailbox.objects.filter(user=cast.rep).update(kind="eml", secret="")
    change(row, cast.manager, "Second")
    assert approve_and_place(row, cast.manager).status == "delivered"
    assert managers.subjects() == ["Second"]
    assert f"may still lie in Drafts of {inbox.account.user}" in notes(row)


def test_a_draft_goes_into_gmail_and_is_replaced_there(row: Communication, cast: Cast, fake_gmail: Gmail) -> None:
    Mailbox.objects.create(user=cast.rep, kind="gmail", username=fake_gmail.address, address=fake_gmail.address, secret=REFRESH_TOKEN)
    approve_and_place(row, cast.rep)
    change(row, cast.rep, "Second")
    assert approve_and_place(row, cast.rep).status == "delivered"
    [content] = fake_gmail.contents()
    assert message_from_bytes(content)["Subject"] == "Second"
    assert placement(row).place["address"] == fake_gmail.address
    fake_gmail.drafts.clear()
    change(row, cast.rep, "Third")
    approve_and_place(row, cast.rep)
    assert (placement(row).status, placement(row).found, fake_gmail.contents()) == ("held", "gone", [])
    stage.again(reviewed(row), cast.rep)
    placing.place(row.pk)
    assert [message_from_bytes(one)["Subject"] for one in fake_gmail.contents()] == ["Third"]
    assert not [path for _, path in fake_gmail.calls if "send" in path]


def test_a_message_about_the_same_escalation_answers_those_that_were_sent(cast: Cast, inbox: Inbox) -> None:
    red = make.red_account(cast.tenant, cast.rep)
    escalation = make.escalation(red)
    ids = []
    for _ in range(2):
        before = make.approved(make.draft(red, escalation=escalation), cast.other_rep)
        drafts.mark_delivered(before, cast.rep, before.version)
        drafts.mark_sent(before, cast.rep, before.version)
        ids.append(f"<{before.message_id}@tamdash.invalid>")
    make.draft(red, escalation=escalation)
    approve_and_place(make.draft(red, escalation=escalation, subject="Third"), cast.rep)
    [content] = inbox.raw().values()
    message = message_from_bytes(content)
    assert message["In-Reply-To"] == ids[1]
    assert message["References"].split() == ids


def looked(draft: Communication) -> tuple[str, str]:
    """After a look, which was due."""
    Placement.objects.update(next_try_at=timezone.now())
    placing.look(draft.pk)
    return placement(draft).status, placement(draft).found


def test_a_look_notices_what_became_of_it(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    assert looked(row) == ("placed", "")
    inbox.edit()
    assert looked(row) == ("placed", "edited")
    inbox.send()
    assert looked(row) == ("placed", "sent")
    assert placement(row).next_try_at is None, "it is not looked for again"
    assert reviewed(row).status == "delivered", "only a person says that it was sent"


def test_it_is_looked_for_once_an_hour_and_not_for_ever(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    next_try = placement(row).next_try_at
    placing.look(row.pk)
    assert next_try is not None
    assert placement(row).next_try_at == next_try
    assert next_try > timezone.now() + timedelta(minutes=55)
    Placement.objects.update(placed_at=timezone.now() - timedelta(days=15))
    assert looked(row) == ("placed", "")
    assert placement(row).next_try_at is None


def test_a_look_that_fails_says_so_and_is_tried_again(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    Mailbox.objects.update(secret="wrong")
    assert looked(row) == ("placed", "")
    assert "could not be looked into" in placement(row).error
    assert placement(row).next_try_at is not None


def test_a_look_goes_to_the_mailbox_it_lies_in_though_another_has_approved_since(
    row: Communication, cast: Cast, inbox: Inbox, managers: Inbox
) -> None:
    approve_and_place(row, cast.rep)
    change(row, cast.manager, "Second")
    approve(row, cast.manager)
    drafts.mark_delivered(reviewed(row), cast.manager, reviewed(row).version)
    inbox.send()
    assert looked(row) == ("placed", "sent")
