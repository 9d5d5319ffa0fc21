"""How much one token may send in an hour of the clock, counted in Redis. Without Redis nobody is held up."""

import logging
import time

from django.conf import settings
from redis.exceptions import RedisError

from accounts.hooks.tokens import digest_of
from tamdash.api.limits import client
from tamdash.settings import redis as redis_urls

logger = logging.getLogger(__name__)

HOUR = 3600  # seconds
EVENTS = 100_000
BYTES = 200 << 20
LEFT_ALONE = 10.0  # seconds without asking a Redis that is away: requests are not to wait for it
away_until = 0.0  # of this process, on its monotonic clock


def take(token: str, size: int, now: float | None = None) -> int:
    """Counts an event of that many bytes. Seconds until the token may send again; 0 while it may."""
    global away_until
    if time.monotonic() < away_until:
        return 0
    hour, second = divmod(int(time.time() if now is None else now), HOUR)
    try:
        events, sent = counted(f"tamdash:hooks:{digest_of(token)}:{hour}", size)
    except (RedisError, OSError) as error:
        away_until = time.monotonic() + LEFT_ALONE
        logger.warning("Webhooks are not counted, Redis did not take it: %s", type(error).__name__)
        return 0
    return HOUR - second if events > EVENTS or sent > BYTES else 0


def counted(key: str, size: int) -> tuple[int, int]:
    """Events and bytes of the hour, this one's among them."""
    pipe = client(redis_urls(settings.REDIS_URL, 0)["cache"]).pipeline(transaction=False)
    pipe.hincrby(key, "events", 1)
    pipe.hincrby(key, "bytes", size)
    pipe.expire(key, HOUR)
    events, sent, _ = pipe.execute()
    return int(events), int(sent)
