"""Telling a worker that there is work. The work itself is a row: a message that gets lost costs time only."""

import logging

from kombu.exceptions import OperationalError

from tamdash.celery import app

logger = logging.getLogger(__name__)


LATER = 9  # of Redis, which takes 0 first


def tell(task: str, *args: object, expires: float | None = None, takes_long: bool = False) -> None:
    """Enqueues the task of that name, or notes that a sweep will have to find the row.

    `expires`: seconds, where another follows anyway. What `takes_long` waits behind what does not, above all behind alerts.
    """
    try:
        app.send_task(task, args, expires=expires, priority=LATER if takes_long else 0)
    except OperationalError as error:
        logger.warning("%s%s waits for the sweep, the broker did not take it: %s", task, args, error)
