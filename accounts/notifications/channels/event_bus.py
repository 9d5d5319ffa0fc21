"""The Redis stream that other software reads, one a tenant. PostgreSQL holds the truth: whatever Redis loses costs the stream only."""

from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry

from accounts.notifications.channels import ChannelError
from accounts.notifications.events import Event
from tamdash.settings import redis as redis_urls

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


def publish(tenant: str, event: Event) -> str:
    """Adds the event to the tenant's stream, once however often it is called. Answers where it is."""
    stream = f"tamdash:{tenant}:escalations"
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
    """What happened, in words of ours."""
    if isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError):
        return ChannelError("Redis refused the sign-in or the command. Whoever runs tamdash can check REDIS_URL.", permanent=True)
    if isinstance(error, TimeoutError):
        return ChannelError("Redis did not answer in time.", permanent=False)
    if isinstance(error, BusyLoadingError | OutOfMemoryError | ReadOnlyError):
        return ChannelError("Redis takes no writes right now.", permanent=False)
    if isinstance(error, ConnectionError | OSError):
        return ChannelError("Redis could not be reached.", permanent=False)
    if "MISCONF" in str(error):
        return ChannelError("Redis takes no writes: it cannot save its data.", permanent=False)
    if "WRONGTYPE" in str(error):
        return ChannelError("The stream's key holds something else in Redis. Whoever runs tamdash can remove it.", permanent=True)
    return ChannelError("Redis did not accept the event. Whoever runs tamdash can check REDIS_URL.", permanent=True)
