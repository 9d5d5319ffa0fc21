"""House style and a review's print in a real browser: by keyboard, narrow and dark, and on paper."""

import pytest
from playwright.sync_api import expect

from accounts.models import Account
from communications.models import StyleRule
from tests import make
from tests.browser import Site
from tests.conftest import Cast
from tests.test_pdf import review
from tests.test_style_rules import approved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def habit(cast: Cast) -> None:
    accounts: list[Account] = [make.account(cast.tenant, cast.rep, name=name) for name in ("Halden Freight", "Green Bank")]
    for place in (0, 1, 1):
        approved(accounts[place], cast.rep, {"leverage": "use"})


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_manager_decides_on_rules_by_keyboard_alone(site: Site, cast: Cast, width: int, scheme: str) -> None:
    habit(cast)
    page = site.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.sign_in(cast.manager)
    site.open("/reports/#edits")
    page.get_by_role("link", name="House style").press("Enter")
    page.get_by_text("Accept in other words").press("Enter")
    site.assert_accessible()
    site.assert_fits()
    page.get_by_role("region", name="To decide on").get_by_label("Write").fill("work with")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="In force").get_by_text("work with")).to_be_visible()
    page.get_by_role("button", name="Take back “leverage”").first.press("Enter")
    expect(page.get_by_role("region", name="To decide on").get_by_text("work with")).to_be_visible()
    assert set(StyleRule.objects.values_list("new", "status")) == {("use", "rejected"), ("work with", "proposed")}


def test_a_review_prints_its_letter_chart_and_tables_black_on_white(site: Site, cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Halden Freight")
    make.scanned(cast.tenant)
    draft = review(account)
    page = site.page
    site.sign_in(cast.rep)
    page.emulate_media(color_scheme="dark", media="print")
    site.open(f"/drafts/{draft.pk}/")
    expect(page.get_by_role("article").get_by_text("All is well.")).to_be_visible()
    expect(page.get_by_role("heading", name="Open tickets").last).to_be_visible()
    expect(page.get_by_role("cell", name="Export fails").last).to_be_visible()
    for gone in (page.get_by_role("banner"), page.get_by_role("complementary"), page.get_by_role("list", name="Delivery")):
        expect(gone).to_be_hidden()
    colours = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.prose')).color]")
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
