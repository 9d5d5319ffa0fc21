"""The queue as a file for spreadsheets."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.pages import queue_export
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db


def exported(by: User, query: str = "") -> list[dict[str, str]]:
    response = signed_in(by).get(f"/escalations/export/{query}")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.getvalue().decode()
    assert text.startswith("\ufeff"), "spreadsheets read UTF-8 by this mark"
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_a_row_holds_what_is_known_in_the_tenants_time(cast: Cast) -> None:
    tenant = make.tenant("east", "Asia/Tokyo")
    manager = make.user(tenant, "manager", name="Mika")
    account = make.account(tenant, manager, name="Ulvik, Paper", tier="growth", arr=293_000, external_id="A-7")
    opened, due = datetime(2026, 3, 1, 20, tzinfo=UTC), datetime(2026, 3, 2, 0, tzinfo=UTC)
    row = make.waiting(account, opened_at=opened, due_at=due, assignee=manager)
    [found] = exported(manager)
    expected = {
        "Escalation": str(row),
        "Account": "Ulvik, Paper",
        "Account id": "A-7",
        "ARR": "293000",
        "Severity": "Red",
        "Score before": "80",
        "Reason": "Turned Red",
        "Opened": "2026-03-02T05:00:00+09:00",
        "Due": "2026-03-02T09:00:00+09:00",
        "Resolved": "",
        "Owner": "Mika",
        "Assignee": "Mika",
        "Email": "not sent",
    }
    assert found | expected == found


def test_it_holds_all_that_match_in_their_order(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_export, "AT_ONCE", 3)
    for number in range(7):
        make.waiting(make.account(cast.tenant, cast.rep, name=f"Nr {number}", arr=100 - number))
    make.waiting(make.account(cast.tenant, cast.rep, name="Amber"), severity="Amber")
    assert [row["Account"] for row in exported(cast.manager, "?severity=Red&sort=arr&after=0:1:50")] == [f"Nr {n}" for n in range(7)]


def test_another_tenants_rows_are_not_in_it(cast: Cast) -> None:
    make.waiting(make.account(cast.tenant, cast.rep))
    assert exported(cast.stranger) == []
    assert exported(cast.other_rep) == []
    assert len(exported(cast.other_rep, "?owner=all")) == 1


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "＋1", "－1", "＠x"])
def test_no_cell_begins_a_formula(cast: Cast, name: str) -> None:
    User.objects.filter(pk=cast.rep.pk).update(name=name)
    make.waiting(make.account(cast.tenant, cast.rep, name=name, external_id=name))
    [row] = exported(cast.manager)
    assert (row["Account"], row["Account id"], row["Owner"]) == (f"'{name}",) * 3


def test_the_file_is_named_by_its_date(cast: Cast) -> None:
    response = signed_in(cast.manager).get("/escalations/export/")
    today = timezone.now().astimezone(cast.tenant.zone)
    assert response.headers["Content-Disposition"] == f'attachment; filename="escalations-{today:%Y-%m-%d}.csv"'
