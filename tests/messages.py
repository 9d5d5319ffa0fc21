"""What workers were told, read from the broker itself."""

from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any
from uuid import uuid4

import pytest

from tamdash.celery import app

Told = Callable[[], list[tuple[str, list[Any]]]]


@pytest.fixture
def told() -> Iterator[Told]:
    """Answers the messages sent since it was last asked, as names of tasks with their arguments."""
    before, app.conf.task_default_queue = app.conf.task_default_queue, f"tests-{uuid4()}"
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)

        def read() -> list[tuple[str, list[Any]]]:
            found: list[tuple[str, list[Any]]] = []
            while True:
                try:
                    message = queue.get(block=False)
                except Empty:
                    return found
                message.ack()
                found.append((message.headers["task"], list(message.payload[0])))

        yield read
        queue.queue.delete()
    app.conf.task_default_queue = before
