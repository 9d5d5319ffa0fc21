"""The Redis streams that other software reads, one a tenant and topic. PostgreSQL holds the truth: whatever Redis loses costs the stream only."""

from functools import lru_cache
from typing import Literal

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ConnectionError,
    NoPermissionError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry

from accounts.notifications.channels import ChannelError
from accounts.notifications.events import Event
from tamdash.settings import redis as redis_urls

Topic = Literal["escalations", "opportunities"]
MAX_LENGTH = 10_000  # entries a stream, about: the oldest go
REMEMBERED = 7 * 24 * 3600  # seconds: an event told again within them is known
TIMEOUT = 5  # seconds, to connect and for the answer

# Adds the entry unless its event was added before; answers the entry's id either way. One script, so that no other attempt comes between.
ADD_ONCE = """
local before = redis.call('GET', KEYS[2])
if before then return before end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event_id', ARGV[3], 'event_type', ARGV[4], 'data', ARGV[5])
redis.call('SET', KEYS[2], id, 'EX', ARGV[2])
return id"""


def stream_of(tenant: str, topic: Topic = "escalations") -> str:
    """The name of that stream of the tenant with that slug."""
    return f"tamdash:{tenant}:{topic}"


def publish(tenant: str, event: Event, topic: Topic = "escalations") -> str:
    """Adds the event to the tenant's stream, once however often it is called. Answers where it is."""
    stream = stream_of(tenant, topic)
    keys = (stream, f"{stream}:seen:{event.event_id}")
    values = (str(MAX_LENGTH), str(REMEMBERED), str(event.event_id), event.event_type, event.model_dump_json())
    try:
        entry = client(redis_urls(settings.REDIS_URL, 0)["cache"]).eval(ADD_ONCE, len(keys), *keys, *values)
    except (RedisError, ValueError, OSError) as error:
        raise explained(error) from None  # the error itself may name the address, with its password
    return f"{stream} {entry}"


@lru_cache(maxsize=1)
def client(url: str) -> Redis:
    """One a process. It tries once: the row is tried again."""
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=True, retry=once)


def explained(error: Exception) -> ChannelError:
    """What happened, in words of ours. Permanent is only what stays as it is however long the event waits.

    A refused password is not: whoever runs tamdash puts it right, and what waits then goes out.
    """
    # A script's error has its code in front of it, or with an older Redis within.
    words = str(error)
    if isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError):
        return ChannelError("Redis refused the sign-in or the command. Whoever runs tamdash can check REDIS_URL.", permanent=False)
    if isinstance(error, TimeoutError):
        return ChannelError("Redis did not answer in time.", permanent=False)
    if isinstance(error, ConnectionError | OSError) and not isinstance(error, BusyLoadingError):
        return ChannelError("Redis could not be reached.", permanent=False)
    if "WRONGTYPE" in words:
        return ChannelError("The stream's key holds something else in Redis. Whoever runs tamdash can remove it.", permanent=True)
    if isinstance(error, ValueError | ClusterCrossSlotError):
        return ChannelError("REDIS_URL names no Redis that takes the event. Whoever runs tamdash can check it.", permanent=True)
    if "MISCONF" in words:
        return ChannelError("Redis takes no writes: it cannot save its data.", permanent=False)
    return ChannelError("Redis does not take the event now. Whoever runs tamdash can look at its log.", permanent=False)
