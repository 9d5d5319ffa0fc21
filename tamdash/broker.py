"""Telling a worker that there is work. The work itself is a row: a message that gets lost costs time only."""

import logging

from kombu.exceptions import ChannelError, OperationalError

from tamdash.celery import app

logger = logging.getLogger(__name__)


# Of Redis, which takes 0 first.
LATER = 6
LAST = 9


def tell(task: str, *args: object, expires: float | None = None, takes_long: bool = False, can_wait: bool = False) -> None:
    """Enqueues the task of that name, or notes that a sweep will have to find the row.

    `expires`: seconds, where another follows anyway. What `takes_long` waits behind what does not, above all behind alerts;
    what `can_wait`, as nobody sits waiting for it, behind both.
    """
    try:
        app.send_task(task, args, expires=expires, priority=LAST if can_wait else LATER if takes_long else 0)
    except OperationalError as error:
        logger.warning("%s%s waits for the sweep, the broker did not take it: %s", task, args, error)


def waiting() -> int:
    """Messages that no worker has taken yet."""
    name = app.conf.task_default_queue
    try:
        with app.connection_for_read() as connection:
            channel = connection.default_channel
            return int(channel.queue_declare(name, passive=True).message_count)  # type: ignore[attr-defined]  # typed as one of its bases
    except ChannelError:  # Redis keeps no empty queue
        return 0
