"""A manager's morning with the queue in a browser, and the queue without script, in the dark and on a telephone."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts import escalations
from accounts.models import Account, Escalation, Tenant, User
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ("Silverdale Retail", "Halden Freight", "Jorvik Chemicals", "Valmont Steel", "Varga Steel", "Kinross Motors")


@pytest.fixture
def manager(tenant: Tenant) -> User:
    return make.user(tenant, "manager", name="Mona Manager")


@pytest.fixture
def queue(tenant: Tenant, rep: User) -> list[Escalation]:
    """Six open, the third overdue, the others due an hour after each other; the first can be explained ticket by ticket."""
    now = timezone.now()
    accounts: list[Account] = [make.account(tenant, rep, name=name, arr=100_000) for name in NAMES]
    make.ticket(accounts[0], days=5, priority=1, external_id="JIRA-763", subject="Order sync drops messages")
    make.scanned(tenant)
    return [
        make.waiting(account, due_at=now - timedelta(hours=3) if place == 2 else now + timedelta(hours=place + 1))
        for place, account in enumerate(accounts)
    ]


def names(page: Page) -> list[str]:
    return page.locator("#queue tbody th a").all_inner_texts()


def counts(page: Page, name: str, count: str) -> None:
    expect(page.locator("#queue-tabs").get_by_role("link", name=re.compile(f"^{name}")).locator(".n")).to_have_text(count)


def notice(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def test_a_managers_morning(site: Site, manager: User, rep: User, queue: list[Escalation], tmp_path: Path) -> None:
    page = site.page
    site.sign_in(manager)
    page.get_by_role("link", name="Escalations").click()
    assert names(page) == [NAMES[2], NAMES[0], NAMES[1], *NAMES[3:]]
    expect(page.locator("#queue tbody tr").first).to_contain_text("3 h overdue")
    counts(page, "Open", "6")
    the_overdue_one_is_acknowledged_by_keyboard(site, queue[2])
    two_at_once_are_given_to_somebody(site, queue[0], rep)
    another_is_acknowledged_where_it_stands(page, queue)
    one_is_put_off_until_tomorrow(page)
    one_is_resolved_with_a_reason(site, queue[1])
    the_rest_is_taken_along(page, tmp_path)
    page.go_back()
    expect(page.get_by_role("complementary", name=NAMES[2])).to_be_visible()
    assert site.problems == []


def the_overdue_one_is_acknowledged_by_keyboard(site: Site, overdue: Escalation) -> None:
    """Opened, then acknowledged; focus stays in the queue."""
    page = site.page
    page.keyboard.press("j")
    expect(page.locator(f"#e-{overdue.pk}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=NAMES[2])).to_be_visible()
    assert page.url.endswith(f"/escalations/{overdue.pk}/")
    expect(page.locator(f"#e-{overdue.pk}")).to_be_focused()
    site.assert_accessible()
    page.keyboard.press("a")
    notice(page, f"{NAMES[2]}, acknowledged.")
    counts(page, "Unacknowledged", "5")
    counts(page, "Open", "6")
    expect(page.locator("#detail")).to_contain_text("Acknowledged by Mona Manager")
    expect(page.locator(f"#e-{overdue.pk}")).to_be_focused()


def two_at_once_are_given_to_somebody(site: Site, first: Escalation, rep: User) -> None:
    """Ticked by keyboard, the first and the one below it."""
    page = site.page
    page.locator(f"#e-{first.pk}").focus()
    page.keyboard.press("x")
    page.locator(f"#e-{first.pk}").focus()
    page.keyboard.press("j")
    page.keyboard.press("x")
    bulk = page.get_by_role("form", name="Selected escalations")
    # The panel follows the keyboard, and what is ticked stays so.
    expect(page.get_by_role("complementary", name=NAMES[1])).to_be_visible()
    expect(bulk).to_contain_text("2 selected")
    site.assert_accessible()
    bulk.get_by_role("button", name="Assign").click()
    page.get_by_label("Assign to").select_option(label="Rita Rep")
    page.locator("#bulk-assign").get_by_role("button", name="Assign").click()
    notice(page, "2 assigned.")
    expect(bulk).to_be_hidden()
    assert Escalation.objects.filter(assignee=rep).count() == 2


def another_is_acknowledged_where_it_stands(page: Page, queue: list[Escalation]) -> None:
    """It goes to the end, and the next one is at hand."""
    page.locator(f"#e-{queue[3].pk}").focus()
    page.keyboard.press("a")
    notice(page, f"{NAMES[3]}, acknowledged.")
    expect(page.locator(f"#e-{queue[4].pk}")).to_be_focused()
    assert names(page)[-1] == NAMES[3]


def one_is_put_off_until_tomorrow(page: Page) -> None:
    """By the menu of its row."""
    page.get_by_role("link", name=f"More for {NAMES[4]}").click()
    page.get_by_role("button", name="Mute until tomorrow").click()
    notice(page, f"{NAMES[4]}, muted.")
    counts(page, "Muted", "1")
    counts(page, "Open", "5")
    expect(page.locator(".topbar .n").last).to_have_text("5 open")
    assert NAMES[4] not in names(page)


def one_is_resolved_with_a_reason(site: Site, escalation: Escalation) -> None:
    """Not without one."""
    page = site.page
    page.locator(f"#e-{escalation.pk}").focus()
    page.keyboard.press("r")
    reason = page.locator("#resolve").get_by_label("Resolve, because")
    expect(reason).to_be_focused()
    page.locator("#resolve").get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Say what resolved it: the next person to look will ask.")).to_be_visible()
    expect(reason).to_be_focused()
    site.problems.clear()  # the browser notes the answer 422
    reason.fill("Fixed in 4.18, a jolly release")  # letters that are keys of the queue
    page.locator("#resolve").get_by_role("button", name="Resolve").click()
    notice(page, f"{NAMES[1]}, resolved.")
    counts(page, "Resolved", "1")
    counts(page, "Open", "4")
    expect(page.locator("#detail")).to_contain_text("Resolved by Mona Manager: Fixed in 4.18, a jolly release")


def the_rest_is_taken_along(page: Page, folder: Path) -> None:
    """As a file."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    download.value.save_as(folder / "queue.csv")
    assert len((folder / "queue.csv").read_text("utf-8-sig").splitlines()) == 5


def test_keys_are_listed_and_can_be_turned_off(site: Site, manager: User, queue: list[Escalation]) -> None:
    page = site.page
    site.sign_in(manager)
    site.open("/escalations/")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys in the queue")
    expect(keys).to_be_visible()
    site.assert_accessible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="account menu").click()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.locator(f"#e-{queue[0].pk}").focus()
    for key in ("j", "x", "a", "?"):
        page.keyboard.press(key)
    expect(page.locator(f"#e-{queue[0].pk}")).to_be_focused()
    expect(page.locator(".tick :checked")).to_have_count(0)
    expect(keys).to_be_hidden()
    assert not Escalation.objects.exclude(status="open").exists()


def test_the_box_above_ticks_the_page_and_clear_unticks_it(site: Site, manager: User, queue: list[Escalation]) -> None:
    page = site.page
    site.sign_in(manager)
    site.open("/escalations/")
    page.get_by_label("Select the 6 on this page").check()
    bulk = page.get_by_role("form", name="Selected escalations")
    expect(bulk).to_contain_text("6 selected")
    bulk.get_by_role("button", name="Clear").click()
    expect(page.locator(".tick :checked")).to_have_count(0)
    expect(bulk).to_be_hidden()
    page.get_by_label(f"Select {NAMES[3]}").check()
    bulk.get_by_role("button", name="Acknowledge").click()
    notice(page, "1 acknowledged.")
    counts(page, "Unacknowledged", "5")


def test_what_another_person_did_shows_in_the_counts(site: Site, manager: User, rep: User, queue: list[Escalation]) -> None:
    site.sign_in(manager)
    site.open("/escalations/")
    counts(site.page, "Unacknowledged", "6")
    escalations.acknowledge(Escalation.objects.filter(pk__in=[row.pk for row in queue[:2]]), rep)
    escalations.resolve(Escalation.objects.filter(pk=queue[2].pk), manager, "Fixed")
    site.page.evaluate("htmx.trigger(document.body, 'escalations-changed')")
    counts(site.page, "Unacknowledged", "3")
    counts(site.page, "Open", "5")
    expect(site.page.locator("#badge .n")).to_have_text("5 open")
    assert "every 60s" in (site.page.locator("#queue-tabs").get_attribute("hx-trigger") or "")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_it_is_accessible_and_fits(site: Site, manager: User, queue: list[Escalation], width: int, scheme: str) -> None:
    page = site.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    site.sign_in(manager)
    site.open(f"/escalations/{queue[0].pk}/")
    site.assert_accessible()
    site.assert_fits()
    if width == 390:
        site.open("/escalations/")
        site.assert_fits()
        page.locator(f"#e-{queue[0].pk}").click()
        expect(page.locator("#detail")).to_be_focused()
        page.get_by_role("button", name="Acknowledge").click()
        notice(page, "acknowledged.")
        expect(page.locator("#detail")).to_be_focused()
        site.assert_accessible()


def test_it_works_without_script(site: Site, browser: Browser, manager: User, queue: list[Escalation]) -> None:
    context = browser.new_context(java_script_enabled=False)
    site.page = page = context.new_page()
    site.sign_in(manager)
    site.open("/escalations/?tab=waiting")
    page.get_by_role("button", name=f"Acknowledge {NAMES[2]}").click()
    notice(page, f"{NAMES[2]}, acknowledged.")
    assert page.url.endswith("?tab=waiting")
    page.get_by_label(f"Select {NAMES[0]}").check()
    page.get_by_label(f"Select {NAMES[1]}").check()
    page.locator("#bulk").get_by_role("button", name="Resolve").click()
    page.locator("#bulk-resolve").get_by_label("Resolve, because").fill("Fixed")
    page.locator("#bulk-resolve").get_by_role("button", name="Resolve").click()
    notice(page, "2 resolved.")
    page.get_by_role("link", name=f"More for {NAMES[3]}").click()
    page.locator("#detail").get_by_role("button", name="Assign").click()
    page.locator("#assign").get_by_role("button", name="Rita Rep").click()
    notice(page, f"{NAMES[3]}, assigned to Rita Rep.")
    page.get_by_label("Note").fill("Called them")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Mona Manager: Called them")).to_be_visible()
    context.close()
