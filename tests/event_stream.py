"""A tenant's stream of events on the real server, and rows of the outbox that are to get there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from redis import Redis

from accounts.models import Notification, Tenant
from accounts.notifications import delivery
from tamdash.settings import redis as redis_urls
from tests import make

if TYPE_CHECKING:
    from tests.conftest import Cast

REDIS_URL = redis_urls(django_settings.REDIS_URL, 0)["cache"]


@pytest.fixture
def stream(cast: "Cast") -> Iterator[str]:
    """The tenant's stream on the real server, empty before and after."""
    name = f"tamdash:{cast.tenant.slug}:escalations"
    forget(name)
    yield name
    forget(name)


def forget(name: str) -> None:
    """What a flushed Redis would have lost of it."""
    with Redis.from_url(REDIS_URL) as redis:
        for key in redis.scan_iter(f"{name}*"):
            redis.delete(key)


def entries(stream: str) -> int:
    with Redis.from_url(REDIS_URL) as redis:
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
