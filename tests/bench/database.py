"""The bench's own database beside the configured one, filled with a portfolio in seconds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import ProgrammingError, connection

from accounts import onboarding
from accounts.models import Account, Tenant

START = datetime(2025, 6, 4, 7, tzinfo=UTC)
DAY = timedelta(days=1)


@contextmanager
def own_database() -> Iterator[None]:
    """Made anew, dropped afterwards, called after the configured one: `tamdash_bench` beside `tamdash`."""
    name = str(settings.DATABASES["default"]["NAME"])
    connection.settings_dict["TEST"]["NAME"] = f"{name}_bench_{os.getpid()}"  # two at once stay out of each other's way
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def run(sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def number(sql: str) -> float:
    return float(run(sql)[0][0])


# 8 tickets an account, 30 % of them open or pending and up to 30 days old, 40 % of them P1 or P2, spread over the
# accounts as they came in. 70 % of the accounts are monitored; a fifth of those fell silent in the last eight days or
# will in the coming weeks. The others' heartbeats lie ahead of every instant measured.
ACCOUNTS = """
INSERT INTO accounts_account (tenant_id, external_id, name, tier, region, arr, ping_id, profile_page_id, is_active, created_at)
SELECT %(tenant)s, 'A-' || n, 'Account ' || n, 'core', '', n, gen_random_uuid(), '', true, %(start)s FROM generate_series(1, %(count)s) n"""
TICKETS = """
INSERT INTO accounts_ticket (tenant_id, account_id, source, external_id, account_key, priority, status, subject, created_at, closed_at,
    source_version)
SELECT %(tenant)s, %(first)s + n %% %(count)s, 'generic', n, '', CASE WHEN random() < 0.4 THEN 1 + n %% 2 ELSE 3 + n %% 2 END,
    CASE WHEN is_live THEN (ARRAY['open', 'pending'])[1 + n %% 2] ELSE 'closed' END, 'Export of the monthly report fails',
    CASE WHEN is_live THEN %(start)s - random() * interval '30 days' ELSE %(start)s - (40 + 300 * random()) * interval '1 day' END,
    CASE WHEN NOT is_live THEN %(start)s - random() * interval '40 days' END, 0
FROM (SELECT n, random() < 0.3 AS is_live FROM generate_series(1, 8 * %(count)s) n) AS ticket"""
HEARTBEATS = """
INSERT INTO accounts_heartbeat (account_id, last_at)
SELECT %(first)s + n, %(start)s + CASE WHEN random() < 0.2 THEN (28 * random() - 8) * interval '1 day' ELSE interval '1 year' END
FROM generate_series(0, %(count)s - 1) n WHERE random() < 0.7"""
TABLES = ["account", "ticket", "heartbeat", "accounthealth", "healthsnapshot", "escalation", "escalationevent"]


def load(count: int, slug: str) -> Tenant:
    """A tenant with so many accounts, always the same ones."""
    tenant = onboarding.create_tenant(slug, slug.title())
    values: dict[str, Any] = {"tenant": tenant.pk, "start": START, "count": count}
    run("SELECT setseed(0.5)")
    with without_foreign_key_checks():
        run(ACCOUNTS, values)
        values["first"] = Account.objects.filter(tenant=tenant).earliest("id").pk
        run(TICKETS, values)
        run(HEARTBEATS, values)
    for table in TABLES:
        # Left to itself it would vacuum in the middle of a measurement.
        run(f"ALTER TABLE accounts_{table} SET (autovacuum_enabled = off)")
    run("VACUUM (ANALYZE)")
    return tenant


@contextmanager
def without_foreign_key_checks() -> Iterator[None]:
    """Saves a minute of loading, where the database user may; the data is known to be sound."""
    try:
        run("SET session_replication_role = replica")
    except ProgrammingError:
        yield
        return
    yield
    run("SET session_replication_role = DEFAULT")


CLOSE = """
UPDATE accounts_ticket SET status = 'resolved', closed_at = %(at)s
WHERE tenant_id = %(tenant)s AND status IN ('open', 'pending') AND random() < 0.012"""
OPEN = """
INSERT INTO accounts_ticket (tenant_id, account_id, source, external_id, account_key, priority, status, subject, created_at, source_version)
SELECT tenant_id, id, 'generic', %(at)s::text || id, '', CASE WHEN random() < 0.4 THEN 2 ELSE 3 END, 'open', '',
    %(at)s - random() * interval '1 day', 0
FROM accounts_account WHERE tenant_id = %(tenant)s AND random() < 0.03"""


def a_day_passes(tenant: Tenant, at: datetime) -> None:
    """About 3 % of the accounts get a ticket and as many lose one. With those that turn late or silent, 5 to 10 % change.

    At night the server vacuums.
    """
    values = {"tenant": tenant.pk, "at": at}
    with without_foreign_key_checks():
        run(CLOSE, values)
        run(OPEN, values)
    run(f"VACUUM (ANALYZE) {', '.join(f'accounts_{table}' for table in TABLES)}")
