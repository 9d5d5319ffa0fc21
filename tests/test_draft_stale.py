"""A draft that changes while somebody has it open: told in the other tab, refused at the server, and nothing lost."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Account, User
from communications import drafts
from communications.models import Communication
from tests import make
from tests.browser import Site
from tests.conftest import Cast
from tests.drafting import claiming, draft
from tests.test_draft_pages import BACKEND

EDITOR = "[contenteditable=true][aria-label=Message]"


def saved(row: Communication, by: User, subject: str = "Theirs") -> None:
    drafts.save_text(row, by, row.version, recipients=row.recipients, subject=subject, body_html="<p>Their words</p>")


def news(client: Client, row: Communication, **query: str | int) -> str:
    return client.get(reverse("draft-news", args=[row.pk]), query).content.decode()


def test_a_tab_that_is_up_to_date_is_told_nothing(client: Client, cast: Cast) -> None:
    row = draft(make.account(cast.tenant, cast.rep))
    client.force_login(cast.rep, BACKEND)
    with CaptureQueriesContext(connection) as asked:
        response = client.get(reverse("draft-news", args=[row.pk]), {"seen": row.version})
    assert response.status_code == 204
    assert len(asked) <= 4, "a question that every open tab asks every 15 s"


def test_a_tab_with_an_older_state_is_told_who_changed_it_and_what_it_is_now(client: Client, cast: Cast) -> None:
    row = draft(make.account(cast.tenant, cast.rep))
    client.force_login(cast.rep, BACKEND)
    seen = row.version
    saved(row, cast.manager)
    assert re.search(r"Mona Manager changed this draft at \d\d:\d\d\.", news(client, row, seen=seen))
    assert "Compare the two" in news(client, row, seen=seen, mode="write")
    drafts.reject(row, cast.manager, row.version, "No longer needed")
    assert "it is now “Rejected”" in news(client, row, seen=seen)


def test_two_texts_that_meet_say_how_many_claims_each_leaves_open(client: Client, cast: Cast) -> None:
    row = claiming(make.account(cast.tenant, cast.rep))
    client.force_login(cast.rep, BACKEND)
    text = {"version": row.version - 1, "subject": "Mine", "body_html": "<p>T-98 and T-97 too.</p>", "kept": "abc123"}
    response = client.post(reverse("draft-save", args=[row.pk]), text)
    said = response.content.decode()
    assert response.status_code == 409
    assert "2 claims without a source" in said.split('id="h-theirs"')[0]
    assert "1 claim without a source" in said.split('id="h-theirs"')[1]
    assert 'name="kept" value="abc123"' in said


@pytest.fixture
def rep(transactional_db: None) -> User:
    return make.user(make.tenant("north"), "rep", name="Rita Rep")


@pytest.fixture
def account(rep: User) -> Account:
    return make.account(rep.tenant, rep, name="Halden Freight")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_tabs_hear_of_a_save_in_another_one_and_ask_for_others_now_and_then(site: Site, rep: User, account: Account) -> None:
    row, manager = draft(account), make.user(rep.tenant, "manager", name="Mona Manager")
    site.sign_in(rep)
    reading = site.page
    reading.context.clock.install()
    site.open(row.get_absolute_url())
    writing = reading.context.new_page()
    writing.goto(f"{site.url}{row.get_absolute_url()}?mode=write")
    writing.get_by_label("Subject").fill("Mine")
    writing.get_by_role("button", name="Save").first.click()
    expect(writing.get_by_text("Saved.")).to_be_visible()
    expect(reading.get_by_text("You changed this draft at")).to_be_visible()

    asked: list[str] = []
    reading.on("request", lambda request: asked.append(request.url))
    reading.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    writing.goto(f"{site.url}{row.get_absolute_url()}?mode=write")
    expect(writing.locator(EDITOR)).to_be_visible()
    writing.locator(EDITOR).fill("My words")
    row.refresh_from_db()
    saved(row, manager)
    reading.context.clock.run_for(16_000)
    expect(writing.get_by_text("Mona Manager changed this draft at")).to_be_visible()
    assert asked == [], "a hidden tab asks nothing"
    writing.get_by_role("button", name="Compare the two").click()
    expect(writing.get_by_role("heading", name="Two texts of one draft")).to_be_visible()
    expect(writing.get_by_role("region", name="Yours, not saved")).to_contain_text("My words")
