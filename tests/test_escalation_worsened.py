"""An escalation that turned Red after it opened, and one that is over: what the queue, its filter and its detail say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, Escalation, Notification
from accounts.notifications.alerts import alert
from tests import make
from tests.conftest import Cast
from tests.test_escalation_export import exported
from tests.test_escalation_queue import counted, listed, row_of, shown
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2031, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    row = make.account(cast.tenant, cast.rep, name="Silverdale")
    make.ticket(row, days=5, priority=1, subject="Orders stay in “checking” for hours")
    make.scanned(cast.tenant)
    return row


@pytest.fixture
def worsened(cast: Cast, account: Account) -> Escalation:
    """Amber on 1 Nov, acknowledged on the 2nd, Red since the 23rd."""
    opened = NOW - timedelta(days=23)
    row = make.waiting(account, reason="early_warning", rag="Amber", score=60, previous_score=100, opened_at=opened)
    row.events.create(at=opened, kind="opened", score=60, rag="Amber")
    row.events.create(at=opened + timedelta(days=1), kind="acknowledged", actor=cast.rep)
    row.events.create(at=datetime(2031, 11, 23, 7, tzinfo=UTC), kind="worsened", score=20, rag="Red")
    return row


def lead(cast: Cast, row: Escalation) -> str:
    page = shown(cast.manager, f"{row.pk}/?tab=resolved")
    return " ".join(page.split('<p class="told">')[1].split("</p>")[0].split())


def test_a_row_that_turned_red_says_so(cast: Cast, worsened: Escalation) -> None:
    row = row_of(cast.manager, "Silverdale")
    assert "Turned Red opened Amber 1 Nov" in row
    assert "turned Red Sun 07:00" in row
    assert exported(cast.manager)[0]["Reason"] == "Turned Red"


def test_its_detail_says_that_it_has_to_be_acknowledged_again(cast: Cast, worsened: Escalation) -> None:
    expected = "Turned Red Sun 07:00, opened Amber at 60 on 1 Nov; acknowledged 2 Nov, to be acknowledged again."
    assert lead(cast, worsened).startswith(expected)
    signed_in(cast.manager).post(f"/escalations/{worsened.pk}/acknowledge/")
    assert lead(cast, worsened).startswith("Turned Red Sun 07:00, opened Amber at 60 on 1 Nov.")


def test_each_glyph_stands_beside_its_own_score(cast: Cast, worsened: Escalation) -> None:
    page = shown(cast.manager).split('class="score"')[1].split("</td>")[0]
    before, now = page.split("<small>now ")
    assert ('data-rag="a"' in before, 'data-rag="r"' in before) == (True, False)
    assert now.startswith('<svg class="rag" data-rag="g"'), "Green today"


def test_those_that_turned_red_later_are_found_among_those_that_turned_red(cast: Cast, worsened: Escalation) -> None:
    make.waiting(make.account(cast.tenant, cast.rep, name="Born Red"))
    make.waiting(make.account(cast.tenant, cast.rep, name="Amber"), reason="early_warning", severity="Amber", rag="Amber")
    query = "?reason=worsened_to_red"
    assert sorted(listed(cast.manager, query)) == ["Born Red", "Silverdale"]
    assert counted(cast.manager, query)[0] == "2"
    assert sorted(row["Account"] for row in exported(cast.manager, query)) == ["Born Red", "Silverdale"]
    signed_in(cast.manager).post(f"/escalations/bulk/{query}", {"step": "acknowledge", "all": "1"})
    assert Escalation.objects.get(status="open").account.name == "Amber"


def test_what_is_over_says_how_it_opened_and_ended(cast: Cast, account: Account) -> None:
    row = make.waiting(account, opened_at=NOW - timedelta(days=3))
    signed_in(cast.manager).post(f"/escalations/{row.pk}/resolve/", {"reason": "Fix shipped."})
    said = row_of(cast.manager, "Silverdale", "?tab=resolved")
    assert "Turned Red opened Red 21 Nov" in said
    assert "JIRA" not in said
    assert "Sort: resolved" in shown(cast.manager, "?tab=resolved")
    assert lead(cast, row).startswith("Resolved by Mona Manager, today 12:00: Fix shipped. Turned Red at 20.")


def test_one_that_recovered_says_when(cast: Cast, account: Account) -> None:
    row = make.waiting(account, status="resolved", resolved_at=NOW - timedelta(hours=5), recovered=True)
    assert lead(cast, row).startswith("Recovered today 07:00. Turned Red at 20.")


def test_the_message_asks_for_another_acknowledgement_and_nests_its_quotes(cast: Cast, worsened: Escalation) -> None:
    Account.objects.filter(pk=worsened.account_id).update(owner=cast.rep)
    row = Notification.objects.create(
        tenant=cast.tenant, kind="worsened", channel="chat", escalation=worsened, next_try_at=NOW, created_at=NOW
    )
    text = " ".join(" ".join(line.text for line in part.lines) for part in alert(row).sections)
    assert "It has to be acknowledged again, by Mon 24 Nov, 13:00 (UTC)." in text
    assert "open anew" not in text
    assert "“Orders stay in ‘checking’ for hours”" in text
