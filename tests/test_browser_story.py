"""The main job in a browser, with a real worker: from the heatmap to a mail draft and back into the history."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Account, CommunicationHistory, Integration, Stakeholder, Tenant, User
from communications.models import Communication, Release, RoadmapItem
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KINDS = ["Escalation outreach", "Release notes", "Roadmap preview", "Health check-in", "Customer success review"]
HOSTILE = '<script>window.hit=1</script><img src="https://spy.example/x.png" onerror="window.hit=2"><a href="javascript:window.hit=3">x</a>'


@pytest.fixture
def tenant() -> Tenant:
    tenant = make.tenant("north", "Europe/Berlin")
    today = timezone.localdate()
    Release.objects.create(
        tenant=tenant, version="4.18.2", released_on=today, features=["Order sync takes messages over 1 MB"],
        affected_integrations=["Order sync"], is_published=True,
    )  # fmt: skip
    RoadmapItem.objects.create(tenant=tenant, title="Order sync in batches", status="planned", horizon="Q1 2027")
    return tenant


@pytest.fixture
def rep(tenant: Tenant) -> User:
    return make.user(tenant, "rep", name="Rita Rep")


@pytest.fixture
def halden(tenant: Tenant, rep: User) -> Account:
    account = make.red_account(tenant, rep, name="Halden Freight", tier="strategic")
    make.ticket(account, days=6, priority=1, external_id="JIRA-1042", subject=f"Order sync drops messages {HOSTILE}")
    Stakeholder.objects.create(account=account, name="Petra Hoffmann", role="VP Operations", email="petra@halden.example", notes=HOSTILE)
    Integration.objects.create(account=account, name="Order sync")
    make.account(tenant, rep, name="Green Bank")
    make.scanned(tenant)
    return account


def generate(site: Site, account: Account, kind: str) -> None:
    """From the account's page until the text is there."""
    site.open(f"/accounts/{account.pk}/")
    site.page.get_by_role("button", name="Generate").click()
    site.page.get_by_role("button", name=kind).click()
    expect(site.page.get_by_role("heading", name=kind, level=1)).to_be_visible()
    expect(site.page.locator("article.prose")).to_be_visible(timeout=60_000)


def vouch_for_all(site: Site, name: str) -> None:
    """For every claim that no record holds, those that a hostile record brought in among them."""
    closed = site.page.get_by_text("Confirm myself")
    while left := closed.count():
        closed.first.click()
        site.page.get_by_label("Your name").first.fill(name)
        site.page.get_by_label("Your name").first.press("Enter")
        expect(closed).not_to_have_count(left)


@pytest.mark.usefixtures("worker")
def test_a_rep_takes_an_account_from_the_heatmap_to_a_sent_message(site: Site, rep: User, halden: Account, tmp_path: Path) -> None:
    page = site.page
    site.sign_in_by_form(rep)
    page.get_by_role("checkbox", name="Red").check()
    expect(page.locator(".tile")).to_have_count(1)
    page.locator(".tile").click()
    expect(page.get_by_role("heading", name="Halden Freight", level=1)).to_be_visible()

    for kind in KINDS:
        generate(site, halden, kind)
        expect(page.get_by_text("No model is configured").first).to_be_visible()
        site.assert_accessible()
    assert Communication.objects.filter(status="ready").count() == len(KINDS)

    generate(site, halden, "Escalation outreach")
    expect(page.locator("article.prose")).to_contain_text("JIRA-1042")
    page.get_by_role("link", name="Write").click()
    editor = page.locator("[contenteditable=true][aria-label=Message]")
    expect(editor).to_be_visible()
    site.assert_accessible()
    editor.press("Control+Home")
    editor.press_sequentially("A word from me. ")
    page.get_by_label("Subject").fill("Where we are, and what comes next")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("article.prose")).to_contain_text("A word from me.")

    vouch_for_all(site, "Rita Rep")
    page.get_by_role("button", name="Approve").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as mail draft").click()
    file = tmp_path / "draft.eml"
    download.value.save_as(file)
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["X-Unsent"] == "1"
    assert (mail["To"], mail["Subject"]) == ("Petra Hoffmann <petra@halden.example>", "Where we are, and what comes next")
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        assert "A word from me." in body.get_content()

    page.get_by_role("button", name="Mark as sent").first.click()
    page.get_by_label("What came of it").fill("Petra agreed to a call on Friday")
    page.locator("#sent").get_by_role("button", name="Mark as sent").click()
    expect(page.get_by_text("communication history").first).to_be_visible()
    site.open(f"/accounts/{halden.pk}/")
    history = page.get_by_role("region", name="Communication history")
    expect(history).to_contain_text("Where we are, and what comes next")
    expect(history).to_contain_text("Petra agreed to a call on Friday")
    assert CommunicationHistory.objects.count() == 1
    assert page.evaluate("window.hit") is None
    assert site.problems == []


@pytest.mark.usefixtures("worker")
def test_hostile_text_does_nothing_anywhere(site: Site, rep: User, halden: Account) -> None:
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    site.sign_in(rep)
    generate(site, halden, "Escalation outreach")
    draft = Communication.objects.get()
    escalation = halden.escalations.get()
    paths = ["/", "/?view=table", f"/accounts/{halden.pk}/", f"/drafts/{draft.pk}/", f"/drafts/{draft.pk}/?mode=write", "/drafts/",
             f"/escalations/{escalation.pk}/"]  # fmt: skip
    for path in paths:
        site.open(path)
        assert site.page.evaluate("window.hit") is None, path
    assert not [url for url in asked if "spy.example" in url]
    assert site.problems == []


def test_others_of_the_tenant_read_and_strangers_find_nothing(site: Site, tenant: Tenant, rep: User, halden: Account) -> None:
    draft = make.draft(halden)
    site.sign_in(make.user(tenant, "rep", name="Otto Other"))
    assert site.open(f"/accounts/{halden.pk}/") == 200
    expect(site.page.get_by_role("button", name="Generate")).to_have_count(0)
    assert site.open(f"/drafts/{draft.pk}/") == 200
    expect(site.page.get_by_role("button", name="Approve")).to_have_count(0)
    site.page.context.clear_cookies()
    site.problems.clear()
    site.sign_in(make.user(make.tenant("south"), "manager"))
    for path in (f"/accounts/{halden.pk}/", f"/drafts/{draft.pk}/", f"/escalations/{halden.escalations.get().pk}/"):
        assert site.open(path) == 404
        expect(site.page.get_by_role("heading", name="Nothing is here")).to_be_visible()
