"""A release from its first line to its confirmed drafts, in a real browser."""

import pytest
from playwright.sync_api import expect

from accounts.models import Tenant
from tests import make
from tests.browser import Site
from tests.releasing import customers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_manager_writes_a_release_and_confirms_its_drafts(site: Site, tenant: Tenant) -> None:
    customers(tenant, make.user(tenant), 3)
    page = site.page
    site.sign_in(make.user(tenant, "manager"))
    page.get_by_role("link", name="Releases").click()
    expect(page.get_by_role("heading", name="No release yet")).to_be_visible()
    site.assert_accessible()
    page.get_by_role("link", name="New release").click()
    site.assert_accessible()
    page.get_by_label("Version").fill("4.20")
    page.get_by_label("Released on").fill("2026-12-01")
    page.get_by_label("New features").fill("The ERP connector retries by itself")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Leave out").first.click()
    expect(page.get_by_role("link", name="Left out, put back")).to_be_focused()
    for scheme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
        page.set_viewport_size({"width": width, "height": 900})
        site.assert_accessible()
        site.assert_fits()
    page.get_by_role("button", name="Publish and draft for 2 accounts").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("2 waiting or being written")).to_be_visible()
    site.assert_accessible()
    site.open("/releases/roadmap/")
    site.assert_accessible()
    site.assert_fits()
