"""The demo's portfolio in a real browser: what the score explains and foresees, one thing a test."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import scan
from accounts.models import Account, AccountHealth, Backtest, Forecast, Tenant, TicketSource, User
from tests import make
from tests.browser import Site
from tests.commands import run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def demo(transactional_db: None) -> Tenant:
    assert not run("seed_demo", "--accounts", "48", "--days", "30", "--seed", "7").error
    tenant = Tenant.objects.get(slug="demo")
    scan.scan_tenant(tenant)
    for user in User.objects.filter(email__endswith="@demo.test"):
        user.set_password(make.PASSWORD)
        user.save()
    return tenant


@pytest.fixture
def manager(demo: Tenant) -> User:
    return User.objects.get(email="manager@demo.test")


def turning(tenant: Tenant) -> Account:
    """The account that turns Red next."""
    account: Account = Account.objects.filter(tenant=tenant, health__turns_red_at__gt=timezone.now()).order_by("health__turns_red_at")[0]
    return account


def worst(tenant: Tenant) -> Account:
    account: Account = Account.objects.filter(tenant=tenant).order_by("health__score", "pk")[0]
    return account


def test_who_turns_red_when_and_why(site: Site, demo: Tenant, manager: User) -> None:
    account = turning(demo)
    site.sign_in(manager)
    site.open("/?view=table&turns=14&sort=turns")
    site.page.get_by_role("table").get_by_role("link", name=account.name).click()
    expect(site.page.locator(".turn")).to_contain_text("Turns Red on")
    site.page.locator("summary", has_text="Coming steps as a table").press("Enter")
    expect(site.page.get_by_role("columnheader", name="If nothing changes")).to_be_visible()
    site.assert_accessible()


def test_the_path_to_green_is_ticked_and_can_be_weighed(site: Site, demo: Tenant, manager: User) -> None:
    account = worst(demo)
    site.sign_in(manager)
    site.open(f"/accounts/{account.pk}/")
    form = site.page.get_by_role("form", name="Path to Green")
    expect(form.locator("output")).to_contain_text("Green")
    first = form.get_by_role("checkbox").first
    expect(first).to_be_checked()
    first.press("Space")
    expect(form.locator("output .goal")).not_to_contain_text("Green")
    expect(form.get_by_role("checkbox").first).not_to_be_checked()
    site.assert_accessible()


def test_what_moved_the_score(site: Site, demo: Tenant, manager: User) -> None:
    account = worst(demo)
    site.sign_in(manager)
    site.open(f"/accounts/{account.pk}/")
    moved = site.page.get_by_role("region", name="What moved it")
    for part in ("Time passing", "Events", "Policy", "Change"):
        expect(moved).to_contain_text(part)
    moved.get_by_role("link").click()
    expect(site.page.get_by_role("heading", name="History", level=1)).to_be_visible()
    site.assert_accessible()


def test_as_of_any_past_moment(site: Site, demo: Tenant, manager: User) -> None:
    account = worst(demo)
    then = timezone.now().astimezone(demo.zone).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=9)
    known = {each.account_id: each.score for each in scan.scores_at(demo, then, account=account)}
    site.sign_in(manager)
    site.open(f"/accounts/{account.pk}/history/")
    past = site.page.get_by_role("region", name="As of")
    past.get_by_role("textbox").fill(f"{then:%Y-%m-%dT%H:%M}")
    past.get_by_role("button", name="Show").click()
    expect(past).to_contain_text(str(known[account.external_id]))
    site.assert_accessible()


@pytest.mark.usefixtures("worker")
def test_a_policy_is_back_tested_and_adopted(site: Site, demo: Tenant) -> None:
    site.sign_in(User.objects.get(email="admin@demo.test"))
    site.open("/policies/1/")
    site.page.get_by_role("button", name="Copy into a new draft").click()
    draft = demo.policies.get(version=2)
    demo.policies.filter(pk=draft.pk).update(late_points=30)
    site.open("/policies/2/")
    site.page.get_by_label("Days to replay").fill("20")
    site.page.get_by_role("button", name="Back-test").click()
    expect(site.page.get_by_role("heading", name="Escalations")).to_be_visible(timeout=60_000)
    assert Backtest.objects.get().status == "done"
    site.assert_accessible()


def test_the_forecast_record(site: Site, demo: Tenant, manager: User) -> None:
    true = Forecast.objects.filter(tenant=demo, outcome="came_true").count()
    assert true
    site.sign_in(manager)
    site.page.get_by_role("link", name="Reports").click()
    expect(site.page.get_by_role("region", name="Forecasts")).to_contain_text(f"{true} came true")
    site.assert_accessible()


def test_a_stale_source_widens_the_score_to_a_range(site: Site, demo: Tenant, manager: User) -> None:
    TicketSource.objects.filter(tenant=demo).update(reported_at=timezone.now() - timedelta(days=5))
    site.sign_in(manager)
    expect(site.page.get_by_text("scores may be off")).to_be_visible()
    site.open(f"/accounts/{worst(demo).pk}/")
    expect(site.page.locator(".could")).to_contain_text("Could be")
    site.assert_accessible()


def test_the_plan_of_the_week(site: Site, demo: Tenant, manager: User) -> None:
    account = turning(demo)
    site.sign_in(manager)
    site.page.get_by_role("navigation", name="View").get_by_role("link", name="Plan").click()
    expect(site.page.get_by_role("heading", name="projected Red", level=2)).to_be_visible()
    row = site.page.get_by_role("row", name=account.name)
    expect(row).to_contain_text("averted")
    site.assert_accessible()


def test_a_receipt_holds_without_the_database(site: Site, demo: Tenant, manager: User, tmp_path: Path) -> None:
    site.sign_in(manager)
    site.open(f"/accounts/{worst(demo).pk}/history/")
    with site.page.expect_download() as download:
        site.page.get_by_role("link", name="Receipt").first.click()
    file = tmp_path / "receipt.json"
    download.value.save_as(file)
    assert "holds" in run("verify_receipt", str(file)).output
    forged = tmp_path / "forged.json"
    forged.write_text(file.read_text().replace('"Red"', '"Green"'))
    assert json.loads(file.read_text()) != json.loads(forged.read_text())
    assert run("verify_receipt", str(forged)).error
    site.assert_accessible()


def test_an_opinion_stands_beside_the_score(site: Site, demo: Tenant) -> None:
    account = worst(demo)
    before = AccountHealth.objects.get(account=account).score
    site.sign_in(User.objects.get(email="manager@demo.test"))
    site.open(f"/accounts/{account.pk}/")
    site.page.locator(".opinion summary").press("Enter")
    site.page.get_by_label("Better than the score").check()
    site.page.get_by_label("Reason").fill("They are in a planned migration.")
    site.page.get_by_role("button", name="opinion").last.click()
    expect(site.page.locator(".opinion")).to_contain_text("better than the score")
    expect(site.page.locator(".opinion")).to_contain_text("They are in a planned migration.")
    assert AccountHealth.objects.get(account=account).score == before
    site.assert_accessible()
