"""The reports in a real browser: found from the top, readable in the narrow and the dark, and without colour."""

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser import Site
from tests.conftest import Cast
from tests.test_report_answers import by_hand, escalation
from tests.test_report_running import daily, message
from tests.test_report_writing import approval, use, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_manager_reads_how_it_goes(site: Site, cast: Cast, width: int, scheme: str) -> None:
    account = make.account(cast.tenant, cast.rep, name="Halden Freight of the Far North and its islands")
    escalation(account, 10, 3, 50)
    by_hand(account, cast.rep, 8)
    for writer, kind in (("model", "customer_success_review"), ("offline", "escalation_outreach")):
        approval(account, writer, 120, 12, kind)
    use(cast.tenant, "answered", written(account, "offline", "The model did not answer in time. Regenerate to ask it again."))
    for ago in range(1, 40):
        daily(cast, ago, ago % 7, ago % 5, 30)
    daily(cast, 0, 0, 0, 0, finished_at=None, error="canceling statement due to statement timeout")
    message(cast, "email", "failed", error="The mail server does not take mail for a-rather-long-address@customer.example (550).")
    page = site.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.sign_in(cast.manager)
    site.open("/reports/")
    expect(page.get_by_role("img", name="RAG over time")).to_be_visible()
    page.locator("summary", has_text="Days as a table").press("Enter")
    expect(page.get_by_role("columnheader", name="Amber").first).to_be_visible()
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Notifications").press("Enter")
    expect(page.get_by_role("region", name="Notifications").get_by_text("The mail server does not take mail")).to_be_in_viewport()
    expect(page.get_by_role("region", name="Scans").get_by_text("canceling statement")).to_be_visible()
    site.assert_accessible()
    site.assert_fits()
