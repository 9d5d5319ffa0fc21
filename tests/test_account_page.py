"""One account's page: the score with reasons that add up, “Scan now”, and the profile edited in place."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AccountHealth, CommunicationHistory, FeatureAdoption, Integration, Stakeholder
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import HOSTILE, signed_in


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def points(page: str) -> list[int]:
    """The points of the deductions, as shown."""
    body = page.split('class="why"')[1].split("</tbody>")[0]
    return [int(value.replace("−", "-")) for value in re.findall(r'<td class="num"><b>([+−]\d+)</b>', body)]


def page_of(cast: Cast, account: Account) -> str:
    return signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()


@pytest.mark.parametrize(("late", "extra"), [(0, 0), (1, 0), (2, 6), (5, 0), (4, 20)])
def test_the_points_shown_add_up_to_what_the_score_lacks(cast: Cast, late: int, extra: int) -> None:
    account = make.account(cast.tenant, cast.rep)
    for _ in range(late):
        make.ticket(account, days=4, priority=2)
    for _ in range(extra):
        make.ticket(account, days=1, priority=4)
    make.heartbeat(account, timezone.now() - timedelta(hours=200))
    make.scanned(cast.tenant)
    score = AccountHealth.objects.get(account=account).score
    page = page_of(cast, account)
    assert sum(points(page)) == score - 100
    assert f"Why {score}" in page


def test_scan_now_writes_what_changed_since(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    make.ticket(account, days=4, priority=1)
    assert "The score would be 80, Green, now." in page_of(cast, account)
    answer = signed_in(cast.rep).post(f"/accounts/{account.pk}/scan/", follow=True).content.decode()
    assert "Scanned now: 80, Green, −20 since the last scan." in answer
    assert "The score would be" not in answer
    assert "Why 80" in answer


def test_a_ticket_closed_since_the_scan_still_explains_its_score(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    ticket = make.ticket(account, days=4, priority=1)
    make.scanned(cast.tenant)
    type(ticket).objects.filter(pk=ticket.pk).update(status="closed", closed_at=timezone.now())
    page = page_of(cast, account)
    assert points(page) == [-20]
    assert "The score would be 100, Green, now." in page
    assert "No open tickets" in page


def test_an_account_not_scanned_yet_has_a_page(cast: Cast) -> None:
    assert "Not scanned yet" in page_of(cast, make.account(cast.tenant, cast.rep))


def test_long_history_costs_no_more_queries_than_none(cast: Cast) -> None:
    account, counts = make.account(cast.tenant, cast.rep), []
    for rows in (1, 30):
        for _ in range(rows):
            number = next(make.numbers)
            make.ticket(account, days=9, priority=1)
            Stakeholder.objects.create(account=account, name=f"Person {number}", role="CTO")
            Integration.objects.create(account=account, name=f"Integration {number}")
            FeatureAdoption.objects.create(account=account, name=f"Feature {number}")
            CommunicationHistory.objects.create(
                account=account, date=timezone.localdate(), communication_type="health_checkin", subject="Hi"
            )
            make.scanned(cast.tenant)
        client = signed_in(cast.rep)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/accounts/{account.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] < 12


def test_another_rep_reads_but_is_offered_no_change(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    Stakeholder.objects.create(account=account, name="Petra", role="CIO")
    page = signed_in(cast.other_rep).get(f"/accounts/{account.pk}/").content.decode()
    assert "Petra" in page
    for offer in ("Scan now", "Generate", "Edit Petra", "Add<"):
        assert offer not in page


def test_a_stakeholder_is_added_edited_and_removed_in_place(cast: Cast) -> None:
    account, client = make.account(cast.tenant, cast.rep), signed_in(cast.rep)
    htmx = {"HX-Request": "true"}
    panel = f"/accounts/{account.pk}/profile/stakeholders/"
    values = {"name": "Petra Hoffmann", "role": "VP Operations", "technical_maturity": "low", "email": "petra@customer.example"}
    added = client.post(panel, values, headers=htmx).content.decode()
    assert "Petra Hoffmann" in added
    assert "<html" not in added
    row = Stakeholder.objects.get()
    edited = client.post(f"{panel}{row.pk}/", values | {"technical_maturity": "high"}, headers=htmx).content.decode()
    assert "High maturity" in edited
    assert client.get(f"{panel}rows/", headers=htmx).content.decode().startswith("<section")
    client.post(f"{panel}{row.pk}/remove/", headers=htmx)
    assert not Stakeholder.objects.exists()


def test_a_form_with_errors_keeps_what_was_typed_and_says_what_to_change(cast: Cast) -> None:
    account, client = make.account(cast.tenant, cast.rep), signed_in(cast.rep)
    panel = f"/accounts/{account.pk}/profile/stakeholders/"
    answer = client.post(panel, {"name": "Petra", "role": "", "email": "petra@", "technical_maturity": "low"})
    assert answer.status_code == 422
    assert 'value="petra@"' in answer.content.decode()
    assert "valid email" in text(answer.content.decode())
    Stakeholder.objects.create(account=account, name="Petra", role="CIO")
    twice = client.post(panel, {"name": "Petra", "role": "CIO", "technical_maturity": "low"})
    assert twice.status_code == 422
    assert Stakeholder.objects.count() == 1


def test_a_row_of_another_account_cannot_be_reached_through_ones_own(cast: Cast) -> None:
    mine, theirs = make.account(cast.tenant, cast.rep), make.account(cast.tenant, cast.other_rep)
    row = Stakeholder.objects.create(account=theirs, name="Petra", role="CIO")
    assert signed_in(cast.rep).post(f"/accounts/{mine.pk}/profile/stakeholders/{row.pk}/remove/").status_code == 404
    assert signed_in(cast.rep).get(f"/accounts/{mine.pk}/profile/secrets/").status_code == 404


def test_hostile_text_is_shown_as_text(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep, name=HOSTILE)
    make.ticket(account, days=4, priority=1, subject=HOSTILE, external_id=HOSTILE)
    Stakeholder.objects.create(account=account, name=HOSTILE, role=HOSTILE, notes=HOSTILE)
    make.scanned(cast.tenant)
    page = page_of(cast, account)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_an_inactive_account_says_so_and_offers_nothing(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    make.escalation(account)
    Account.objects.filter(pk=account.pk).update(is_active=False)
    make.scanned(cast.tenant)
    client = signed_in(cast.rep)
    page = client.get(f"/accounts/{account.pk}/").content.decode()
    assert "This account is inactive." in page
    assert "Scan now" not in page
    assert client.post(f"/accounts/{account.pk}/scan/").status_code == 404
    assert account.name not in client.get("/escalations/").content.decode()
    assert '<span class="n">1<span class="vh"> open' not in page


def test_a_ticket_that_opens_in_the_future_is_not_open_yet(cast: Cast) -> None:
    """A clock ahead, or a planned one: it counts for nothing, so it is not shown as if it did."""
    account = make.account(cast.tenant, cast.rep)
    make.ticket(account, days=-2, priority=1, external_id="SOON-1")
    make.scanned(cast.tenant)
    assert "SOON-1" not in signed_in(cast.rep).get(f"/accounts/{account.pk}/").content.decode()
