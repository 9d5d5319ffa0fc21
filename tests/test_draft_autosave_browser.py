"""Text that was not saved: kept in the browser it was written in, and offered back there to its writer alone."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.models import Account, User
from communications import drafts
from communications.models import Communication
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDITOR = "[contenteditable=true][aria-label=Message]"
# Polled here: what Playwright would wait with is a kind of eval, which the page's policy forbids.
KEPT = "new Promise(done => setInterval(() => Object.keys(localStorage).some(key => key.startsWith('draft:')) && done(), 50))"
STORED = "Object.keys(localStorage).filter(key => key.startsWith('draft:'))"


@pytest.fixture
def row(rep: User) -> Communication:
    account: Account = make.account(rep.tenant, rep, name="Halden Freight")
    return make.draft(account)


def write(site: Site, row: Communication, words: str) -> Page:
    """Words typed over the message, and kept by the browser but not saved."""
    site.open(f"{row.get_absolute_url()}?mode=write")
    expect(site.page.locator(EDITOR)).to_be_visible()
    site.page.locator(EDITOR).fill(words)
    site.page.evaluate(KEPT)
    return site.page


def crash(site: Site) -> None:
    """The tab is gone without a question; the browser's memory stays."""
    context = site.page.context
    site.page.close()
    site.page = context.new_page()


def test_text_from_before_a_crash_is_offered_and_restored(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    write(site, row, "Words of mine")
    crash(site)
    site.open(row.get_absolute_url())
    page = site.page
    expect(page.get_by_text("You have unsaved text from")).to_be_visible()
    expect(page.get_by_text("+3 −5 words")).to_be_visible()
    site.assert_accessible()
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator(EDITOR)).to_have_text("Words of mine")
    expect(page.get_by_text("You have unsaved text from")).to_have_count(0)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("article.prose")).to_have_text("Words of mine")
    assert page.evaluate(STORED) == []
    assert page.url.endswith(row.get_absolute_url())


def test_dropped_text_is_not_offered_again(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    write(site, row, "Words of mine")
    crash(site)
    site.open(f"{row.get_absolute_url()}?mode=write")
    site.page.get_by_role("button", name="Drop it").click()
    assert site.page.evaluate(STORED) == []
    site.page.reload()
    expect(site.page.locator(EDITOR)).to_be_visible()
    expect(site.page.get_by_text("You have unsaved text from")).to_have_count(0)


def test_text_is_not_restored_over_a_newer_version_but_set_beside_it(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    write(site, row, "Words of mine")
    crash(site)
    drafts.save_text(row, rep, row.version, recipients="", subject="Theirs", body_html="<p>Their words</p>")
    site.open(row.get_absolute_url())
    page = site.page
    expect(page.get_by_text("The draft changed since")).to_be_visible()
    page.get_by_role("button", name="Compare the two").click()
    expect(page.get_by_role("heading", name="Two texts of one draft")).to_be_visible()
    expect(page.get_by_role("region", name="Yours, not saved")).to_contain_text("Words of mine")
    page.get_by_role("button", name="Keep mine as a new version").click()
    expect(page.locator("article.prose")).to_have_text("Words of mine")
    assert page.evaluate(STORED) == []
    assert row.revisions.count() == 3


def test_a_save_after_the_session_has_ended_leads_through_sign_in_back_to_the_text(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    page = write(site, row, "Words of mine")
    Session.objects.all().delete()
    cache.clear()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when the tab is looked at again
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Text that you had not saved is kept in this browser")).to_be_visible()
    page.get_by_label("Email").fill(rep.email)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator(EDITOR)).to_have_text("Words of mine")
    row.refresh_from_db()
    assert "Words of mine" not in row.body_html


def test_text_of_another_open_tab_is_told_of_and_offered_once_that_is_gone(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    other = write(site, row, "Words of mine")
    site.page = other.context.new_page()
    site.open(row.get_absolute_url())
    page = site.page
    expect(page.get_by_text("Another open tab has unsaved text from")).to_be_visible()
    expect(page.get_by_role("button", name="Drop it")).to_have_count(0)
    expect(page.get_by_role("button", name="Restore it")).to_have_count(0)
    other.close()
    expect(page.get_by_role("button", name="Restore it")).to_be_visible()
    expect(page.get_by_text("Another open tab has unsaved text from")).to_have_count(0)


def test_kept_text_is_its_writers_alone_and_gone_when_they_sign_out(site: Site, rep: User, row: Communication) -> None:
    site.sign_in(rep)
    write(site, row, "Words of mine")
    crash(site)
    site.page.context.clear_cookies()
    site.sign_in(make.user(rep.tenant, "manager"))
    site.open(f"{row.get_absolute_url()}?mode=write")
    expect(site.page.locator(EDITOR)).to_be_visible()
    expect(site.page.get_by_text("You have unsaved text from")).to_have_count(0)
    site.page.context.clear_cookies()
    site.sign_in(rep)
    site.page.get_by_role("button", name="account menu").click()
    site.page.get_by_role("button", name="Sign out").click()
    expect(site.page.get_by_label("Password")).to_be_visible()
    assert site.page.evaluate(STORED) == []
