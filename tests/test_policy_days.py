"""Which policy scored which day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import policy_days, scan
from accounts.models import ScoringPolicy
from accounts.scoring import Policy
from tests import make

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, LAST = date(2026, 3, 1), date(2026, 4, 30)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC))


def numbered(instants: list[datetime]) -> list[policy_days.Adopted]:
    return [(at, Policy(late_points=number)) for number, at in enumerate(sorted(instants))]


@given(st.lists(moments, min_size=1, max_size=6, unique=True))
def test_each_day_has_the_policy_that_was_in_force_when_it_ended(instants: list[datetime]) -> None:
    adopted = numbered(instants)
    found = policy_days.over(adopted, BERLIN, FIRST, LAST)
    assert found[0][0] == FIRST
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        at = datetime.combine(day + timedelta(days=1), time(), BERLIN) - timedelta(microseconds=1)
        expected = [policy for since, policy in adopted if since <= at][-1:] or [adopted[0][1]]
        assert [policy for since, policy in found if since <= day][-1] == expected[0]


@pytest.mark.django_db
def test_it_agrees_with_a_days_last_scan() -> None:
    tenant = make.tenant("north", "America/St_Johns")
    tenant.policies.update(status="retired", activated_at=datetime(2026, 1, 1, tzinfo=UTC))
    for number, adopted_on in enumerate((5, 5, 20), 2):
        at = datetime(2026, 3, adopted_on, 9 + number, 30, tzinfo=UTC)
        ScoringPolicy.objects.create(tenant=tenant, version=number, status="retired", activated_at=at, late_points=number)
    found = policy_days.over(policy_days.adopted_by(tenant), tenant.zone, FIRST, LAST)
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        at = datetime.combine(day + timedelta(days=1), time(), tenant.zone) - timedelta(microseconds=1)
        assert policy_days.on(found, day) == scan.policy_at(tenant, at).rules()
