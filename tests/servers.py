"""A pytest plug-in, loaded before Django's settings: the tests have PostgreSQL and Valkey of their own, apart from the demo's."""

import os
from contextlib import ExitStack

import pytest

os.environ.setdefault("TAMDASH_INSTANCE", "test")
os.environ.pop("OPENAI_API_KEY", None)  # no test talks to a real model unless it says so

from tamdash import embedded

running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    running.enter_context(embedded.servers())


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()
