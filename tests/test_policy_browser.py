"""A scoring policy in a browser, with a real worker: drafted, back-tested, read, activated; and read by a manager."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from playwright.sync_api import expect

from accounts import backtest, policies
from accounts.models import Account, BacktestDay, ScanRun, Tenant, User
from tests import make
from tests.browser import Site
from tests.test_policies import replayed_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAYS, HELD_AT = 30, 12


@pytest.fixture
def tenant() -> Tenant:
    """One account that a stricter policy turns Red, one that stays Green."""
    tenant = make.tenant("north", "Europe/Berlin")
    rep = make.user(tenant, "rep")
    halden, bank = (make.account(tenant, rep, name=name) for name in ("Halden Freight", "Green Bank"))
    Account.objects.update(created_at=timezone.now() - timedelta(days=400))
    for days in (8.5, 8.5):
        make.ticket(halden, days=days, priority=1)
    make.ticket(bank, days=300, status="resolved")
    make.scanned(tenant)
    return tenant


@pytest.fixture
def admin(tenant: Tenant) -> User:
    return make.user(tenant, "admin", name="Ada Admin")


@contextmanager
def next_back_test_held(tenant: Tenant) -> Iterator[None]:
    """The next back-test of 30 days comes no further than its day HELD_AT meanwhile: this session holds the day's row."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_backtest', 'id')) + 1")
            (number,) = cursor.fetchone() or (0,)
        day = backtest.last_day(tenant, timezone.now()) - timedelta(days=DAYS - 1 - HELD_AT)
        BacktestDay.objects.create(backtest_id=number, day=day, old_scores=b"", new_scores=b"", is_known=False)
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("worker")
def test_an_admin_drafts_back_tests_and_activates_a_policy(site: Site, tenant: Tenant, admin: User) -> None:
    page = site.page
    site.sign_in(admin)
    page.get_by_role("button", name="Ada Admin").click()
    page.get_by_role("link", name="Scoring policy").click()
    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Copy into a new draft").click()
    expect(page.get_by_role("heading", name="Version 2", level=1)).to_be_visible()
    expect(page.get_by_text("The same as version 1")).to_be_visible()

    page.get_by_role("link", name="Edit the numbers").click()
    page.get_by_label("Each late ticket costs (points)").fill("35")
    page.get_by_label("Red is under").fill("45")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Version 2", level=1)).to_be_visible()
    expect(page.get_by_role("row", name="Each late ticket costs")).to_contain_text("+15")
    expect(page.get_by_text("Not back-tested yet")).to_be_visible()
    site.assert_accessible()

    with next_back_test_held(tenant):
        page.get_by_role("button", name="Back-test").click()
        bar = page.get_by_role("progressbar", name=f"{HELD_AT} of {DAYS} days replayed")
        expect(bar).to_have_attribute("aria-valuenow", str(HELD_AT), timeout=30_000)
        page.reload()
        expect(bar).to_be_visible()
        site.assert_accessible()
    expect(page.get_by_text("All 30 could be replayed.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.locator("#said")).to_have_text("Back-test done.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []

    now = page.get_by_role("table", name="accounts", exact=False).first
    expect(now.get_by_role("columnheader", name="Version 2")).to_be_visible()
    expect(now.get_by_role("row").nth(3)).to_have_text("Amber 0 0 1", use_inner_text=True)
    expect(page.get_by_role("link", name="Halden Freight").first).to_be_visible()
    for summary in page.locator("summary").all():
        if not summary.evaluate("s => s.parentElement.open"):
            summary.press("Enter")
    site.assert_accessible()
    page.set_viewport_size({"width": 390, "height": 844})
    site.assert_fits()

    page.get_by_role("button", name="Activate version 2").press("Enter")
    expect(page.get_by_text("may open escalations (0 gained in the back-test over 30 days). Past scores")).to_be_visible()
    site.assert_accessible()
    page.get_by_role("form", name="Activate version 2").get_by_role("button", name="Activate version 2").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Version 2 is in force.")).to_be_visible()
    assert policies.in_force(tenant).version == 2
    for _ in range(100):
        if ScanRun.objects.filter(policy__version=2, finished_at__isnull=False, requested_by=admin).exists():
            break
        page.wait_for_timeout(100)
    site.open(f"/accounts/{Account.objects.get(name='Halden Freight').pk}/")
    expect(page.get_by_role("img", name="Score 40 of 100, Red.")).to_be_visible()
    page.get_by_role("link", name="Scoring rules").click()
    expect(page.get_by_role("heading", name="Version 2", level=1)).to_be_visible()


def test_a_manager_reads_versions_and_results_without_a_button_to_press(site: Site, tenant: Tenant) -> None:
    replayed_of(tenant, late_points=35)
    site.sign_in(make.user(tenant, "manager", name="Mona Manager"))
    for path in ("/policies/", "/policies/1/", "/policies/2/"):
        assert site.open(path) == 200
        site.assert_accessible()
        expect(site.page.locator("main").get_by_role("button")).to_have_count(0)
        for width in (390, 320):
            site.page.set_viewport_size({"width": width, "height": 844})
            site.assert_fits()
    expect(site.page.get_by_text("All 2 could be replayed.")).to_be_visible()


def test_a_wrong_number_of_days_is_explained_where_it_was_typed(site: Site, tenant: Tenant, admin: User) -> None:
    policies.copy(policies.in_force(tenant))
    site.sign_in(admin)
    site.open("/policies/2/")
    site.page.get_by_label("Days to replay").fill("181")
    site.page.get_by_role("button", name="Back-test").click()
    expect(site.page.get_by_role("alert").filter(has_text="at most 180")).to_be_visible()
    expect(site.page.get_by_label("Days to replay")).to_be_focused()
    site.problems.clear()  # the browser notes the answer 422
    site.assert_accessible()
