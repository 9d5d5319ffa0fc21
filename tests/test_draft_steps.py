"""The steps of a draft's life, pressed on its page: what is done, what is refused, and how that is said."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, CommunicationHistory
from communications import drafts
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.test_draft_pages import account, page, post, rep

__all__ = ["account", "rep"]


def test_a_draft_is_approved_downloaded_and_marked_as_sent(rep: Client, account: Account) -> None:
    row = draft(account, recipients="Petra <petra@halden.test>")
    assert "Approved." in post(rep, "draft-approve", row).content.decode()
    for _ in range(2):
        response = rep.post(reverse("draft-eml", args=[row.pk]))
        assert response.headers["Content-Type"] == "message/rfc822"
        assert response.headers["Content-Disposition"] == f'attachment; filename="halden-freight-health-check-in-{row.pk}.eml"'
        assert b"X-Unsent: 1" in response.content
    row = reviewed(row)
    assert [event.status for event in row.events.all()].count("delivered") == 1
    post(rep, "draft-sent", row, outcome="They asked for a call")
    post(rep, "draft-sent", reviewed(row), outcome="The call went well")
    assert CommunicationHistory.objects.get(account=account).outcome == "The call went well"


@pytest.mark.parametrize("status", ["ready", "rejected", "sent", "failed"])
def test_an_unapproved_draft_never_leaves(rep: Client, account: Account, status: str) -> None:
    row = draft(account, status)
    response = rep.post(reverse("draft-eml", args=[row.pk]))
    assert response.status_code == 302
    assert reviewed(row).status == status


def test_a_step_on_an_older_version_is_refused_and_said(rep: Client, cast: Cast, account: Account) -> None:
    row = draft(account)
    drafts.save_text(reviewed(row), cast.manager, row.version, recipients="", subject="Theirs", body_html="<p>Their words</p>")
    said = post(rep, "draft-approve", row).content.decode()
    assert "Nothing was done: Mona Manager changed this draft" in said
    assert reviewed(row).status == "ready"


def test_rejecting_wants_a_reason(rep: Client, account: Account) -> None:
    row = draft(account)
    refused = post(rep, "draft-reject", row, reason="  ")
    assert refused.status_code == 422
    assert re.search(r'name="reason"[^>]*aria-invalid.*?id="reason-e"[^>]*>.*?The reason is empty\.', refused.content.decode(), re.DOTALL)
    assert reviewed(row).status == "ready"
    assert "Wrong tone" in post(rep, "draft-reject", row, reason="Wrong tone").content.decode()


def test_an_outcome_that_is_too_long_comes_back_with_its_fault(rep: Client, account: Account) -> None:
    refused = post(rep, "draft-sent", draft(account, "delivered"), outcome="x" * 2001)
    assert refused.status_code == 422
    assert "The outcome has 2001 characters. Shorten it to 2000." in refused.content.decode()
    assert "x" * 2001 in refused.content.decode()


def test_a_rejected_draft_shows_a_way_on(rep: Client, account: Account) -> None:
    said = page(rep, draft(account, "rejected", communication_type="release_notes"))
    assert f'action="{reverse("generate", args=[account.pk])}"' in said
    assert 'value="release_notes"' in said
    assert "Generate a new one" in said


def test_a_draft_without_a_recipient_is_approved_on_a_second_word(rep: Client, account: Account) -> None:
    row = draft(account)
    assert 'name="without_recipient"' in page(rep, row)
    assert "Not approved: To is empty." in post(rep, "draft-approve", row).content.decode()
    assert reviewed(row).status == "ready"
    assert "Approved." in post(rep, "draft-approve", row, without_recipient="1").content.decode()
    assert 'name="without_recipient"' not in page(rep, draft(account, recipients="a@b.test"))


def test_regenerating_keeps_the_text_in_view(rep: Client, account: Account) -> None:
    said = post(rep, "draft-regenerate", draft(account), instruction="shorter").content.decode()
    assert "<p>Hello there.</p>" in said
    assert "It stays among the versions." in said


def test_a_text_that_was_kept_as_an_instruction_could_not_be_followed_says_so(rep: Client, account: Account) -> None:
    row = draft(account)
    row.failure = "The instruction asks for a price, which no record holds."
    row.save()
    assert "<b>Nothing was rewritten:</b> The instruction asks for a price" in page(rep, row)
