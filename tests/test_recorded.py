"""Stored scores told from today's records: whatever was corrected since, the parts add up to the stored change."""

from datetime import timedelta

import pytest
from django.db.models import F, Value
from django.db.models.functions import Mod
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import recorded, scan
from accounts.models import Account, ScoringPolicy, Tenant, Ticket
from accounts.pages.move_lines import Told, tell
from accounts.scoring import Policy
from tests.generated import Portfolio, policies, portfolios, spans
from tests.stored import many, stored

pytestmark = pytest.mark.django_db


def told(account: Account) -> Told:
    """From the account's first scan to its last."""
    *_, before = found = list(recorded.snapshots(account))
    return tell(recorded.moved(before, found[0], recorded.tickets_at(account, before, found[0])))


def adopt(tenant: Tenant, portfolio: Portfolio, policy: Policy) -> None:
    """Another policy in force at the second scan."""
    tenant.policies.update(status="retired")
    ScoringPolicy.objects.create(tenant=tenant, version=2, status="active", activated_at=portfolio.at, **policy.model_dump())


@settings(many, max_examples=60)
@given(portfolios(), spans(timedelta()), policies(), st.booleans(), st.booleans())
def test_the_parts_add_up_to_the_stored_change_whatever_was_corrected(
    portfolio: Portfolio, ago: timedelta, second: Policy, is_corrected: bool, has_new_policy: bool
) -> None:
    with stored(portfolio) as tenant:
        scan.scan_tenant(tenant, at=portfolio.at - abs(ago))
        if has_new_policy:
            adopt(tenant, portfolio, second)
        scan.scan_tenant(tenant, at=portfolio.at)
        if is_corrected:
            Ticket.objects.filter(tenant=tenant).update(priority=Mod(F("id"), Value(4)) + 1)
        for account in tenant.accounts.all():
            found = told(account)
            assert found.change == found.after.score - found.before.score
            assert sum(part.points for part in found.parts) == found.change
            for part in found.parts:
                assert sum(line.points for line in part.lines) == part.points, part.name
