"""`/reports/`: how long escalations waited and accounts took to recover, and what the score missed."""

from datetime import timedelta
from statistics import quantiles
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Escalation, EscalationEvent, User
from accounts.pages.reports.answers import answers
from tests import make
from tests.conftest import Cast
from tests.test_opinions import scan_of
from tests.test_portfolio_page import signed_in
from tests.test_reports_page import page, section

HOUR = timedelta(hours=1)


def escalation(of: Account, days_ago: float, answered: float | None = None, recovered: float | None = None, **values: Any) -> Escalation:
    """Opened so many days ago; acknowledged and recovered so many hours after that."""
    at = timezone.now() - timedelta(days=days_ago)
    state = {
        "status": "resolved",
        "recovered": recovered is not None,
        "resolved_at": at + HOUR * (24 * 30 if recovered is None else recovered),
    }
    shown = {"reason": "early_warning", "score": 55, "rag": "Amber", "severity": "Amber", "opened_at": at, "due_at": at}
    made = Escalation.objects.create(**{"tenant": of.tenant, "account": of} | state | shown | values)
    EscalationEvent.objects.create(escalation=made, kind="opened", at=at, note=values.get("reason", ""))
    if answered is not None:
        EscalationEvent.objects.create(escalation=made, kind="acknowledged", at=at + HOUR * answered)
    return made


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Halden Freight", tier="strategic")


def test_times_are_counted_by_tier_and_by_owner(cast: Cast, account: Account) -> None:
    other = make.account(cast.tenant, cast.other_rep, tier="core")
    nobodys = make.account(cast.tenant, tier="core")
    for answered, recovered in ((1, 24), (3, 48), (5, None), (None, 96)):
        escalation(account, 10, answered, recovered)
    escalation(other, 20, 2)
    escalation(nobodys, 30)
    escalation(other, 91, 500, 500)  # too long ago
    found = section(page(cast.manager), "answers")
    assert "6 opened 2 h to acknowledge median of 4 2 d to recover median of 3" in found
    # Opened, acknowledged, median, nine of ten; recovered, median, nine of ten: between the two that are next, in proportion.
    assert "Strategic 4 3 3 h 4 h 3 2 d 3 d 14 h" in found
    assert "Core 2 1 2 h 2 h 0 – –" in found
    assert "Rita Rep 4 3 3 h 4 h 3 2 d 3 d 14 h Otto Other 1 1 2 h 2 h 0 – – Nobody 1 0 – – 0 – –" in found


def test_the_first_acknowledgement_counts_and_not_the_one_after_it_turned_red(cast: Cast, account: Account) -> None:
    twice = escalation(account, 10, 2)
    EscalationEvent.objects.create(escalation=twice, kind="acknowledged", at=twice.opened_at + HOUR * 50)
    assert "2 h to acknowledge median of 1" in section(page(cast.manager), "answers")


def test_what_a_person_resolved_did_not_recover(cast: Cast, account: Account) -> None:
    escalation(account, 10, 2, None)
    assert "to recover median of 0" in section(page(cast.manager), "answers")


def test_times_are_those_of_one_owner_where_the_address_says_so(cast: Cast, account: Account) -> None:
    escalation(account, 10, 2)
    escalation(make.account(cast.tenant, cast.other_rep), 10, 8)
    found = section(page(cast.manager, f"?owner={cast.rep.pk}"), "answers")
    assert "1 opened 2 h to acknowledge" in found
    assert "Otto Other" not in found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 2000), min_size=2, max_size=12))
def test_percentiles_are_those_of_pythons_statistics(cast: Cast, account: Account, hours: list[int]) -> None:
    Escalation.objects.filter(account=account).delete()
    for waited in hours:
        escalation(account, 10, waited, waited)
    tenths = quantiles([waited / 24 for waited in hours], n=10, method="inclusive")
    total = answers(cast.manager, "all", timezone.now()).total
    assert total is not None
    for found in (total.to_acknowledge, total.to_recover):
        assert found == pytest.approx((tenths[4], tenths[8]), abs=1e-6)


def by_hand(of: Account, by: User, days_ago: float, rag: str = "Green", score: int = 90) -> Escalation:
    return escalation(of, days_ago, reason="raised_by_hand", raised_by=by, rag=rag, severity=rag, score=score)


@pytest.mark.parametrize(
    ("days_ago", "scores", "said"),
    [
        (40, [(38, 85, "Green"), (36, 62, "Amber"), (33, 20, "Red")], "62 4 d later"),
        (40, [(38, 85, "Green"), (5, 20, "Red")], "Stayed Green, 85 at worst"),
        (10, [(8, 80, "Green"), (5, 95, "Green"), (12, 10, "Red")], "Still Green, 80 at worst"),
        (10, [], "No scan yet"),
    ],
)
def test_what_the_score_did_after_somebody_raised_one_is_told(
    cast: Cast, account: Account, days_ago: float, scores: list[tuple[float, int, str]], said: str
) -> None:
    by_hand(account, cast.rep, days_ago)
    if scores:
        make.scanned(cast.tenant)
    for ago, score, rag in scores:
        scan_of(account, score, rag, ago)
    found = section(page(cast.manager), "missed")
    assert "Halden Freight" in found
    assert "Rita Rep" in found
    assert said in found


def test_those_raised_while_green_are_counted_with_how_they_turned_out(cast: Cast, account: Account) -> None:
    by_hand(account, cast.rep, 50)
    make.scanned(cast.tenant)
    scan_of(account, 55, "Amber", 45)
    by_hand(account, cast.rep, 40)
    by_hand(account, cast.rep, 5)
    by_hand(account, cast.rep, 20, rag="Amber", score=60)
    by_hand(account, cast.rep, 100)
    escalation(account, 10)
    found = section(page(cast.manager), "missed")
    assert "3 raised while Green 1 left Green afterwards 1 too early to say" in found
    assert found.count("Halden Freight") == 3
    assert "None raised while Green" in section(page(cast.manager, f"?owner={cast.manager.pk}"), "missed")


def test_another_tenants_escalations_are_in_none_of_it(cast: Cast, account: Account) -> None:
    escalation(account, 10, 2)
    by_hand(account, cast.rep, 5)
    body = page(cast.stranger)
    assert "No escalations opened" in section(body, "answers")
    assert "None raised while Green" in section(body, "missed")


def test_more_escalations_and_owners_cost_no_more_queries(cast: Cast) -> None:
    counts = []
    for rows in (1, 12):
        for _ in range(rows):
            account = make.account(cast.tenant, make.user(cast.tenant))
            escalation(account, 10, 2, 20)
            by_hand(account, cast.rep, 5)
        make.scanned(cast.tenant)
        client = signed_in(cast.manager)
        client.get("/reports/")  # what is remembered for all pages is not counted
        with CaptureQueriesContext(connection) as queries:
            body = client.get("/reports/").content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert 'href="?all=answers#answers"' in body
