"""The projection as people see it: on the account, on the portfolio, and in the colours of days that another policy scored."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import scan
from accounts.models import Account, AccountHealth, ScoringPolicy, User
from tests import make
from tests.commands import run
from tests.conftest import Cast
from tests.test_portfolio_page import names, shown

DAY = timedelta(days=1)


def account_page(user: User, account: Account) -> str:
    client = Client()
    client.force_login(user, backend="tamdash.sign_in.Passwords")
    return client.get(f"/accounts/{account.pk}/").content.decode()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", strip_tags(html))


def turning(cast: Cast, after: timedelta, **values: Any) -> Account:
    """Amber by two late tickets and two beyond the free ones; turns Red when a third is late, `after` from now."""
    account = make.account(cast.tenant, **{"owner": cast.rep} | values)
    for _ in range(2):
        make.ticket(account, days=5, priority=1)
    late_at = timezone.now() + after
    make.ticket(account, priority=2, external_id=f"JIRA-{account.pk}", created_at=late_at - 3 * DAY)
    for _ in range(4):
        make.ticket(account, days=1, priority=4)
    return account


def test_the_account_says_when_it_turns_red_in_the_readers_time_zone(cast: Cast) -> None:
    cast.tenant.time_zone = "Asia/Tokyo"
    cast.tenant.save()
    account = turning(cast, 30 * timedelta(hours=1))
    make.scanned(cast.tenant)
    turns_red_at = account.health.turns_red_at
    assert turns_red_at
    at = turns_red_at.astimezone(cast.tenant.zone)
    page = text(account_page(cast.rep, account))
    assert f"Turns Red on {at:%a} {at.day} {at:%b, %H:%M} if nothing changes." in page
    assert f"JIRA-{account.pk} is open more than 3 days" in page
    assert "Projected 30." in account_page(cast.rep, account)


def test_a_green_account_that_only_comes_to_amber_says_so(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    for _ in range(2):
        make.ticket(account, days=2, priority=1)
    make.scanned(cast.tenant)
    assert "Turns Amber on" in text(account_page(cast.rep, account))
    account.health.refresh_from_db()
    assert (account.health.next_rag, account.health.turns_red_at) == ("Amber", None)


def test_an_account_that_nothing_ages_stays_where_it_is(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    assert "Stays at 100, Green, if nothing changes." in text(account_page(cast.rep, account))


def test_a_heartbeat_that_reports_is_not_projected_to_stop_but_the_page_says_what_if(cast: Cast) -> None:
    reports, silent = (turning(cast, -DAY) for _ in range(2))
    for account, hours in ((reports, 2), (silent, 30)):
        account.tickets.filter(external_id__startswith="JIRA").delete()
        make.heartbeat(account, timezone.now() - timedelta(hours=hours))
    make.scanned(cast.tenant)
    assert names(shown(cast.rep, "?view=table&turns=14")) == [silent.name]
    page = text(account_page(cast.rep, reports))
    assert "Stays at 55, Amber, if nothing changes." in page
    assert "If its heartbeat stopped now: Red on" in page
    page = text(account_page(cast.rep, silent))
    assert "Turns Red on" in page
    assert "Heartbeat silent more than 144 h" in page


def test_a_resolved_ticket_is_no_longer_projected_before_the_next_scan(cast: Cast) -> None:
    account = turning(cast, DAY)
    make.scanned(cast.tenant)
    account.tickets.filter(external_id__startswith="JIRA").update(status="resolved", closed_at=timezone.now())
    assert "Turns Red" not in text(account_page(cast.rep, account)).replace("Turns Red within", "")


@pytest.mark.parametrize("view", ["tiles", "timeline", "table"])
def test_turns_red_within_is_a_filter(cast: Cast, view: str) -> None:
    soon, later = turning(cast, 2 * DAY), turning(cast, 2.9 * DAY)
    make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    assert names(shown(cast.rep, f"?view={view}&turns=14")) == [soon.name, later.name]
    at = AccountHealth.objects.get(account=soon).turns_red_at
    assert at is not None
    within = (at.astimezone(cast.tenant.zone).date() - timezone.localdate(timezone=cast.tenant.zone)).days
    assert soon.name in names(shown(cast.rep, f"?view={view}&turns=3"))
    assert (soon.name in names(shown(cast.rep, f"?view={view}&turns=1"))) == (within <= 1)


@pytest.mark.parametrize("nonsense", ["0", "-1", "abc", "99999999999999999999", "7;--"])
def test_a_horizon_that_makes_no_sense_shows_all(cast: Cast, nonsense: str) -> None:
    accounts = [turning(cast, DAY), make.account(cast.tenant, cast.rep)]
    make.scanned(cast.tenant)
    assert set(names(shown(cast.rep, f"?turns={nonsense}"))) == {account.name for account in accounts}


def test_sorted_by_turn_the_soonest_comes_first_and_every_account_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    order = [turning(cast, hours * timedelta(hours=1)) for hours in (5, 20, 40)]
    order += [make.account(cast.tenant, cast.rep) for _ in range(3)]
    make.scanned(cast.tenant)
    monkeypatch.setattr("accounts.pages.portfolio.PAGE_SIZE", 2)
    found, query = [], "?view=table&sort=turns"
    while query:
        page = shown(cast.rep, query)
        found += names(page)
        after = re.search(r'href="(\?[^"]*after=[^"]*)">Next', page)
        query = after.group(1).replace("&amp;", "&") if after else ""
    assert found == [account.name for account in order]


def test_the_portfolio_counts_and_names_who_turns_red_this_week(cast: Cast) -> None:
    account = turning(cast, DAY, arr=900_000, tier="strategic")
    turning(cast, DAY, owner=cast.other_rep)
    make.scanned(cast.tenant)
    page = shown(cast.rep)
    assert re.search(r"1\s+projected Red within 7 days\s+€900k", text(page))
    assert f"50 to 30, JIRA-{account.pk} passes 3 d" in text(page)
    at = AccountHealth.objects.get(account=account).turns_red_at
    assert at is not None
    assert f"projected Red {at.astimezone(cast.tenant.zone):%a %H:%M}" in text(page)


def test_a_past_day_keeps_the_state_its_own_policy_gave_it(cast: Cast) -> None:
    """One late ticket is Green under version 1 and Amber under version 2."""
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=40, priority=1)
    now = timezone.now()
    cast.tenant.policies.update(status="retired", activated_at=now - 60 * DAY)
    for days in range(20, 10, -1):
        scan.replay_day(cast.tenant, (now - days * DAY).astimezone(cast.tenant.zone).date())
    ScoringPolicy.objects.create(tenant=cast.tenant, version=2, status="active", activated_at=now - 10 * DAY, amber_below=90)
    make.scanned(cast.tenant)
    page = shown(cast.rep, "?view=timeline")
    cells = re.findall(r'<td class="(\w)">80</td>', page)
    assert set(cells[:10]) == {"g"}
    assert set(cells[-11:]) == {"a"}
    chart = account_page(cast.rep, account)
    first = (now - 10 * DAY).astimezone(cast.tenant.zone).date()
    assert f"New scoring policy, {first.day} {first:%b}" in chart


def test_the_reason_in_the_rail_follows_an_import(cast: Cast, tmp_path: Path) -> None:
    account = turning(cast, DAY)
    make.scanned(cast.tenant)
    reason = f"JIRA-{account.pk} passes 3 d"
    assert reason in text(shown(cast.rep))
    file = tmp_path / "tickets.csv"
    opened = account.tickets.get(external_id=f"JIRA-{account.pk}").created_at
    file.write_text(
        "ticket_id,account_id,priority,status,created_at,closed_at,subject\n"
        f"JIRA-{account.pk},{account.external_id},P2,resolved,{opened.isoformat()},{timezone.now().isoformat()},Done\n"
    )
    assert not run("import_tickets", str(file), "--tenant", "north", "--format", "generic").error
    assert reason not in text(shown(cast.rep))
