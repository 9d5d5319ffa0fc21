"""Telling a worker that events wait: at most one message until it has looked. Without Redis the sweep finds them."""

import logging
import time

from django.core.cache import cache
from redis.exceptions import RedisError

from tamdash import broker

logger = logging.getLogger(__name__)

PROCESS = "accounts.tasks.process_events"
ON_ITS_WAY = "hooks:hint"
LOST_AFTER = 10  # seconds after which a message that nobody took is sent again
LEFT_ALONE = 10.0  # seconds without asking a Redis that is away: requests are not to wait for it
away_until = 0.0  # of this process, on its monotonic clock


def hint() -> None:
    """After an event was stored. A worker takes the mark away before it looks, so what is stored later tells again."""
    global away_until
    if time.monotonic() < away_until:
        return
    try:
        if cache.add(ON_ITS_WAY, 1, LOST_AFTER):
            broker.tell(PROCESS)
    except RedisError as error:
        away_until = time.monotonic() + LEFT_ALONE
        logger.warning("Events wait for the sweep, Redis cannot be asked: %s", error)


def taken() -> None:
    """A worker is about to look."""
    try:
        cache.delete(ON_ITS_WAY)
    except RedisError as error:
        logger.warning("Redis cannot be told that events are looked for: %s", error)
