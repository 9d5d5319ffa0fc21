"""Celery worker processes of a test's own, on its database, fed through a queue of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from uuid import uuid4

from django.conf import settings
from django.db import connection

from tamdash.celery import app

Start = Callable[[], "subprocess.Popen[bytes]"]


@contextmanager
def workers(**environment: str) -> Iterator[Start]:
    """Inside, what is enqueued waits for the processes that the answer starts; the caller may kill them. Those alive are ended with it."""
    here, before = connection.settings_dict, app.conf.task_default_queue
    queue = app.conf.task_default_queue = f"tests-{uuid4()}"
    url = f"postgresql:///{here['NAME']}?host={here['HOST']}&user={here['USER']}"
    servers = {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL}
    command = [sys.executable, "-m", "celery", "-A", "tamdash", "worker", "-c", "1", "-P", "solo", "-Q", queue, "-l", "WARNING"]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen(command, env=os.environ | servers | environment))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait(20)
        app.conf.task_default_queue = before


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.05)
