"""`/reports/`: accounts by state over time, the latest scans, and what became of messages."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from accounts import scan
from accounts.models import Notification, ScanRun
from accounts.pages.reports.states import Day, area, glyphs, states
from tests import make
from tests.conftest import Cast
from tests.test_reports_page import page, section

TODAY = date(2026, 11, 24)


def daily(cast: Cast, days_ago: int, red: int, amber: int, green: int, **values: Any) -> ScanRun:
    at = timezone.now() - timedelta(days=days_ago)
    known = {"at": at, "started_at": at, "finished_at": at + timedelta(seconds=0.42), "local_date": at.date(), "kind": "daily"}
    counts = {"red": red, "amber": amber, "green": green, "accounts": red + amber + green}
    return ScanRun.objects.create(**{"tenant": cast.tenant, "policy": scan.policy_at(cast.tenant, at)} | known | counts | values)


def message(cast: Cast, channel: str, status: str, hours_ago: float = 2, **values: Any) -> Notification:
    at = timezone.now() - timedelta(hours=hours_ago)
    tried = {} if status == "skipped" else {"claimed_at": at}
    arrived = {"delivered_at": at} if status == "delivered" else {}
    known = {"kind": "test", "next_try_at": at, "created_at": at}
    return Notification.objects.create(**{"tenant": cast.tenant, "channel": channel, "status": status} | known | tried | arrived | values)


def test_each_day_is_told_by_its_daily_scan(cast: Cast) -> None:
    daily(cast, 40, 1, 2, 7)
    daily(cast, 2, 5, 0, 15)
    daily(cast, 1, 3, 4, 1233)
    daily(cast, 0, 9, 9, 9, finished_at=None)
    daily(cast, 100, 50, 0, 0)
    make.scanned(cast.tenant)
    found = section(page(cast.manager), "states")
    assert "3 Red, 4 Amber, 1,233 Green of 1,240. 30 days before: 1 Red, 2 Amber, 7 Green of 10." in found
    assert "5 of 20." in found
    assert [row.red for row in states(cast.manager, timezone.now()).days] == [3, 5, 1]


def test_bands_lie_on_each_other_and_a_day_without_a_scan_is_a_gap() -> None:
    days = [Day(TODAY - timedelta(days=ago), *counts) for ago, counts in ((4, (1, 1, 2)), (3, (1, 1, 2)), (1, (0, 2, 2)))]
    assert area(days, 0) == "M0 100H2V75H0Z"
    assert area(days, 1) == "M0 75H2V50H0ZM3 100H4V50H3Z"
    assert area(days, 2) == "M0 50H2V0H0ZM3 50H4V0H3Z"


@pytest.mark.parametrize("counts", [(1, 1, 98), (98, 1, 1), (0, 1, 99), (33, 33, 34), (0, 0, 5)])
def test_letters_beside_the_bands_never_lie_on_each_other_or_outside(counts: tuple[int, int, int]) -> None:
    found = glyphs(Day(TODAY, *counts))
    tops = [top for _, top in found]
    assert [letter for letter, _ in found] == [letter for letter, count in zip("rag", counts, strict=True) if count]
    assert all(round(lower - upper, 1) >= 14 for lower, upper in pairwise(tops))
    assert min(tops) >= 0
    assert max(tops) <= 168 - 14


def test_the_latest_scans_say_how_they_went(cast: Cast) -> None:
    now = timezone.now()
    daily(cast, 3, 1, 2, 3, escalations_opened=4, escalations_recovered=5)
    daily(cast, 2, 0, 0, 0, finished_at=None, error="canceling statement due to statement timeout", attempts=3)
    daily(cast, 1, 0, 0, 0, finished_at=None)
    daily(cast, 0, 0, 0, 0, finished_at=None, started_at=now)
    found = section(page(cast.manager), "scans")
    assert "Of the latest 4, 1 is done, 1 failed , 1 unfinished ." in found
    assert "Done in 0.4 s 6 1 2 3 4 5" in found
    assert "Failed attempt 3 canceling statement due to statement timeout" in found
    assert "Unfinished It was cut short and wrote nothing. The next tick tries again" in found
    assert "Running" in found


def test_a_scan_of_one_account_names_it_and_who_asked(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name="Halden Freight")
    scan.scan_account(account, by=cast.rep)
    assert "Halden Freight , Rita Rep" in section(page(cast.manager), "scans")


def test_thirty_scans_at_most_ten_of_them_at_first(cast: Cast) -> None:
    for ago in range(32):
        daily(cast, ago, 0, 0, 1)
    found = page(cast.manager)
    assert section(found, "scans").count("Done") == 10
    assert 'href="?all=scans#scans"' in found
    assert section(page(cast.manager, "?all=scans"), "scans").count("Done") == 30


def test_a_channel_that_is_dead_is_seen_with_its_last_error(cast: Cast) -> None:
    message(cast, "email", "delivered", 30)
    message(cast, "email", "failed", 20, error="The mail server hung up.")
    message(cast, "email", "pending", 10, error="The mail server did not answer.", attempts=4)
    found = section(page(cast.manager), "channels")
    assert "Email Fails Last error," in found
    assert "The mail server did not answer. 1 1 1 0" in found
    assert "hung up" not in found


def test_one_that_delivers_again_is_told_from_one_that_does_not(cast: Cast) -> None:
    message(cast, "chat", "failed", 20, error="Slack did not take the message (500).")
    message(cast, "chat", "delivered", 1)
    message(cast, "event_bus", "delivered", 1)
    message(cast, "notion", "skipped", error="Not set up.")
    found = section(page(cast.manager), "channels")
    assert "Chat Some failed the last arrived" in found
    assert "Event bus Delivers the last arrived" in found
    assert "Notion Skipped Not set up. An admin does that under Channels in the admin site. 0 0 0 1" in found
    assert "Email Nothing to tell 0 0 0 0" in found


def test_what_is_older_of_another_tenant_or_carried_by_a_digest_is_not_counted(cast: Cast) -> None:
    digest = message(cast, "email", "delivered", kind="digest")
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    Notification.objects.filter(escalation=escalation).delete()
    message(cast, "email", "delivered", kind="opened", escalation=escalation, recipient=cast.rep, carried_by=digest)
    message(cast, "email", "delivered", 24 * 7 + 1)
    assert " 1 0 0 0" in section(page(cast.manager), "channels").split("Email")[1].split("Chat")[0]
    assert "Email Nothing to tell" in section(page(cast.stranger), "channels")


def test_only_staff_are_led_to_the_admin_site(cast: Cast) -> None:
    link = "/admin/accounts/notification/"
    assert link in section_source(page(cast.admin))
    assert link not in section_source(page(cast.manager))


def section_source(body: str) -> str:
    return body.split('id="channels"')[1].split("</section>")[0]


def test_without_anything_each_section_says_what_to_do(cast: Cast) -> None:
    body = page(cast.manager)
    for name, said in (
        ("states", "The first runs at 07:00"),
        ("scans", "Scan now"),
        ("answers", "a person can raise one"),
        ("missed", "can raise an"),
    ):
        assert said in section(body, name)


def test_the_sections_are_led_to_from_the_top(cast: Cast) -> None:
    body = page(cast.manager)
    names = [link.split('"')[0] for link in body.split('aria-label="On this page"')[1].split("</nav>")[0].split('href="#')[1:]]
    assert len(names) == 10
    assert all(f'id="{name}"' in body for name in names)
