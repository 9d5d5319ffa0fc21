"""A back-test of 1,000 accounts over 30 days as a person waits for it: from the press of the button to the report, with its worker."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import sleep
from typing import TypeAlias

from django.conf import settings
from django.db import connection

from accounts import backtest, policies
from accounts.demo import seeding
from accounts.models import Backtest, Tenant
from tamdash.celery import app
from tests.bench.measuring import Measurement, Options, Target, milliseconds

MINUTE = 60_000
Worker: TypeAlias = "subprocess.Popen[bytes]"


def measure(options: Options) -> list[Measurement]:
    accounts, days = (50, 5) if options.quick else (1_000, 30)
    tenant = seeding.seed("backtest", accounts, days, 1, seeding.today_there(), unseen)
    rounds = range(min(options.rounds, 7))
    cold = [milliseconds(lambda: with_a_new_worker(tenant, days)) for _ in rounds]
    with worker() as process:
        wait_for(tenant, days, process)
        warm = [milliseconds(lambda: wait_for(tenant, days, process)) for _ in rounds]
    note = f"{accounts:,} accounts x {days} days, both policies and each day's scan again"
    return [
        Measurement("a back-test, its worker at work", warm, note=note, targets=[Target(MINUTE)]),
        Measurement("a back-test, its worker still to start", cold, note=note, targets=[Target(MINUTE)]),
    ]


def unseen(what: str, steps: int) -> AbstractContextManager[Callable[[int], object]]:
    return nullcontext(int)


def with_a_new_worker(tenant: Tenant, days: int) -> None:
    with worker() as process:
        wait_for(tenant, days, process)


def wait_for(tenant: Tenant, days: int, process: Worker) -> None:
    draft = policies.copy(policies.in_force(tenant))
    row = backtest.start(draft, None, days)
    while (status := Backtest.objects.values_list("status", flat=True).get(pk=row.pk)) != Backtest.Status.DONE:
        assert status != Backtest.Status.FAILED
        assert process.poll() is None, "the worker ended"
        sleep(0.02)


@contextmanager
def worker() -> Iterator[Worker]:
    """A worker process on the bench's own database, fed through a queue of its own."""
    here = connection.settings_dict
    queue = app.conf.task_default_queue = f"bench-{here['NAME']}"
    environment = {
        "DATABASE_URL": f"postgresql:///{here['NAME']}?host={here['HOST']}&user={here['USER']}",
        "REDIS_URL": settings.REDIS_URL,
        "TAMDASH_SECRET_KEY": settings.SECRET_KEY,
        "TAMDASH_ALLOWED_HOSTS": "localhost",
    }
    command = [sys.executable, "-m", "celery", "-A", "tamdash", "worker", "-c", "1", "-P", "solo", "-Q", queue, "-l", "ERROR"]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
