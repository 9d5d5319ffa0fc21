"""A file of tickets in a browser: uploaded, looked at, put right, imported by a real worker, watched and read about."""

from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Browser, expect

from accounts.models import Tenant, Ticket, TicketImport, User
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOG = Path(__file__).parent / "data" / "servicenow_incident_log.csv"


@pytest.fixture
def manager(tenant: Tenant) -> User:
    return make.user(tenant, "manager", name="Mona Manager")


@pytest.mark.usefixtures("worker")
def test_a_manager_uploads_looks_corrects_and_imports(site: Site, tenant: Tenant, manager: User) -> None:
    page = site.page
    site.sign_in(manager)
    page.get_by_role("link", name="Signals").click()
    page.get_by_role("link", name="Files").click()
    expect(page.get_by_role("heading", name="No file imported yet")).to_be_visible()
    page.get_by_role("link", name="Upload the first file").click()
    page.get_by_label("File", exact=True).set_input_files(LOG)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_label("Exported from")).to_contain_text("Found: ServiceNow incidents")
    expect(page.get_by_role("row", name="INC0000045").first).to_contain_text("29 Feb 2016, 01:16")
    page.get_by_label("The account is named by").select_option("location")
    page.wait_for_url("**account_column=location**", timeout=20_000)
    expect(page.get_by_role("row", name="INC0000045").first).to_contain_text("Location 143")
    page.get_by_text("Create accounts that are not known yet").check()
    expect(page.get_by_text("of them are created")).to_be_visible(timeout=20_000)
    site.assert_accessible()
    page.set_viewport_size({"width": 390, "height": 800})
    site.assert_fits()
    page.set_viewport_size({"width": 1280, "height": 800})

    with transaction.atomic():  # what the merge would write is held, so that it is seen under way
        make.ticket(make.account(tenant), source="servicenow", external_id="INC0000045")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_text("All 5,998 rows are read")).to_be_visible(timeout=30_000)
        page.reload()
        expect(page.get_by_text("All 5,998 rows are read")).to_be_visible()
        site.assert_accessible()
        transaction.set_rollback(True)
    expect(page.get_by_role("heading", name="Report")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("890", exact=True)).to_be_visible()
    site.assert_accessible()
    assert Ticket.objects.filter(tenant=tenant).count() == 890
    page.get_by_role("link", name="Ticket files").first.click()
    expect(page.get_by_role("row", name="servicenow_incident_log.csv")).to_contain_text("890 tickets written")
    site.assert_accessible()


def test_it_works_without_script(site: Site, browser: Browser, manager: User) -> None:
    context = browser.new_context(java_script_enabled=False)
    site.page = page = context.new_page()
    row = make.upload(manager, "ticket_id;priority;status;created_at\nT-1;P1;open;03/04/2026\n")
    site.sign_in(manager)
    site.open(f"/imports/{row.pk}/")
    expect(page.get_by_text("The day and the month cannot be told apart")).to_be_visible()
    page.get_by_label("Dates in numbers").select_option("mdy")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Nothing was imported yet")).to_be_visible()
    expect(page.get_by_role("row", name="T-1")).to_contain_text("4 Mar 2026")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    page.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_text("is cancelled")).to_be_visible()
    assert TicketImport.objects.get().status == "failed"
    context.close()
