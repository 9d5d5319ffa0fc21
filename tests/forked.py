"""A process that a test may kill: forked once Django is there, which starting an interpreter would take seconds for."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


@contextmanager
def forked(work: Callable[..., object], *args: Any) -> Iterator[BaseProcess]:
    """The child at that work, on a database connection of its own. It is ended with the block, should it still live."""
    child = multiprocessing.get_context("fork").Process(target=apart, args=(work, *args))
    child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join(20)


def apart(work: Callable[..., object], *args: Any) -> None:
    parents = connections["default"]  # kept, as closing it would end the parent's session
    del connections["default"]
    DatabaseWrapper._connection_pools.clear()  # type: ignore[attr-defined]  # the parent's: their threads were not forked along
    work(*args)
    assert parents is not connections["default"]
