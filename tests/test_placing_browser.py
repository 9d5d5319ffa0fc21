"""A mailbox connected, tested and approved into, in a real browser with a real worker and a real mail server."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests import make
from tests.browser import Site
from tests.imap_server import PASSWORD, ImapServer
from tests.placed import Inbox, change
from tests.worker import workers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mail_worker(transactional_db: None, imap_server: ImapServer) -> Iterator[None]:
    with workers(TAMDASH_SECRET_KEY=settings.SECRET_KEY, TAMDASH_ALLOW_PRIVATE_URLS="1") as start:
        start()
        yield


@pytest.mark.usefixtures("mail_worker")
def test_a_rep_connects_a_mailbox_and_finds_approved_drafts_in_it(site: Site, imap_server: ImapServer) -> None:
    rep = make.user(make.tenant("north"), "rep", name="Rita Rep")
    row = make.draft(make.account(rep.tenant, rep), subject="First")
    account, page = imap_server.account(), site.page
    with imap_server.mail_program(account) as program:
        for folder in ("Drafts", "Sent"):
            program.create_folder(folder)
    site.sign_in(rep)
    site.open("/mailbox/")
    expect(page.get_by_label("Server")).to_be_hidden()
    page.get_by_label("IMAP", exact=True).check()
    for label, text in (("Server", account.host), ("Port", str(account.port)), ("Username", account.user), ("Password", PASSWORD)):
        page.get_by_label(label).fill(text)
    page.get_by_label("Security").select_option("none")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("It works")).to_be_visible(timeout=40_000)
    site.assert_accessible()
    site.open(row.get_absolute_url())
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("button", name="Mark as sent").first).to_be_visible(timeout=20_000)
    expect(page.get_by_label("Delivery").get_by_text("In your mailbox, done")).to_be_visible()
    site.assert_accessible()
    with imap_server.mail_program(account) as program:
        inbox = Inbox(account, program)
        assert inbox.subjects() == ["First"]
        change(row, rep, "Second")
        page.reload()
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_role("button", name="Mark as sent").first).to_be_visible(timeout=20_000)
        assert inbox.subjects() == ["Second"]
        inbox.send()
    page.get_by_role("button", name="Look in the mailbox").click()
    expect(page.get_by_text("It left the drafts folder: did you send it?")).to_be_visible(timeout=20_000)
