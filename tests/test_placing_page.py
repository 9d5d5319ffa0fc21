"""What a draft's page and the list of drafts say of the mailbox, and what can be pressed there."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from communications import placing
from communications.mailboxes import MailboxError
from communications.models import Communication, Mailbox, Placement
from tests import make
from tests.conftest import Cast
from tests.drafting import claiming, reviewed
from tests.placed import approve, change
from tests.test_draft_pages import HTMX, account, page, post, rep

__all__ = ["account", "rep"]
PLACE = {"mailbox": "imap:rita@mail.test", "message_id": "<a@b>", "digest": "", "folder": "Entwürfe"}


@pytest.fixture
def row(account: Account, cast: Cast) -> Communication:
    Mailbox.objects.create(user=cast.rep, kind="imap", address="rita@mail.test", host="mail.test", username="rita", secret="x")
    return make.draft(account)


def placed(row: Communication, by: str = "placed", **values: object) -> None:
    """The placement as a worker may have left it."""
    lying = {"user": row.placement.user_id, "kind": "imap", "address": "rita@mail.test", "number": 1, "at": PLACE}
    given = {"status": by, "place": lying, "placed_at": timezone.now(), "next_try_at": None}
    Placement.objects.update(**given | values)
    if by == "placed":
        Communication.objects.filter(pk=row.pk).update(status="delivered")


def test_before_approval_the_page_says_where_it_will_go(rep: Client, row: Communication) -> None:
    assert "Placed in Drafts of rita@mail.test. Nothing is sent for you." in page(rep, row)


def test_after_approval_the_page_asks_until_it_is_placed(rep: Client, row: Communication, cast: Cast) -> None:
    said = post(rep, "draft-approve", row).content.decode()
    assert "It is being placed in your mailbox." in said
    assert "Waiting to be placed" in said
    assert "Download instead" in said
    address = f"{row.get_absolute_url()}?seen=2&amp;at=pending00"
    assert f'hx-get="{address}" hx-trigger="every 2s"' in said
    asked = address.replace("&amp;", "&")
    assert rep.get(asked, headers=HTMX).status_code == 204
    Placement.objects.update(status="placing", attempts=1)
    assert "Being placed" in rep.get(asked, headers=HTMX).content.decode()


def test_a_failure_is_said_with_what_to_do(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    Placement.objects.update(status="failed", error="mail.test refuses the user name or password.")
    said = page(rep, row)
    for words in ("Not placed in the mailbox.", "mail.test refuses", "Try again", "Download instead"):
        assert words in said
    assert "Not placed" in rep.get(reverse("drafts"), {"status": "approved"}).content.decode()
    post(rep, "draft-place", reviewed(row))
    assert Placement.objects.get().status == "pending"


def test_a_retry_says_when_it_comes(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    claimed = placing.claim(row.pk, timezone.now())
    assert claimed
    placing.fail(claimed, MailboxError("mail.test did not answer in time.", permanent=False))
    assert "Attempt 1: mail.test did not answer in time. Next try today" in page(rep, row)


def test_what_was_edited_is_replaced_by_its_owner_only(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    placed(reviewed(row), "held", found="edited", error="The draft was changed in the mailbox.")
    assert "Replace it" in page(rep, row)
    manager = Client()
    manager.force_login(cast.manager, "tamdash.sign_in.Passwords")
    said = page(manager, row)
    assert "Replace it" not in said
    assert "It is Rita Rep’s mailbox, so Rita Rep decides." in said


def test_what_left_the_drafts_can_be_marked_as_sent(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    placed(reviewed(row), found="sent", error="The draft was sent from the mailbox.")
    said = page(rep, row)
    assert "It left the drafts folder: did you send it?" in said
    assert "Place it again" not in said
    assert "Left the drafts: sent?" in rep.get(reverse("drafts"), {"status": "delivered"}).content.decode()
    assert post(rep, "draft-sent", reviewed(row)).status_code == 200
    assert reviewed(row).status == "sent"


def test_a_held_draft_that_was_sent_is_marked_from_its_page(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    placed(reviewed(row), "held", found="sent", error="The draft was sent from the mailbox. No second one is placed.")
    said = page(rep, row)
    assert 'popovertarget="sent"' in said
    assert "No second one is placed." in said
    post(rep, "draft-sent", reviewed(row))
    assert reviewed(row).status == "sent"


def test_an_older_text_in_the_mailbox_is_called_that(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    placed(reviewed(row))
    said = page(rep, row)
    assert "Entwürfe of rita@mail.test" in said
    assert "An older text" not in said
    change(row, cast.rep, "Second")
    assert "An older text lies there" in page(rep, row)


def test_a_look_is_asked_for_on_the_page(rep: Client, row: Communication, cast: Cast) -> None:
    approve(row, cast.rep)
    placed(reviewed(row))
    assert "Look in the mailbox" in page(rep, row)
    assert "Looking" in post(rep, "draft-look", reviewed(row)).content.decode()


def test_what_was_approved_before_a_mailbox_was_there_can_be_placed(rep: Client, row: Communication, cast: Cast) -> None:
    Mailbox.objects.update(kind="eml")
    approve(row, cast.rep)
    assert "Place in my mailbox" not in page(rep, row)
    Mailbox.objects.update(kind="imap")
    assert "Place in my mailbox" in page(rep, row)
    post(rep, "draft-place", reviewed(row))
    assert Placement.objects.get().user == cast.rep


def test_who_looks_for_the_owner_is_told_whose_mailbox_it_goes_to_and_who_signs(cast: Cast, account: Account) -> None:
    row = claiming(account, "<p>Hello,</p><p>Mara Lindqvist</p>")
    manager = Client()
    manager.force_login(cast.manager, "tamdash.sign_in.Passwords")
    assert "Approved by you, you download it. It is signed Mara Lindqvist." in page(manager, row)
    Mailbox.objects.create(user=cast.manager, kind="imap", address="mona@mail.test", host="mail.test", username="mona", secret="x")
    assert "Approved by you, it goes to your own mailbox, Drafts of mona@mail.test." in page(manager, row)
    post(manager, "draft-approve", row)
    assert "Approved by you, it goes" not in page(manager, row)
