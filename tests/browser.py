"""Tests in a real Chromium, against the live server and a Celery worker process of its own."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Tenant, User
from tests import make
from tests.browser_start import CHROMIUM, QUIET
from tests.worker import workers

REQUIRED = os.environ.get("TAMDASH_REQUIRE_BROWSER") == "1"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(found => found.violations)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.exists() or REQUIRED:
        return
    skip = pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}: install Debian's package chromium to run the browser tests")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": QUIET}


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker process on this test's database, fed through a queue of its own."""
    with workers() as start:
        start()
        yield


def findings(page: Page, rules: list[str] = WCAG) -> str:
    """What axe finds wrong with the page, in words; nothing, where it finds nothing. Fetching all it looked at takes longer than the look."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(AXE, rules)
    return str(AxeResults({"violations": found}).generate_report()) if found else ""


class Site:
    """The application as one person uses it in a browser."""

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page, self.url = page, server.url
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def sign_in(self, user: User) -> None:
        """On the portfolio, as that user; not by the form, which `sign_in_by_form` fills in."""
        client = Client()
        client.force_login(user, backend="tamdash.sign_in.Passwords")
        self.page.context.add_cookies([{"name": name, "value": cookie.value, "url": self.url} for name, cookie in client.cookies.items()])
        self.open("/")
        expect(self.page.get_by_role("heading", name="Portfolio", exact=True)).to_be_visible()

    def sign_in_by_form(self, user: User) -> None:
        self.page.goto(f"{self.url}/sign-in/")
        self.page.get_by_label("Email").fill(user.email)
        self.page.get_by_label("Password").fill(make.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Portfolio", exact=True)).to_be_visible()

    def open(self, path: str) -> int:
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        return answer.status

    def assert_accessible(self) -> None:
        """No finding of axe, and no error on the console so far."""
        self.page.evaluate("scrollTo(0, 0)")  # what happens to lie half under the sticky bar would count as too small
        assert findings(self.page) == ""
        assert self.problems == []

    def assert_accessible_in_light_and_dark(self) -> None:
        """A scheme changes nothing but colours, so in the dark only the contrast is looked at."""
        self.assert_accessible()
        self.page.emulate_media(color_scheme="dark")
        assert findings(self.page, ["color-contrast"]) == ""
        self.page.emulate_media(color_scheme="light")

    def assert_fits(self) -> None:
        """The page does not scroll sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} px too wide"


@pytest.fixture
def site(page: Page, live_server: LiveServer) -> Site:
    return Site(page, live_server)


@pytest.fixture
def tenant() -> Tenant:
    return make.tenant("north", "Europe/Berlin")


@pytest.fixture
def rep(tenant: Tenant) -> User:
    return make.user(tenant, "rep", name="Rita Rep")
