"""A pytest plug-in: what takes long is begun first, so that at the end two processes share only what is short."""

import pytest

LONG = ("demo", "browser")
LONG_FILES = ("test_bench_runs.py", "test_embedded.py", "test_embedded_repairs.py")


def rank(item: pytest.Item) -> int:
    """What serves itself comes first, as it also keeps the next process waiting; then what drives a browser."""
    for place, mark in enumerate(LONG):
        if item.get_closest_marker(mark):
            return place
    return len(LONG) if item.path.name in LONG_FILES else len(LONG) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=rank)
