"""Locks that end with the process that took them, however it ends, and that its children don't hold."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_open: set[int] = set()


def _close_in_child() -> None:
    # A forked child shares the parent's lock, which would outlive the parent; after an exec Python closes it anyway.
    for descriptor in _open:
        with suppress(OSError):
            os.close(descriptor)
    _open.clear()


os.register_at_fork(after_in_child=_close_in_child)


class Lock:
    """An advisory lock on a file, exclusive or shared."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    @property
    def held(self) -> bool:
        # A forked child has closed its copy: there the answer is no.
        return self.descriptor in _open

    def acquire(self, *, shared: bool = False) -> None:
        """Waits for as long as others hold it."""
        self._flock(fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def acquire_at_once(self) -> bool:
        """Exclusive, or not at all. A shared hold is given up either way."""
        try:
            self._flock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self.held:
            _open.discard(self.descriptor)
            os.close(self.descriptor)
        self.descriptor = -1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _flock(self, how: int) -> None:
        if not self.held:
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _open.add(self.descriptor)
        fcntl.flock(self.descriptor, how)
