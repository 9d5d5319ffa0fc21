"""PostgreSQL and Valkey without installing either: started for the first who needs them, stopped after the last.

They serve the demo, development and tests. `DATABASE_URL` and `REDIS_URL` name servers of one's own instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tamdash.embedded import sharing
from tamdash.embedded.instance import CannotStart, Instance, default, setting
from tamdash.embedded.postgres import Postgres
from tamdash.embedded.sharing import remove
from tamdash.embedded.valkey import Valkey

__all__ = ["CannotStart", "Instance", "database_url", "default", "redis_url", "remove", "secret_key", "servers", "setting"]


def database_url() -> str:
    """Where the embedded database answers; starts nothing."""
    return Postgres(default()).url


def redis_url() -> str:
    """Where the embedded Redis answers; starts nothing."""
    return Valkey(default()).url


def secret_key() -> str:
    """Made once for this instance, readable by its owner alone: enough where the servers are embedded, not in production."""
    return default().secret_key()


@contextmanager
def servers(instance: Instance | None = None) -> Iterator[None]:
    """Both servers answer inside, except those that `DATABASE_URL` and `REDIS_URL` replace. Raises CannotStart.

    Any number of processes may be inside at once; entering also repairs what died.
    """
    instance = instance or default()
    needed: list[Postgres | Valkey] = []
    if not setting("DATABASE_URL", instance.root):
        needed.append(Postgres(instance))
    if not setting("REDIS_URL", instance.root):
        needed.append(Valkey(instance))
    if not needed:
        yield
        return
    user = sharing.enter(instance, needed)
    try:
        yield
    finally:
        sharing.leave(instance, user)
