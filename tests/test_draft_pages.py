import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from communications import drafts, generation
from communications.models import Communication
from tests import make
from tests.conftest import Cast
from tests.drafting import draft, reviewed

BACKEND = "tamdash.sign_in.Passwords"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def rep(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rep, BACKEND)
    return client


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def page(client: Client, row: Communication, **query: Any) -> str:
    response = client.get(row.get_absolute_url(), query)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, name: str, row: Communication, **data: Any) -> Any:
    return client.post(reverse(name, args=[row.pk]), {"version": row.version} | data, follow=True)


def test_a_draft_takes_the_same_queries_however_long_its_life(
    rep: Client, cast: Cast, account: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = draft(account)
    with CaptureQueriesContext(connection) as young:
        page(rep, row)
    for number in range(10):
        drafts.save_text(row, cast.manager, row.version, recipients="", subject=f"Text {number}", body_html=f"<p>{number}</p>")
    with django_assert_num_queries(len(young)):
        page(rep, row)


@pytest.mark.parametrize("status", Communication.Status.values)
def test_every_state_has_its_page_without_inline_code(rep: Client, account: Account, status: str) -> None:
    said = page(rep, draft(account, status))
    assert not re.search(r"<[^>]+\s(on\w+|style)=", said)
    assert "Health check-in" in said


def test_the_page_shows_what_the_draft_was_written_from_and_by_whom(rep: Client, account: Account, cast: Cast) -> None:
    make.ticket(account, priority=1, days=5, external_id="T-77", subject="Payouts fail")
    make.scanned(cast.tenant)
    row = draft(account, "queued", communication_type="escalation_outreach")
    generation.generate(row.pk)
    said = page(rep, row)
    for words in ("Written by the offline composer.", "No model is configured.", "T-77", "Key issues", "5 d", "Rita Rep"):
        assert words in said


def test_hostile_text_is_harmless_on_the_pages(rep: Client, account: Account) -> None:
    make.ticket(account, priority=1, days=5, external_id="<i>T</i>", subject="<script>alert(1)</script>")
    row = draft(account, "queued", communication_type="escalation_outreach")
    generation.generate(row.pk)
    post(
        rep,
        "draft-save",
        reviewed(row),
        subject='"><script>alert(2)</script>',
        body_html='<p>x<img src="//spy.example" onerror=alert(3)></p>',
    )
    for said in (page(rep, row), page(rep, row, mode="write"), page(rep, row, revision=1), rep.get(reverse("drafts")).content.decode()):
        assert "alert(1)</script>" not in said
        assert "alert(2)</script>" not in said
        assert "spy.example" not in said


def test_the_page_of_a_draft_under_way_asks_again_until_it_is_there(rep: Client, account: Account) -> None:
    row = draft(account, "queued")
    said = page(rep, row)
    assert f'hx-get="{row.get_absolute_url()}?seen={row.version}" hx-trigger="every 1s"' in said
    assert rep.get(row.get_absolute_url(), {"seen": row.version}, headers=HTMX).status_code == 204
    generation.generate(row.pk)
    part = rep.get(row.get_absolute_url(), {"seen": row.version}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "every 1s" not in part
    assert "The draft is ready to review." in part


def test_a_boosted_request_gets_the_whole_page(rep: Client, account: Account) -> None:
    row = draft(account)
    assert "<html" in rep.get(row.get_absolute_url(), headers=HTMX | {"HX-Boosted": "true"}).content.decode()


def test_a_failed_draft_shows_why_and_offers_another_try(rep: Client, account: Account) -> None:
    row = draft(account, "queued", communication_type="release_notes")
    generation.generate(row.pk)
    said = page(rep, row)
    assert "No release is published yet." in said
    assert "Try again" in said
    assert reviewed(post(rep, "draft-retry", reviewed(row)).context["draft"]).status == "queued"


def test_writing_works_in_a_plain_textarea(rep: Client, account: Account) -> None:
    row = draft(account)
    said = page(rep, row, mode="write")
    assert "&lt;p&gt;Hello there.&lt;/p&gt;</textarea>" in said
    assert "<label" in said
    post(rep, "draft-save", row, subject="Mine", body_html="Plain words.\r\n\r\nAnd more.", recipients="a@b.test")
    assert reviewed(row).body_html == "<p>Plain words.</p>\n\n<p>And more.</p>"


def test_the_editor_is_let_in_by_the_policy_and_by_nothing_else(rep: Client, account: Account) -> None:
    response = rep.get(draft(account).get_absolute_url(), {"mode": "write"})
    nonce = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])
    assert nonce
    inline = re.findall(r"<(?:script|style)(?![^>]*\ssrc=)[^>]*>", response.content.decode())
    assert inline
    assert all(f'nonce="{nonce[1]}"' in tag for tag in inline)
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_who_may_only_read_gets_no_editor_and_no_steps(client: Client, cast: Cast, account: Account) -> None:
    client.force_login(cast.other_rep, BACKEND)
    said = page(client, draft(account), mode="write")
    assert "<textarea" not in said
    assert "Approve</button>" not in said
    assert "the owner, Rita Rep, or a manager" in said


def test_a_stale_save_shows_both_texts_and_keeps_mine_on_request(rep: Client, cast: Cast, account: Account) -> None:
    row = draft(account)
    seen = row.version
    drafts.save_text(row, cast.manager, seen, recipients="", subject="Theirs", body_html="<p>Their words</p>")
    row.version = seen
    response = post(rep, "draft-save", row, subject="Mine", body_html="<p>My words</p>")
    said = response.content.decode()
    assert response.status_code == 409
    assert all(words in said for words in ("Mona Manager changed this draft", "<p>Their words</p>", "<p>My words</p>", "Keep mine"))
    assert reviewed(row).subject == "Theirs"
    assert "<del>Theirs" in said
    assert "<ins>Mine" in said
    assert ", it is now" not in said
    fields = dict(re.findall(r'name="(version|subject)" value="([^"]*)"', said))
    post(rep, "draft-save", row, body_html="<p>My words</p>", **fields)
    assert [revision.subject for revision in row.revisions.all()] == ["Mine", "Theirs", "How are things?"]


@pytest.mark.parametrize("status", ["queued", "rejected", "sent"])
def test_a_text_for_a_draft_that_takes_none_is_shown_and_not_lost(rep: Client, account: Account, status: str) -> None:
    response = post(rep, "draft-save", draft(account, status), subject="Mine", body_html="<p>My words</p>")
    assert response.status_code == 409
    assert "<p>My words</p>" in response.content.decode()


def test_a_text_with_faults_comes_back_with_them(rep: Client, account: Account) -> None:
    row = draft(account)
    response = post(rep, "draft-save", row, subject="", recipients="nobody", body_html="<p>My words</p><script>x</script>")
    said = response.content.decode()
    assert response.status_code == 422
    assert "The subject is empty." in said
    assert "2 fields need a change." in said
    assert '<a href="#id_recipients">“nobody” is not a mail address.' in said
    assert re.findall(r'name="(\w+)"[^>]*autofocus', said) == ["recipients"]
    assert "“nobody” is not a mail address." in said
    assert "My words" in said
    assert "The message is empty." in post(rep, "draft-save", row, subject="x", body_html="<script>x</script>").content.decode()
    assert rep.post(reverse("draft-save", args=[row.pk]), {"subject": "x"}).status_code == 400


def test_an_older_version_can_be_read_and_restored(rep: Client, cast: Cast, account: Account) -> None:
    row = draft(account)
    drafts.save_text(row, cast.rep, row.version, recipients="", subject="Newer", body_html="<p>Newer words</p>")
    said = page(rep, row, revision=1)
    assert "<p>Hello there.</p>" in said
    assert "Restore version 1" in said
    compared = page(rep, row, revision=1, compare="")
    assert re.search(r"<del>How are things\?\s+Hello there\.\s+</del><ins>Newer\s+Newer words\s+</ins>", compared)
    assert "+3 −5 words" in compared
    assert "Version 1 is the current text again" in post(rep, "draft-restore", row, number=1).content.decode()
    assert reviewed(row).body_html == "<p>Hello there.</p>"
