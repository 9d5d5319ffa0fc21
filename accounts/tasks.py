"""Celery's door to the stages of this package. Each task may run twice."""

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from accounts import api_tokens, backtest, forecasts, opinions, remapping, scan
from accounts.heartbeats import profile
from accounts.hooks import keeping, processing
from accounts.imports import running
from accounts.models import Tenant, User
from accounts.notifications import delivery
from accounts.pages.remembered import forget_old_changes
from accounts.pull import syncing
from tamdash import broker

logger = logging.getLogger(__name__)


@shared_task
def scan_due_tenants() -> None:
    """The minute's tick: starts what is due, a task a tenant, so that one failing tenant holds up no other."""
    now = timezone.now()
    for tenant in Tenant.objects.all():
        due = scan.daily_instant(tenant, now)
        if (
            due <= now < due + scan.CATCH_UP
            and not tenant.scan_runs.filter(kind="daily", local_date=due.date(), finished_at__isnull=False).exists()
        ):
            scan_due_tenant.delay(tenant.pk)
    for tenant_id in forecasts.tenants_with_due(now):
        grade_forecasts.delay(tenant_id)
    if opinions.due(now).exists():
        end_opinions.delay()


@shared_task
def scan_due_tenant(tenant_id: int) -> None:
    tenant = Tenant.objects.get(pk=tenant_id)
    try:
        scan.run_daily_if_due(tenant, timezone.now())
    except DatabaseError:
        logger.warning("The daily scan of tenant %s failed; the next tick tries again.", tenant_id)
        return
    forget_old_changes(tenant)
    forecasts.grade_due(tenant, timezone.now())


@shared_task
def grade_forecasts(tenant_id: int) -> None:
    forecasts.grade_due(Tenant.objects.get(pk=tenant_id), timezone.now())


@shared_task
def end_opinions() -> None:
    opinions.end_due(timezone.now())


@shared_task
def scan_tenant_now(tenant_id: int, user_id: int) -> None:
    """On demand, for whoever activated a policy. Once more does no harm."""
    scan.scan_tenant(Tenant.objects.get(pk=tenant_id), by=User.objects.get(pk=user_id))


@shared_task
def run_backtest(backtest_id: int) -> None:
    backtest.run(backtest_id)


@shared_task
def sweep_backtests() -> None:
    backtest.sweep(timezone.now())


@shared_task
def pull_jira(connection_id: int) -> None:
    syncing.pull(connection_id)


@shared_task
def sweep_jira() -> None:
    for connection_id in syncing.due(timezone.now()):
        broker.tell(syncing.PULL, connection_id, takes_long=True)


@shared_task
def run_import(import_id: str) -> None:
    running.run(import_id)


@shared_task
def sweep_imports() -> None:
    running.sweep(timezone.now())


@shared_task
def deliver_notifications(tenant_id: int, channel: str) -> None:
    delivery.drain(tenant_id, channel)


@shared_task
def sweep_notifications() -> None:
    delivery.sweep(timezone.now())


@shared_task
def apply_heartbeat_reports() -> None:
    """Told after each change, and the sweep of those whose message was lost."""
    profile.apply_waiting()


@shared_task
def remap_source(mapping_id: int) -> None:
    remapping.run(mapping_id)


@shared_task
def sweep_mappings() -> None:
    remapping.sweep(timezone.now())


@shared_task
def process_events() -> None:
    """Told after events were stored, and the sweep of those whose message was lost or whose worker went away."""
    processing.drain()


@shared_task
def forget_old_events() -> None:
    keeping.prune(timezone.now())


@shared_task
def forget_api_answers() -> None:
    api_tokens.forget_answers(timezone.now())
