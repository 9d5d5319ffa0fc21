"""Looking ahead in a real browser: find who turns Red this week, and read when and why, by keyboard and without colour."""

import pytest
from playwright.sync_api import expect

from accounts.models import AccountHealth
from tests import make
from tests.browser import Site
from tests.conftest import Cast
from tests.test_ahead_pages import DAY, turning

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_rep_finds_who_turns_red_this_week(site: Site, cast: Cast, width: int, scheme: str) -> None:
    halden = turning(cast, DAY, name="Halden Freight", tier="strategic")
    make.account(cast.tenant, cast.rep, name="Green Bank")
    make.scanned(cast.tenant)
    at = AccountHealth.objects.get(account=halden).turns_red_at
    assert at is not None
    page = site.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.sign_in(cast.rep)
    expect(page.locator(".tile")).to_have_count(2)
    horizon = page.get_by_label("Projected to turn Red")
    horizon.focus()
    horizon.select_option("Red within 3 days")
    expect(page.locator(".tile")).to_have_count(1)
    assert "turns=3" in page.url
    expect(page.locator(".tile")).to_contain_text("projected Red")
    site.assert_accessible()
    site.assert_fits()

    site.open("/?view=table&turns=7&sort=turns")
    expect(page.locator("tbody tr")).to_have_count(1)
    if width > 1000:
        expect(page.locator("tbody .proj")).to_have_text(f"{at:%a %H:%M}")
    site.assert_accessible()
    site.assert_fits()

    page.get_by_role("link", name="Halden Freight").first.click()
    expect(page.get_by_text(f"Turns Red on {at:%a} {at.day} {at:%b, %H:%M}")).to_be_visible()
    table = page.locator("summary", has_text="Coming steps as a table")
    table.focus()
    table.press("Enter")
    row = page.get_by_role("row", name="is open more than 3 days")
    expect(row).to_be_visible()
    expect(row.get_by_role("img", name="Red")).to_be_visible()
    expect(page.get_by_role("img", name="Score 50 of 100, Amber. Projected 30.")).to_be_visible()
    site.assert_accessible()
    site.assert_fits()
