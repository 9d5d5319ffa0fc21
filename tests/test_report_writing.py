"""`/reports/`: whose score moved most, how much people change in drafts, and what the model costs."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AccountHealth, HealthSnapshot, ScanRun, Tenant
from communications.models import Approval, Communication, CommunicationRevision, Generation, ModelUse
from tests import make
from tests.conftest import Cast
from tests.test_opinions import scan_of
from tests.test_portfolio_page import signed_in
from tests.test_reports_page import page, section

NOW = timezone.now()


def last_month() -> datetime:
    return NOW.replace(day=1) - timedelta(days=5)


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight")


def written(of: Account, writer: str, note: str = "", kind: str = "health_checkin", at: datetime = NOW) -> Communication:
    draft = make.draft(of, kind)
    draft.generation = Generation.objects.create(communication=draft, context={}, writer=writer, writer_note=note)
    draft.save()
    Generation.objects.filter(pk=draft.generation.pk).update(created_at=at)
    CommunicationRevision.objects.filter(communication=draft).update(generation=draft.generation)
    return draft


def approval(of: Account, writer: str, words: int, changed: int, kind: str = "health_checkin", at: datetime = NOW) -> None:
    draft = written(of, writer, kind=kind)
    owner = of.owner
    assert owner is not None
    made = Approval.objects.create(
        communication=draft, revision=draft.revisions.get(), by=owner, written_words=words, changed_words=changed
    )
    Approval.objects.filter(pk=made.pk).update(at=at)


def use(tenant: Tenant, outcome: str, draft: Communication | None = None, at: datetime = NOW, **values: Any) -> None:
    given = {"input_tokens": 1000, "output_tokens": 500, "cost": Decimal("0.5"), "seconds": 4.0}
    ModelUse.objects.create(tenant=tenant, communication=draft, model="m", at=at, outcome=outcome, **given | values)


# Movers


def moved(of: Account, before: int, after: int, days_ago: float = 60) -> None:
    """Scored so at a daily scan then, and otherwise now."""
    scan_of(of, before, "Green", days_ago)
    ScanRun.objects.filter(pk=ScanRun.objects.latest("pk").pk).update(
        kind="daily", account=None, local_date=(NOW - timedelta(days=days_ago)).date(), accounts=1, green=1
    )
    AccountHealth.objects.filter(account=of).update(score=after, rag="Red" if after < 40 else "Amber")


def test_the_accounts_that_fell_and_rose_most_are_listed_with_both_scores(cast: Cast, account: Account) -> None:
    make.scanned(cast.tenant)
    moved(account, 90, 35)
    found = section(page(cast.manager), "movers")
    assert "Halden Freight Rita Rep 90 35 −55" in found.replace("  ", " ")
    assert "Up Then Now Points Last moved None" in found


def test_movers_are_compared_with_the_first_daily_scan_of_the_period(cast: Cast, account: Account) -> None:
    make.scanned(cast.tenant)
    moved(account, 20, 60, 80)
    scan_of(account, 100, "Green", 95)
    found = section(page(cast.manager), "movers")
    assert "20 60 +40" in found
    assert "Down Then Now Points Last moved None" in found


def test_movers_are_those_of_one_owner_where_the_address_says_so(cast: Cast, account: Account) -> None:
    make.scanned(cast.tenant)
    moved(account, 90, 35)
    make.account(cast.tenant, cast.other_rep)
    assert "Halden Freight" in section(page(cast.manager, f"?owner={cast.rep.pk}"), "movers")
    assert "Nothing moved" in section(page(cast.manager, f"?owner={cast.other_rep.pk}"), "movers")
    assert "Nothing moved" in section(page(cast.stranger), "movers")


# Edits


def test_edits_are_told_by_month_and_type_the_model_beside_the_composer(cast: Cast, account: Account) -> None:
    for changed in (0, 10, 40):
        approval(account, "model", 100, changed)
    approval(account, "offline", 200, 60)
    approval(account, "model", 100, 5, "release_notes", at=last_month())
    approval(account, "model", 100, 99, at=NOW - timedelta(days=200))
    found = section(page(cast.manager), "edits")
    assert "8 % of the model's words changed median of 4, 25 % as written" in found
    assert "30 % of the offline composer's words changed median of 1, 0 % as written" in found
    assert f"{NOW:%b %Y} Health check-in 3 10 % 33 % 1 30 % 0 %" in found
    assert f"{last_month():%b %Y} Release notes 1 5 % 0 % – – –" in found


def test_edits_are_those_of_one_owner_where_the_address_says_so(cast: Cast, account: Account) -> None:
    approval(account, "model", 100, 10)
    make.account(cast.tenant, cast.other_rep)
    assert "median of 1" in section(page(cast.manager, f"?owner={cast.rep.pk}"), "edits")
    assert "Nothing approved yet" in section(page(cast.manager, f"?owner={cast.other_rep.pk}"), "edits")
    assert "Nothing approved yet" in section(page(cast.stranger), "edits")


# Spend


def test_spend_is_told_by_month_and_type_with_its_troubles(cast: Cast, account: Account) -> None:
    draft = written(account, "model")
    use(cast.tenant, "answered", draft, seconds=2)
    use(cast.tenant, "repaired", draft, seconds=4)
    use(cast.tenant, "unusable", draft, seconds=60)
    use(cast.tenant, "failed", draft, input_tokens=0, output_tokens=0, cost=0)
    use(cast.tenant, "answered", None, at=last_month())
    written(account, "offline", "The model did not answer in time. Regenerate to ask it again.")
    found = section(page(cast.manager), "spend")
    assert f"{NOW:%b %Y} Health check-in 2 3,000 1,500 1.50 3.0 3.8 1 1 1 50 %" in found
    assert f"{last_month():%b %Y} Of no draft 1 1,000 500 0.50 4.0 4.0 0 0 0 –" in found
    assert "Why the offline composer wrote 1 50 % of 2 drafts." in found
    assert "1 The model did not answer in time" in found
    assert "Regenerate" not in found


def test_the_months_budget_is_shown_with_what_is_used_of_it(cast: Cast, account: Account) -> None:
    cast.tenant.settings = {"model_tokens_per_month": 10_000, "model_cost_per_month": 2}
    cast.tenant.save()
    use(cast.tenant, "reserved", input_tokens=2000, output_tokens=500)
    use(cast.tenant, "answered", at=last_month())
    body = page(cast.manager)
    found = section(body, "spend")
    assert "Tokens this month 2,500 of 10,000, 25 %" in found
    assert "Cost this month 0.50 of 2, 25 %" in found
    assert 'aria-valuemax="10000" aria-valuenow="2500"' in body


def test_a_tenant_without_a_model_is_told_so(cast: Cast) -> None:
    cast.tenant.settings = {"model_tokens_per_month": 0}
    cast.tenant.save()
    assert "no model is asked" in section(page(cast.manager), "spend")


def test_another_tenants_drafts_and_turns_are_in_none_of_it(cast: Cast, account: Account) -> None:
    use(cast.tenant, "answered", written(account, "model"))
    found = section(page(cast.stranger), "spend")
    assert "Nothing written yet" in found
    assert "Tokens this month 0 of" in found


def test_more_drafts_and_accounts_cost_no_more_queries(cast: Cast) -> None:
    counts = []
    for rows in (1, 12):
        for _ in range(rows):
            account = make.account(cast.tenant, cast.rep)
            approval(account, "model", 100, 10)
            use(cast.tenant, "answered", Communication.objects.filter(account=account).first())
        make.scanned(cast.tenant)
        moved(account, 90, 35, 60 + rows)
        HealthSnapshot.objects.filter(account__tenant=cast.tenant).update(score=90)
        client = signed_in(cast.manager)
        client.get("/reports/")  # what is remembered for all pages is not counted
        with CaptureQueriesContext(connection) as queries:
            client.get("/reports/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
