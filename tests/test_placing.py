"""An approved draft goes into the approver's mailbox on a real server, once, and what they did with it there is not overwritten."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import CommunicationHistory
from communications import drafts, placing
from communications import placement as stage
from communications.models import Communication, Mailbox, Placement
from communications.placement import CannotPlace
from tests.conftest import Cast
from tests.drafting import reviewed
from tests.messages import Told
from tests.placed import Inbox, account, approve, approve_and_place, change, inbox, placement, row

__all__ = ["account", "inbox", "row"]


def state(draft: Communication) -> tuple[str, str, str]:
    found = placement(draft)
    return reviewed(draft).status, found.status, found.found


def test_an_approval_tells_a_worker_who_places_the_draft_and_says_where(
    row: Communication, cast: Cast, inbox: Inbox, told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        approve(row, cast.rep)
    assert ("communications.tasks.place_draft", [row.pk]) in told()
    assert state(row) == ("approved", "pending", "")
    placing.place(row.pk)
    assert inbox.subjects() == ["First"]
    assert state(row) == ("delivered", "placed", "")
    said = row.events.get(status="delivered").note
    assert said == f"Placed in Drafts of {inbox.account.user}."
    [content] = inbox.raw().values()
    assert f'From: "Rita Rep" <{inbox.account.user}>'.encode() in content
    assert b"X-Unsent" not in content


def test_who_has_no_mailbox_gets_a_file_as_before(row: Communication, cast: Cast) -> None:
    assert approve(row, cast.rep).status == "approved"
    assert not Placement.objects.exists()


def test_placing_twice_leaves_one_message(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    placing.place(row.pk)
    placing.sweep(timezone.now())
    assert inbox.subjects() == ["First"]
    assert placement(row).attempts == 1


def test_a_second_approval_replaces_the_draft_in_its_place(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    change(row, cast.rep, "Second")
    assert inbox.subjects() == ["First"]
    approve_and_place(row, cast.rep)
    assert inbox.subjects() == ["Second"]
    assert state(row) == ("delivered", "placed", "")


def test_a_lost_message_is_found_by_the_sweep(row: Communication, cast: Cast, inbox: Inbox, told: Told) -> None:
    approve(row, cast.rep)
    assert told() == [], "the transaction of the test never commits, so nobody was told"
    placing.sweep(timezone.now())
    assert told() == [("communications.tasks.place_draft", [row.pk])]


def test_a_draft_taken_back_to_review_before_it_was_placed_is_not_placed(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve(row, cast.rep)
    change(row, cast.rep, "Second")
    placing.place(row.pk)
    assert inbox.subjects() == []
    assert reviewed(row).status == "ready"
    approve_and_place(row, cast.rep)
    assert inbox.subjects() == ["Second"]


def test_a_text_changed_while_it_was_being_placed_is_known_for_an_older_one(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve(row, cast.rep)
    claimed = placing.claim(row.pk, timezone.now())
    assert claimed
    change(row, cast.rep, "Second")
    placing.attempt(claimed)
    assert inbox.subjects() == ["First"]
    assert state(row) == ("ready", "placed", "")
    assert "It is version 1; the draft was changed meanwhile." in reviewed(row).events.latest("id").note
    approve_and_place(row, cast.rep)
    assert inbox.subjects() == ["Second"]


def test_an_approval_during_the_placing_is_placed_after_it(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve(row, cast.rep)
    claimed = placing.claim(row.pk, timezone.now())
    assert claimed
    change(row, cast.rep, "Second")
    approve(row, cast.rep)
    placing.attempt(claimed)
    assert state(row) == ("approved", "pending", "")
    placing.place(row.pk)
    assert inbox.subjects() == ["Second"]
    assert state(row) == ("delivered", "placed", "")


def test_a_draft_edited_in_the_mailbox_is_held_until_the_person_has_it_replaced(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    inbox.edit()
    change(row, cast.rep, "Second")
    approve_and_place(row, cast.rep)
    assert state(row) == ("approved", "held", "edited")
    assert "was changed in the mailbox" in placement(row).error
    assert inbox.subjects() == ["First"]
    with pytest.raises(CannotPlace, match="Rita Rep decides"):
        stage.again(reviewed(row), cast.manager)
    stage.again(reviewed(row), cast.rep)
    placing.place(row.pk)
    assert inbox.subjects() == ["Second"]
    assert state(row) == ("delivered", "placed", "")


def test_a_draft_deleted_from_the_mailbox_is_placed_again_on_a_word(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    inbox.delete()
    change(row, cast.rep, "Second")
    approve_and_place(row, cast.rep)
    assert state(row) == ("approved", "held", "gone")
    assert inbox.subjects() == []
    stage.again(reviewed(row), cast.rep)
    placing.place(row.pk)
    assert inbox.subjects() == ["Second"]


def test_a_draft_that_was_sent_is_not_placed_a_second_time_and_can_be_marked(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve_and_place(row, cast.rep)
    inbox.send()
    change(row, cast.rep, "Second")
    approve_and_place(row, cast.rep)
    assert state(row) == ("approved", "held", "sent")
    assert inbox.subjects() == []
    with pytest.raises(CannotPlace, match="was sent"):
        stage.again(reviewed(row), cast.rep)
    drafts.mark_sent(reviewed(row), cast.rep, reviewed(row).version, "Thanked us")
    assert reviewed(row).status == "sent"
    assert CommunicationHistory.objects.get(draft_id=row.pk).outcome == "Thanked us"


def test_only_what_left_the_mailbox_skips_the_mailbox(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve(row, cast.rep)
    with pytest.raises(drafts.DraftError):
        drafts.mark_sent(reviewed(row), cast.rep, reviewed(row).version)


def test_the_download_calls_the_placing_off(row: Communication, cast: Cast, inbox: Inbox) -> None:
    approve(row, cast.rep)
    drafts.mark_delivered(reviewed(row), cast.rep, reviewed(row).version)
    placing.place(row.pk)
    assert inbox.subjects() == []
    assert not Placement.objects.exists()


def test_a_wrong_password_is_said_and_tried_again_when_asked(row: Communication, cast: Cast, inbox: Inbox) -> None:
    Mailbox.objects.update(secret="wrong")
    approve_and_place(row, cast.rep)
    assert state(row) == ("approved", "failed", "")
    assert "refuses the user name or password" in placement(row).error
    placing.sweep(timezone.now())
    placing.place(row.pk)
    assert placement(row).attempts == 1
    Mailbox.objects.update(secret=inbox.account.secret)
    stage.again(reviewed(row), cast.manager)
    placing.place(row.pk)
    assert inbox.subjects() == ["First"]


def test_a_server_that_is_away_is_tried_again_later_and_given_up_in_the_end(row: Communication, cast: Cast, inbox: Inbox) -> None:
    Mailbox.objects.update(port=1)
    approve_and_place(row, cast.rep)
    waiting = placement(row)
    assert (waiting.status, waiting.attempts) == ("pending", 1)
    assert waiting.next_try_at is not None
    assert timedelta(seconds=25) < waiting.next_try_at - timezone.now() <= timedelta(seconds=30)
    placing.place(row.pk)
    assert placement(row).attempts == 1, "not before its time"
    Placement.objects.update(attempts=9, next_try_at=timezone.now())
    placing.place(row.pk)
    assert state(row) == ("approved", "failed", "")
    assert "refused the connection" in placement(row).error
