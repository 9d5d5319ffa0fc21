"""Generated portfolios as rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

from django.db import transaction
from hypothesis import HealthCheck, settings

from accounts.models import Account, Heartbeat, HeartbeatDay, ScoringPolicy, Tenant, Ticket
from tests.generated import Portfolio

numbers = count(1)
many = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@contextmanager
def stored(portfolio: Portfolio) -> Iterator[Tenant]:
    """The portfolio as rows of a tenant, for as long as this lasts. Accounts are called by their position."""
    with transaction.atomic():
        tenant = Tenant.objects.create(slug=f"generated-{next(numbers)}", name="Generated")
        ScoringPolicy.objects.create(
            tenant=tenant, version=1, status="active", activated_at=datetime(2000, 1, 1, tzinfo=UTC), **portfolio.policy.model_dump()
        )
        rows = [Account(tenant=tenant, external_id=str(n), name=str(n)) for n in range(len(portfolio.accounts))]
        store_signals(portfolio, Account.objects.bulk_create(rows))
        yield tenant
        transaction.set_rollback(True)


def store_signals(portfolio: Portfolio, rows: list[Account]) -> None:
    pairs = list(zip(rows, portfolio.accounts, strict=True))
    Ticket.objects.bulk_create(
        Ticket(
            tenant_id=row.tenant_id,
            account=row,
            source="generic",
            external_id=str(next(numbers)),
            priority=ticket.priority,
            status=ticket.status,
            created_at=ticket.created_at,
            closed_at=ticket.closed_at,
        )
        for row, account in pairs
        for ticket in account.tickets
    )
    Heartbeat.objects.bulk_create(Heartbeat(account=row, last_at=a.last_heartbeat) for row, a in pairs if a.last_heartbeat)
    HeartbeatDay.objects.bulk_create(
        HeartbeatDay(account=row, day=first.date(), first_at=first, last_at=last) for row, a in pairs for first, last in a.days
    )
