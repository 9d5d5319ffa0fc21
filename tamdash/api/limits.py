"""How often a token may call: so many calls in each minute of the clock, counted in Redis. Without Redis nobody is held up."""

import logging
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tamdash.settings import redis as redis_urls

logger = logging.getLogger(__name__)
WINDOW = 60  # seconds
TIMEOUT = 0.5  # seconds: a call is worth more than its counting


@dataclass(frozen=True)
class Allowance:
    """What a token has left in this minute, and the seconds until the next."""

    limit: int
    remaining: int
    resets_in: int
    is_over: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.resets_in),
            "RateLimit-Policy": f"{self.limit};w={WINDOW}",
        }


def count(token: int, now: float | None = None) -> Allowance:
    """Counts one call of the token."""
    limit: int = settings.API_CALLS_PER_MINUTE
    minute, second = divmod(int(time.time() if now is None else now), WINDOW)
    try:
        calls = counted(f"tamdash:api:{token}:{minute}")
    except (RedisError, OSError) as error:
        logger.warning("A call of the API is not counted, Redis did not take it: %s", type(error).__name__)
        calls = 0
    return Allowance(limit, max(0, limit - calls), WINDOW - second, is_over=calls > limit)


def counted(key: str) -> int:
    pipe = client(redis_urls(settings.REDIS_URL, 0)["cache"]).pipeline(transaction=False)
    pipe.incr(key)
    pipe.expire(key, 2 * WINDOW)
    return int(pipe.execute()[0])


@lru_cache(maxsize=1)
def client(url: str) -> Redis:
    """One a process; it tries once."""
    return Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0))
