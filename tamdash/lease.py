"""Holding a row while its process lives: what it holds is renewed beside the work, so that what a killed process held is soon free."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from django.db import connection

RENEWED_EVERY = 5.0  # seconds


@contextmanager
def renewed(renew: Callable[[], object], longest: float) -> Iterator[None]:
    """Inside, `renew` is called every few seconds, in a thread of its own; but for `longest` seconds only, as the work may hang for good."""
    ended = Event()
    # Most work is done before the first renewal is due, so that the thread asks nothing of the database.
    thread = Thread(target=go_on, args=(renew, ended, longest), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def go_on(renew: Callable[[], object], ended: Event, longest: float) -> None:
    until = monotonic() + longest
    try:
        while not ended.wait(RENEWED_EVERY) and monotonic() < until:
            renew()
    finally:
        connection.close()
