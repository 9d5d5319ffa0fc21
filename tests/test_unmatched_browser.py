"""Saying whose tickets are, by keyboard in a real browser."""

import pytest
from playwright.sync_api import expect

from accounts.models import AccountKey, Tenant, Ticket
from tests import make
from tests.browser import Site
from tests.test_unmatched import by, told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_manager_maps_a_value_and_takes_it_back_without_a_mouse(site: Site, tenant: Tenant) -> None:
    account = make.account(tenant, name="Halden Freight")
    told(tenant, ("T-1", by("Fjordline"), "Highest"), ("T-2", by("Fjordline")), ("T-3", by("Varga")))
    site.sign_in(make.user(tenant, "manager"))
    page = site.page
    page.get_by_role("link", name="Say whose they are").press("Enter")
    page.get_by_role("link", name="Fjordline").press("Enter")
    expect(page.get_by_role("heading", name="Fjordline")).to_be_visible()
    site.assert_accessible()
    page.set_viewport_size({"width": 390, "height": 800})
    site.assert_fits()
    page.get_by_role("searchbox", name="Name or id of the account").press_sequentially("hald")
    page.get_by_role("button", name="Map to Halden Freight").press("Enter")
    expect(page.get_by_text("2 tickets went to Halden Freight")).to_be_visible()
    assert Ticket.objects.filter(account=account).count() == 2
    site.assert_accessible()
    site.assert_fits()
    page.get_by_role("button", name="Undo the mapping of fjordline").press("Enter")
    expect(page.get_by_text("is no longer mapped to Halden Freight")).to_be_visible()
    assert not AccountKey.objects.exists()
