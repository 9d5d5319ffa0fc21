"""Pages in a real browser: accessible, within the screen, usable by keyboard, clean under the content security policy."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import Account, Integration, Stakeholder, Tenant, User
from tests import make
from tests.browser import Site, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def book(tenant: Tenant, rep: User) -> list[Account]:
    red = make.red_account(tenant, rep, name="Halden Freight", tier="strategic", arr=1_840_000, region="EMEA")
    Stakeholder.objects.create(account=red, name="Petra Hoffmann", role="VP Operations", technical_maturity="low")
    Integration.objects.create(account=red, name="Order sync")
    green = [make.account(tenant, rep, name=f"Green {word}", tier="growth", region="APAC") for word in ("Bank", "Foods", "Steel")]
    make.scanned(tenant)
    return [red, *green]


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_accessible_and_fits(site: Site, rep: User, book: list[Account], width: int) -> None:
    site.page.set_viewport_size({"width": width, "height": 900})
    site.open("/sign-in/")
    site.assert_accessible_in_light_and_dark()
    site.sign_in(rep)
    escalation = book[0].escalations.get()
    add = f"/accounts/{book[0].pk}/profile/stakeholders/"
    for path in (
        "/",
        "/?view=table",
        "/?view=timeline",
        f"/accounts/{book[0].pk}/",
        add,
        "/escalations/",
        f"/escalations/{escalation.pk}/",
    ):
        assert site.open(path) == 200
        site.assert_accessible_in_light_and_dark()
        site.assert_fits()


def test_a_filter_changes_the_heatmap_and_the_address(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    tiles = site.page.locator(".tile")
    expect(tiles).to_have_count(4)
    site.page.get_by_role("checkbox", name="Red").check()
    expect(tiles).to_have_count(1)
    assert "rag=Red" in site.page.url
    site.page.go_back()
    expect(tiles).to_have_count(4)
    site.page.go_forward()
    site.page.reload()
    expect(tiles).to_have_count(1)


def test_the_heatmap_is_walked_with_the_keyboard(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    site.page.keyboard.press("/")
    expect(site.page.get_by_label("Search all accounts")).to_be_focused()
    site.page.keyboard.type("Halden")
    site.page.keyboard.press("Enter")
    expect(site.page.locator(".tile")).to_have_count(1)
    site.page.locator(".tile").focus()
    site.page.keyboard.press("Enter")
    expect(site.page.get_by_role("heading", name="Halden Freight", level=1)).to_be_visible()


def test_a_stakeholder_is_edited_without_leaving_the_page(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    site.open(f"/accounts/{book[0].pk}/")
    site.page.get_by_role("link", name="Edit Petra Hoffmann").click()
    site.page.get_by_label("Technical maturity").select_option("High")
    site.page.get_by_label("Name", exact=True).fill("")
    site.page.get_by_role("button", name="Save").click()
    expect(site.page.get_by_text("Name is empty. Write it.")).to_be_visible()
    expect(site.page.get_by_label("Name", exact=True)).to_be_focused()
    site.page.get_by_label("Name", exact=True).fill("Petra Hoffmann-Weiß")
    site.page.get_by_role("button", name="Save").click()
    panel = site.page.locator("#stakeholders")
    expect(panel.get_by_text("Petra Hoffmann-Weiß")).to_be_visible()
    expect(panel.get_by_text("High maturity")).to_be_visible()
    assert re.search(rf"/accounts/{book[0].pk}/$", site.page.url)


def test_a_form_is_opened_and_left_by_keyboard_alone(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    site.open(f"/accounts/{book[0].pk}/")
    for way_out in ("Escape", "Enter"):
        site.page.get_by_role("link", name="Add stakeholder").focus()
        site.page.keyboard.press("Enter")
        expect(site.page.get_by_label("Name", exact=True)).to_be_focused()
        if way_out == "Enter":
            site.page.get_by_role("link", name="Cancel").focus()
        site.page.keyboard.press(way_out)
        expect(site.page.get_by_role("link", name="Add stakeholder")).to_be_focused()


def test_pages_work_before_the_script_has_loaded(site: Site, rep: User, book: list[Account]) -> None:
    site.page.route(re.compile(r".*\.js(\?.*)?$"), lambda route: route.abort())
    site.sign_in_by_form(rep)
    site.open(f"/accounts/{book[0].pk}/")
    site.page.get_by_role("link", name="Edit Petra Hoffmann").click()
    site.page.get_by_label("Role").fill("COO")
    site.page.get_by_role("button", name="Save").click()
    expect(site.page.get_by_role("heading", name="Halden Freight", level=1)).to_be_visible()
    expect(site.page.locator("#stakeholders").get_by_text("COO")).to_be_visible()


def test_a_session_that_ended_leads_to_the_sign_in_page_not_into_a_panel(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    site.page.context.clear_cookies()
    site.page.get_by_role("checkbox", name="Red").click()  # `check` would look for it again on the page it leads to
    expect(site.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_chosen_theme_stays(site: Site, rep: User, book: list[Account]) -> None:
    site.sign_in(rep)
    site.page.get_by_role("button", name="account menu").click()
    site.page.get_by_label("Dark").check()
    site.page.reload()
    assert site.page.evaluate("document.documentElement.dataset.theme") == "dark"
    site.assert_accessible()


def test_the_admins_page_of_channels_is_accessible(site: Site, tenant: Tenant) -> None:
    site.sign_in(make.user(tenant, "admin"))
    for path in ("/admin/accounts/channelsettings/", f"/admin/accounts/channelsettings/{tenant.pk}/change/"):
        assert site.open(path) == 200
        assert site.problems == []  # looked at first: here axe itself tries inline styles, which the policy blocks
        assert findings(site.page) == ""
        site.problems.clear()
