"""Where the keyboard is while an escalation stands open beside its queue."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, Route, expect

from accounts.models import Escalation, Tenant, User
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager(tenant: Tenant) -> User:
    return make.user(tenant, "manager", name="Mona Manager")


@pytest.fixture
def queue(tenant: Tenant, rep: User) -> list[Escalation]:
    """Four open, due an hour after each other."""
    now = timezone.now()
    accounts = [make.account(tenant, rep, name=name) for name in ("Arvika", "Bergen", "Cork", "Delft")]
    return [make.waiting(account, due_at=now + timedelta(hours=place + 1)) for place, account in enumerate(accounts)]


def opened(page: Page, name: str) -> None:
    expect(page.get_by_role("complementary", name=name)).to_be_visible()


def test_a_step_in_the_detail_leaves_the_keyboard_there(site: Site, manager: User, queue: list[Escalation]) -> None:
    page = site.page
    site.sign_in(manager)
    site.open(f"/escalations/{queue[1].pk}/")
    note, add = page.get_by_label("Note", exact=True), page.get_by_role("button", name="Add note")
    note.fill("Called them")
    add.click()
    expect(page.get_by_text("Mona Manager: Called them")).to_be_visible()
    expect(add).to_be_focused()
    note.fill("  ")
    add.click()
    expect(page.get_by_text("The note is empty. Write it.")).to_be_visible()
    expect(note).to_be_focused()
    expect(note).to_have_attribute("aria-invalid", "true")
    site.problems.clear()  # the browser notes the answer 422
    site.assert_accessible()
    detail = page.locator("#detail")
    detail.get_by_role("button", name="Assign").click()
    page.locator("#assign").get_by_role("button", name="Rita Rep").click()
    expect(detail).to_contain_text("Assigned to Rita Rep.")
    expect(detail.get_by_role("button", name="Assign")).to_be_focused()
    detail.get_by_role("button", name="Mute").click()
    page.locator("#mute").get_by_role("button", name="Until tomorrow").click()
    expect(detail.get_by_role("button", name="Unmute")).to_be_visible()
    expect(detail).to_be_focused()
    detail.get_by_role("button", name="Unmute").click()
    expect(detail.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    expect(detail).to_be_focused()
    page.keyboard.press("a")
    expect(detail).to_contain_text("Acknowledged by Mona Manager")
    expect(detail).to_be_focused()
    assert [row.status for row in Escalation.objects.order_by("pk")] == ["open", "acknowledged", "open", "open"]
    assert site.problems == []


def test_what_is_open_follows_the_keyboard_and_ticks_stay(site: Site, manager: User, queue: list[Escalation]) -> None:
    page = site.page
    site.sign_in(manager)
    site.open("/escalations/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    opened(page, "Arvika")
    page.keyboard.press("j")
    opened(page, "Bergen")
    expect(page.locator(f"#e-{queue[1].pk}")).to_be_focused()
    expect(page.get_by_label("Select Arvika")).to_be_checked()
    for _ in range(2):
        page.keyboard.press("j")
    opened(page, "Delft")
    page.keyboard.press("k")
    opened(page, "Cork")
    page.keyboard.press("a")
    expect(page.locator("#detail")).to_contain_text("Acknowledged by Mona Manager")
    assert Escalation.objects.get(status="acknowledged") == queue[2]
    assert site.problems == []


@pytest.fixture
def late(site: Site, manager: User, queue: list[Escalation]) -> Callable[[], None]:
    """Arvika stands open and the keyboard is at Bergen, whose panel the server sends only when this is called."""
    page, held = site.page, list[Route]()
    site.sign_in(manager)
    site.open(f"/escalations/{queue[0].pk}/")
    page.locator(f"#e-{queue[0].pk}").focus()
    page.route(f"**/escalations/{queue[1].pk}/", lambda route: held.append(route))
    with page.expect_request(f"**/escalations/{queue[1].pk}/"):
        page.keyboard.press("j")

    def answer() -> None:
        with suppress(Error):  # nobody waits for it any more
            held[0].continue_()
        expect(page.locator("#split .htmx-request")).to_have_count(0)
        site.problems.clear()  # htmx notes there what it gave up

    return answer


def test_a_panel_that_comes_late_closes_no_menu(site: Site, rep: User, queue: list[Escalation], late: Callable[[], None]) -> None:
    page = site.page
    page.get_by_label("Select Cork").check()
    page.get_by_role("form", name="Selected escalations").get_by_role("button", name="Assign").click()
    page.get_by_label("Assign to").select_option(label="Rita Rep")
    late()
    page.locator("#bulk-assign").get_by_role("button", name="Assign").click()
    expect(page.locator("#toasts")).to_contain_text("1 assigned.")
    assert Escalation.objects.get(assignee=rep) == queue[2]
    assert site.problems == []


def test_a_panel_that_comes_late_takes_away_nothing_written(site: Site, queue: list[Escalation], late: Callable[[], None]) -> None:
    page = site.page
    page.get_by_label("Note", exact=True).fill("Called them")
    late()
    opened(page, "Arvika")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Mona Manager: Called them")).to_be_visible()
    assert queue[0].events.filter(note="Called them").exists()
    assert site.problems == []


def test_a_rep_is_offered_no_key_to_resolve(site: Site, rep: User, queue: list[Escalation]) -> None:
    site.sign_in(rep)
    site.open("/escalations/")
    site.page.keyboard.press("?")
    keys = site.page.get_by_role("dialog", name="Keys in the queue")
    expect(keys).to_contain_text("acknowledge")
    expect(keys).not_to_contain_text("resolve")
    site.page.keyboard.press("Escape")
    site.page.locator(f"#e-{queue[0].pk}").focus()
    site.page.keyboard.press("r")
    expect(site.page.locator("#detail")).to_have_count(0)


def test_a_notice_covers_nothing_of_the_detail(site: Site, manager: User, queue: list[Escalation]) -> None:
    page = site.page
    page.set_viewport_size({"width": 1440, "height": 900})
    site.sign_in(manager)
    for number in range(20):
        queue[0].events.create(at=timezone.now(), kind="commented", actor=manager, note=f"Nr {number}")
    site.open(f"/escalations/{queue[0].pk}/")
    page.get_by_label("Note", exact=True).fill("Called them")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".toast")).to_be_visible()
    page.locator("#detail").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    button, toast = page.get_by_role("button", name="Add note").bounding_box(), page.locator(".toast").bounding_box()
    assert button
    assert toast
    assert button["y"] + button["height"] <= toast["y"]


def test_a_field_drawn_larger_by_hand_breaks_no_rule_of_the_page(site: Site, manager: User, queue: list[Escalation]) -> None:
    """The browser notes the size in the field's style, which htmx would write to the next page's field as markup."""
    page = site.page
    site.sign_in(manager)
    site.open(f"/escalations/{queue[0].pk}/")
    page.locator("#note").evaluate("node => { node.style.height = '200px'; }")
    page.locator(f"#e-{queue[1].pk}").click()
    opened(page, "Bergen")
    expect(page.locator("#note")).not_to_have_css("height", "200px")
    assert site.problems == []
