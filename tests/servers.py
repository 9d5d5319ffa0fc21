"""A pytest plug-in, loaded before Django's settings: the tests have PostgreSQL and Valkey of their own, apart from the demo's."""

import os
import sys
from contextlib import ExitStack

import pytest

os.environ.setdefault("TAMDASH_INSTANCE", "test")
# With DATABASE_URL and REDIS_URL the tests run on those servers, under settings fit for a test.
os.environ.setdefault("TAMDASH_SECRET_KEY", "only for tests " * 3)
os.environ.setdefault("TAMDASH_ALLOWED_HOSTS", "localhost,127.0.0.1")
os.environ.setdefault("TAMDASH_HTTPS", "0")
# Playwright keeps an event loop in the thread that runs the test and speaks to the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Containers often forbid to keep compiled code; here dozens of processes would each compile all of it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(name, None)  # no test talks to a model that it did not start

from tamdash import embedded  # noqa: E402 - reads the environment set above

running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    running.enter_context(embedded.servers())


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()
