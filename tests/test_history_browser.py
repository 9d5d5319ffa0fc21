"""The history page in a real browser: by keyboard alone, without script, narrow and wide, and a receipt that holds outside."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import scan
from accounts.models import Account, ScanRun, Ticket, User
from tests import make
from tests.browser import Site
from tests.commands import run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


@pytest.fixture
def rep(transactional_db: None) -> User:
    return make.user(make.tenant("north", "Europe/Berlin"), "rep", name="Rita Rep")


@pytest.fixture
def account(rep: User) -> Account:
    """Five scans in as many days, while a ticket becomes late, the heartbeat goes silent, and the ticket is resolved."""
    row, now = make.account(rep.tenant, rep, name="Halden Freight"), timezone.now()
    make.ticket(row, days=6.5, priority=1, external_id="OPS-1", subject="Order sync drops messages")
    make.ticket(row, days=3.2, priority=2, external_id="OPS-2", subject="Nightly export is empty")
    make.heartbeat(row, now - 6 * DAY)
    for days in (5, 4, 3, 2):
        scan.scan_tenant(rep.tenant, at=now - days * DAY)
    Ticket.objects.filter(external_id="OPS-1").update(status="resolved", closed_at=now - DAY)
    scan.scan_tenant(rep.tenant, at=now - timedelta(hours=1))
    return row


def test_two_scans_are_picked_by_keyboard_and_the_answer_has_an_address(site: Site, rep: User, account: Account) -> None:
    page = site.page
    site.sign_in(rep)
    site.open(f"/accounts/{account.pk}/")
    moved = page.get_by_role("region", name="What moved it")
    expect(moved).to_contain_text("Heartbeat silent for 3 d")
    moved.get_by_role("link", name="Any two scans").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    page.get_by_label("From the scan of").focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile(r"before=\d+&after=\d+"))
    expect(page.get_by_label("From the scan of")).to_be_focused()
    oldest = ScanRun.objects.earliest()
    assert f"before={oldest.pk}&" in page.url
    table = page.locator("table.move")
    expect(table).to_contain_text("OPS-1 open for 3 days")
    shown = table.inner_text()
    page.reload()
    assert table.inner_text() == shown
    points = [int(cell.replace("−", "-").replace("±", "")) for cell in page.locator("table.move tr.part b").all_inner_texts()]
    assert sum(points) == int(page.locator("table.move tfoot b").first.inner_text().replace("−", "-"))
    site.assert_accessible()


def test_the_score_of_a_past_moment_is_asked_for_in_place(site: Site, rep: User, account: Account) -> None:
    page = site.page
    site.sign_in(rep)
    site.open(f"/accounts/{account.pk}/history/")
    at = timezone.localtime(timezone.now() - 1.5 * DAY, rep.tenant.zone)
    page.get_by_label("Date and time").fill(f"{at:%Y-%m-%dT%H:%M}")
    page.get_by_label("Date and time").press("Enter")
    asof = page.get_by_role("region", name="As of")
    expect(asof).to_contain_text("Heartbeat silent")
    expect(page.get_by_role("region", name="Tickets open then")).to_contain_text("OPS-1")
    assert "at=" in page.url
    site.assert_accessible()
    page.get_by_label("Date and time").fill("2099-01-01T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("This lies in the future.")).to_be_visible()
    expect(page.get_by_label("Date and time")).to_be_focused()


def test_a_downloaded_receipt_holds_and_a_changed_one_does_not(site: Site, rep: User, account: Account, tmp_path: Path) -> None:
    site.sign_in(rep)
    site.open(f"/accounts/{account.pk}/history/")
    with site.page.expect_download() as download:
        site.page.get_by_role("link", name="Receipt of").first.click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert run("verify_receipt", str(file)).output.startswith(f"The receipt holds: {account.external_id} scored ")
    file.write_text(file.read_text().replace('"P2"', '"P3"'))
    assert run("verify_receipt", str(file)).error.startswith("The receipt does not hold:\n  deductions has ")


def test_it_works_without_script(site: Site, rep: User, account: Account) -> None:
    page = site.page
    page.route(re.compile(r".*\.js(\?.*)?$"), lambda route: route.abort())
    site.sign_in(rep)
    site.open(f"/accounts/{account.pk}/history/")
    page.get_by_label("From the scan of").select_option(index=4)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("table.move")).to_contain_text("Heartbeat silent for 3 d")
    page.get_by_label("Date and time").fill("2001-01-01T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No open ticket and no heartbeat is on record for that moment")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_and_reads_in_light_and_dark(site: Site, rep: User, account: Account, width: int) -> None:
    site.page.set_viewport_size({"width": width, "height": 900})
    site.sign_in(rep)
    for path in (f"/accounts/{account.pk}/", f"/accounts/{account.pk}/history/?at={timezone.now() - DAY:%Y-%m-%dT%H:%M}"):
        site.open(path)
        site.assert_fits()
        site.assert_accessible_in_light_and_dark()
