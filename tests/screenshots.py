"""The README's pictures, from the running demo: `make demo` in one window, `make screenshots` in another."""

import argparse
import os
import sys
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

from tests.browser_start import CHROMIUM, QUIET

FOLDER = Path("docs")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}", help="where the demo answers")
    url = parser.parse_args().url
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        try:
            take(page, url)
        except Error as error:
            sys.exit(f"The demo at {url} did not answer as expected: {error.message}\nStart it with `make demo` first.")


def take(page: Page, url: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Email").fill("manager@demo.test")
    page.get_by_label("Password").fill("tamdash-demo")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".tile").first.wait_for()
    page.screenshot(path=FOLDER / "portfolio.png")
    page.goto(f"{url}/?view=table&sort=risk")
    page.locator("tbody a").first.click()
    page.locator(".dial").wait_for()
    page.screenshot(path=FOLDER / "account.png")


if __name__ == "__main__":
    main()
