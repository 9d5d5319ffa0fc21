"""The scan in SQL and the score in Python say the same, field by field and to the last bit of every float."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import scan
from accounts.models import Account, AccountHealth, ScanRun, Tenant
from accounts.schemas import HealthScoreResult
from accounts.scoring import Signals, score
from tests.generated import Portfolio, portfolios, spans
from tests.stored import many, stored

pytestmark = pytest.mark.django_db
FIELDS = [field.name for field in fields(scan.AccountScore) if field.name != "account_id"]


Scores = dict[str, dict[str, object]]


def in_python(portfolio: Portfolio, signals: list[Signals], at: datetime) -> Scores:
    scored = [score(each, portfolio.policy, at) for each in signals]
    return {str(number): {name: getattr(each, name) for name in FIELDS} for number, each in enumerate(scored)}


def in_sql(tenant: Tenant, at: datetime, *, live: bool, account: Account | None = None) -> Scores:
    found = scan.scores_at(tenant, at, live=live, account=account)
    return {each.account_id: {name: getattr(each, name) for name in FIELDS} for each in found}


def written(run: ScanRun) -> Scores:
    return {each.account.external_id: {name: getattr(each, name) for name in FIELDS} for each in run.snapshots.select_related("account")}


@many
@given(portfolios())
def test_the_live_scan_equals_the_score(portfolio: Portfolio) -> None:
    signals = [account.signals_now() for account in portfolio.accounts]
    with stored(portfolio) as tenant:
        expected = in_python(portfolio, signals, portfolio.at)
        assert in_sql(tenant, portfolio.at, live=True) == expected
        assert in_sql(tenant, portfolio.at, live=True, account=tenant.accounts.get(external_id="0")) == {"0": expected["0"]}


@many
@given(portfolios(), spans(timedelta()))
def test_a_past_instants_scan_equals_the_score_at_that_instant(portfolio: Portfolio, ago: timedelta) -> None:
    at = portfolio.at - ago
    signals = [account.signals_at(at) for account in portfolio.accounts]
    with stored(portfolio) as tenant:
        assert in_sql(tenant, at, live=False) == in_python(portfolio, signals, at)


@many
@given(portfolios(), st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns"]))
def test_what_a_scan_writes_equals_the_score(portfolio: Portfolio, zone: str) -> None:
    signals = [account.signals_now() for account in portfolio.accounts]
    with stored(portfolio) as tenant:
        tenant.time_zone = zone
        run = scan.scan_tenant(tenant, at=portfolio.at)
        expected = in_python(portfolio, signals, portfolio.at)
        assert written(run) == expected
        rags = [each["rag"] for each in expected.values()]
        assert [run.accounts, run.green, run.amber, run.red] == [len(rags), *map(rags.count, ("Green", "Amber", "Red"))]


before = st.none() | st.tuples(st.integers(0, 100), st.sampled_from(["Green", "Amber", "Red"]))


@many
@given(portfolios(), st.lists(before, min_size=12, max_size=12))
def test_a_scan_escalates_what_the_contract_would(portfolio: Portfolio, past: list[tuple[int, str] | None]) -> None:
    with stored(portfolio) as tenant:
        found_before = dict(zip(tenant.accounts.order_by("pk"), past, strict=False))
        AccountHealth.objects.bulk_create(
            health_before(account, score, rag) for account, (score, rag) in ((a, p) for a, p in found_before.items() if p)
        )
        run = scan.scan_tenant(tenant, at=portfolio.at)
        for snapshot in run.snapshots.select_related("account"):
            assert found_before[snapshot.account] == (snapshot.previous_rag and (snapshot.previous_score, snapshot.previous_rag))
            result = HealthScoreResult.model_validate(
                {
                    "account_id": snapshot.account.external_id,
                    "score": snapshot.score,
                    "rag_status": snapshot.rag,
                    "previous_score": snapshot.previous_score,
                    "previous_rag": snapshot.previous_rag,
                },
                context={"red_below": portfolio.policy.red_below},
            )
            assert snapshot.should_escalate == result.should_escalate
        assert run.escalations_opened == run.snapshots.filter(should_escalate=True).count()


def health_before(account: Account, score: int, rag: str) -> AccountHealth:
    return AccountHealth(
        account=account,
        tenant_id=account.tenant_id,
        changed_at=datetime(2019, 1, 1, tzinfo=UTC),
        changed_by_scan_id=0,
        score=score,
        rag=rag,
        open_tickets=0,
        p1_p2_tickets=0,
        late_points=0,
        volume_points=0,
        silence_points=0,
    )


def test_the_generated_portfolios_reach_every_part_of_the_score() -> None:
    """Without this the properties above could hold over portfolios in which nothing ever happens."""
    seen: set[str] = set()

    @settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(portfolios())
    def look(portfolio: Portfolio) -> None:
        for account in portfolio.accounts:
            found = score(account.signals_now(), portfolio.policy, portfolio.at)
            seen.update((found.rag, *(deduction.cause for deduction in found.deductions)))

    look()
    assert seen >= {"Green", "Amber", "Red", "late_ticket", "late_cap", "volume", "volume_cap", "silence", "floor"}
