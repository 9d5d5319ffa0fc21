"""The path to Green and the plan of the week in a browser, with a real worker behind the draft."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.models import Account, Stakeholder, Tenant, User
from communications.models import Communication
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def halden(tenant: Tenant, rep: User) -> Account:
    """Late tickets, a silent heartbeat and a crowd of small ones: 100 less 40, 30 and 20, so 10."""
    account = make.account(tenant, rep, name="Halden Freight", arr=1_840_000)
    make.ticket(account, days=8, priority=1, external_id="JIRA-1042", subject="Order sync drops messages over 1 MB")
    make.ticket(account, days=6, priority=2, external_id="JIRA-748", subject="SSO group mapping ignores nested groups")
    for place in range(7):
        make.ticket(account, days=1, priority=4, external_id=f"JIRA-9{place}", subject="Dark mode contrast in audit view")
    make.heartbeat(account, timezone.now() - timedelta(hours=160))
    Stakeholder.objects.create(account=account, name="Petra Hoffmann", role="VP Operations", email="petra@halden.example")
    make.scanned(tenant)
    return account


def test_ticks_by_keyboard_change_the_sum_and_keep_their_place(site: Site, rep: User, halden: Account) -> None:
    page = site.page
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    path = page.get_by_role("form", name="Path to Green")
    total = path.get_by_role("status")
    first = path.get_by_label("Resolve JIRA-1042")
    expect(total).to_contain_text("10")
    expect(total).to_contain_text("Green")
    total.evaluate("node => node.dataset.same = '1'")
    first.focus()
    page.keyboard.press("Space")
    expect(path.get_by_label("Resolve JIRA-1042")).not_to_be_checked()
    expect(total).to_contain_text("Amber")
    expect(first).to_be_focused()
    assert total.get_attribute("data-same") == "1", "the live region was replaced, so nobody hears it"
    assert "what-if" in page.url
    site.assert_accessible()

    page.locator("#path-more").focus()
    page.keyboard.press("Enter")
    small = path.get_by_label("Resolve JIRA-93")
    small.focus()
    for state in (True, False):
        page.keyboard.press("Space")
        expect(path.get_by_label("Resolve JIRA-93")).to_be_checked(checked=state)
        expect(small).to_be_focused()
    site.assert_accessible()
    page.reload()
    expect(path.get_by_label("Resolve JIRA-1042")).not_to_be_checked()
    expect(small).to_be_visible()


def test_boxes_ticked_faster_than_the_server_answers_all_count(site: Site, rep: User, halden: Account) -> None:
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    path = site.page.get_by_role("form", name="Path to Green")
    boxes = path.get_by_role("checkbox").all()[:3]
    before = [box.is_checked() for box in boxes]
    path.evaluate("form => [...form.querySelectorAll('input[type=checkbox]')].slice(0, 3).forEach(box => box.click())")
    site.page.wait_for_load_state("networkidle")
    for number, was_ticked in enumerate(before):
        expect(path.get_by_role("checkbox").nth(number)).to_be_checked(checked=not was_ticked)
    assert site.page.url.count("resolve=") + site.page.url.count("heartbeat") == before.count(False)
    assert site.problems == []


def test_enter_on_a_box_works_the_sum_out_and_writes_nothing(site: Site, rep: User, halden: Account) -> None:
    before = Communication.objects.count()
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    site.page.get_by_label("Resolve JIRA-1042").press("Enter")
    expect(site.page).to_have_url(re.compile("what-if"))
    expect(site.page.get_by_role("form", name="Path to Green").get_by_role("status")).to_contain_text("Green")
    assert "csrf" not in site.page.url
    assert Communication.objects.count() == before


def test_without_script_ticks_are_worked_out_by_a_button(browser: Browser, site: Site, rep: User, halden: Account) -> None:
    site.sign_in(rep)
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": c["name"], "value": c["value"], "url": site.url} for c in site.page.context.cookies()])
    page = plain.new_page()
    page.goto(f"{site.url}/accounts/{halden.pk}/")
    page.get_by_label("Restore the heartbeat").uncheck()
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#path-sum")).to_contain_text("Amber")
    expect(page.get_by_label("Restore the heartbeat")).not_to_be_checked()
    plain.close()


@pytest.mark.usefixtures("worker")
def test_outreach_is_drafted_from_the_ticked_path(site: Site, rep: User, halden: Account) -> None:
    page = site.page
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    page.get_by_label("Resolve JIRA-748").focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("what-if"))
    page.get_by_role("button", name="Draft outreach from this path").press("Enter")
    text = page.locator("article.prose")
    expect(text).to_be_visible(timeout=60_000)
    text.evaluate("prose => prose.querySelectorAll('.ref').forEach(number => number.remove())")  # of the claims
    proposed = text.inner_text().split("What we propose")[1]
    assert proposed.index("JIRA-1042") < proposed.index("find out why your integration fell silent")
    assert proposed.index("find out why") < proposed.index("I also ask our support team where JIRA-748 stands")
    assert proposed.count("JIRA-748") == 1
    expect(page.get_by_role("region", name="Made from a path")).to_contain_text("Resolve JIRA-1042")
    site.assert_accessible()


def doom(tenant: Tenant, rep: User, name: str, arr: int) -> Account:
    """Amber now, Red when its heartbeat has been silent for 72 hours."""
    account = make.account(tenant, rep, name=name, arr=arr)
    for days in (5, 6):
        make.ticket(account, days=days, priority=1, subject="Order sync drops messages over 1 MB and keeps doing so")
    make.heartbeat(account, timezone.now() - timedelta(hours=60))
    return account


@pytest.mark.parametrize("width", [1440, 390])
def test_path_and_plan_are_accessible_and_fit(site: Site, tenant: Tenant, rep: User, halden: Account, width: int) -> None:
    for name, arr in (("Kinross Motors", 127_000), ("Okara Optics", 2_200_000)):
        doom(tenant, rep, name, arr)
    make.scanned(tenant)
    site.page.set_viewport_size({"width": width, "height": 900})
    site.sign_in(rep)
    for path in (f"/accounts/{halden.pk}/", f"/accounts/{halden.pk}/what-if/?more=1", "/?view=plan", "/?view=plan&q=halden"):
        site.open(path)
        site.assert_accessible_in_light_and_dark()
        site.assert_fits()


def test_the_plan_of_the_week_leads_to_its_accounts(site: Site, tenant: Tenant, rep: User, halden: Account) -> None:
    doom(tenant, rep, "Kinross Motors", 127_000)
    make.scanned(tenant)
    site.sign_in(rep)
    site.page.get_by_role("link", name="Plan", exact=True).press("Enter")
    expect(site.page.get_by_role("heading", name="1 action averts 1 of 1 projected Red.")).to_be_visible()
    row = site.page.get_by_role("row", name="Kinross Motors")
    expect(row).to_contain_text("after 1 action: 1 of 1 averted")
    row.get_by_role("link", name="Kinross Motors").press("Enter")
    expect(site.page.get_by_role("heading", name="Kinross Motors", level=1)).to_be_visible()
