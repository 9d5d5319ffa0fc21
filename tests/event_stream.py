"""A tenant's stream of events on a server of this process's own, and rows of the outbox that are to get there."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from redis import Redis

from accounts.models import Notification, Tenant
from accounts.notifications import delivery
from tamdash.settings import redis as redis_urls
from tests import make
from tests.own_redis import OwnRedis

if TYPE_CHECKING:
    from tests.conftest import Cast


@pytest.fixture
def stream(cast: "Cast", own_redis: OwnRedis) -> str:
    """The tenant's stream, empty. On a shared server another process's tenant of the same name would write into it."""
    return f"tamdash:{cast.tenant.slug}:escalations"


def entries(stream: str) -> int:
    with Redis.from_url(redis_urls(django_settings.REDIS_URL, 0)["cache"]) as redis:
        return int(redis.xlen(stream))


def outbox(tenant: Tenant, count: int = 1) -> list[Notification]:
    """So many events that wait."""
    for _ in range(count):
        make.escalation(make.red_account(tenant))
    return list(Notification.objects.filter(channel="event_bus").order_by("pk"))


def fresh(row: Notification) -> Notification:
    return Notification.objects.get(pk=row.pk)


def drain(tenant: Tenant) -> None:
    delivery.drain(tenant.pk, "event_bus")


def time_passes(row: Notification, by: timedelta) -> None:
    """As if it had been claimed, and were to be tried again, so much earlier."""
    found = fresh(row)
    Notification.objects.filter(pk=row.pk).update(
        next_try_at=found.next_try_at - by, claimed_at=found.claimed_at - by if found.claimed_at else None
    )
