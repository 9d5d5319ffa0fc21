"""What makes a score trustworthy, in a browser: how fresh it is, what people think of it, and how its forecasts turned out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import scan
from accounts.models import Account, Forecast, Opinion, Tenant, TicketSource, User
from tests import make
from tests.browser import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def halden(tenant: Tenant, rep: User) -> Account:
    account = make.account(tenant, rep, name="Halden Freight")
    make.ticket(account, days=4, priority=1, source="jira")
    make.scanned(tenant)
    return account


def test_a_rep_gives_an_opinion_by_keyboard_and_withdraws_it(site: Site, rep: User, halden: Account) -> None:
    page = site.page
    page.set_viewport_size({"width": 1280, "height": 1100})  # nothing scrolls under the head of the page
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    page.get_by_text("Give your opinion").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Better than the score")).to_be_focused()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Worse than the score")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Their sponsor left.")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Days it holds")).to_be_focused()
    site.assert_accessible()
    page.keyboard.press("Enter")
    said = page.locator(".opinion")
    expect(said).to_contain_text("Rita Rep: worse than the score")
    expect(said).to_contain_text("Their sponsor left.")
    expect(page.get_by_role("heading", name="Why 80")).to_be_visible()
    site.assert_accessible()
    page.get_by_role("button", name="Withdraw").press("Enter")
    expect(page.get_by_text("Opinion withdrawn.")).to_be_visible()
    expect(said).not_to_contain_text("Their sponsor left.")
    assert Opinion.objects.get().ended_at is not None


def test_an_opinion_without_a_reason_is_asked_again(site: Site, rep: User, halden: Account) -> None:
    page = site.page
    site.sign_in(rep)
    site.open(f"/accounts/{halden.pk}/")
    page.get_by_text("Give your opinion").click()
    page.get_by_role("button", name="Save opinion").click()
    expect(page.get_by_role("group", name="Your view")).to_be_focused()
    page.get_by_label("Better than the score").check()
    page.get_by_role("button", name="Save opinion").click()
    expect(page.get_by_text("Say why: the score cannot know it.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    expect(page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Halden Freight")).to_be_visible()
    site.problems.clear()  # the browser notes the answer 422
    site.assert_accessible()
    page.get_by_label("Reason").fill("They renewed this morning.")
    page.get_by_role("button", name="Save opinion").click()
    expect(page.locator(".opinion")).to_contain_text("Rita Rep: better than the score")


def test_a_stale_source_shows_the_range_and_why(site: Site, rep: User, halden: Account) -> None:
    TicketSource.objects.create(tenant=halden.tenant, source="jira", reported_at=timezone.now() - timedelta(days=3, hours=2))
    site.sign_in(rep)
    expect(site.page.get_by_text("Jira last reported 3 d 2 h ago: scores may be off.")).to_be_visible()
    site.assert_accessible()
    for width in (1440, 390):
        site.page.set_viewport_size({"width": width, "height": 900})
        site.open(f"/accounts/{halden.pk}/")
        verdict = site.page.locator(".could")
        expect(verdict).to_contain_text("Could be")
        expect(verdict).to_contain_text("3 d 2 h ago.")
        site.assert_fits()
        site.assert_accessible()


def test_a_manager_reads_the_reports(site: Site, tenant: Tenant, rep: User, halden: Account) -> None:
    now, page = timezone.now(), site.page
    for outcome, why, days in (("came_true", "", 1), ("averted", "JIRA-1042 resolved", 2), ("", "", -2)):
        turns = now - timedelta(days=days)
        run = scan.new_run(tenant, "account", turns - timedelta(days=3), account=halden)
        Forecast.objects.create(tenant=tenant, account=halden, scan=run, made_at=run.at, turns_red_at=turns, outcome=outcome, why=why,
                                graded_at=now if outcome else None)  # fmt: skip
    site.sign_in(make.user(tenant, "manager", name="Mona Manager"))
    page.get_by_role("link", name="Reports").click()
    forecasts = page.get_by_role("region", name="Forecasts")
    expect(forecasts.get_by_role("row", name="Halden Freight")).to_have_count(2)
    forecasts.get_by_role("link", name="averted").press("Enter")
    expect(forecasts.get_by_role("row", name="Halden Freight")).to_have_count(1)
    expect(forecasts).to_contain_text("JIRA-1042 resolved")
    page.get_by_label("Owner of the accounts").select_option("Mona Manager")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("None among this owner's accounts.")).to_be_visible()
    site.assert_accessible()
    page.set_viewport_size({"width": 390, "height": 900})
    site.open("/reports/")
    site.assert_fits()
    site.assert_accessible()
