"""Clones and users of their embedded servers, for the tests of the two."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tamdash.embedded import Instance, processes, sharing
from tamdash.embedded.instance import CLONE
from tamdash.embedded.postgres import Postgres
from tamdash.embedded.valkey import Valkey

USER = """
import sys
from pathlib import Path
from tamdash import embedded
with embedded.servers(embedded.Instance(Path(sys.argv[1]), sys.argv[2])):
    print("inside", flush=True)
    sys.stdin.read()
"""


class User:
    """Another process that uses an instance's servers until it is told to leave."""

    def __init__(self, instance: Instance) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        command = [sys.executable, "-c", USER, str(instance.root), instance.name]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=CLONE, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def inside(self) -> "User":
        assert self.process.stdout
        assert self.process.stdout.readline() == "inside\n", self.process.communicate()[1]
        return self

    def leave(self) -> None:
        assert self.process.communicate(timeout=60)[1] == ""
        assert self.process.returncode == 0

    def killed(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Callable[[str], Instance]]:
    """Instances of clones that exist only for one test."""
    made: list[Instance] = []

    def make(name: str) -> Instance:
        root = tmp_path / name
        root.mkdir(parents=True, exist_ok=True)
        made.append(Instance(root, "test"))
        return made[-1]

    yield make
    for instance in made:
        wipe(instance, instance.clone_data)


@pytest.fixture(scope="module")
def one_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("clone")
    yield root
    shutil.rmtree(Instance(root, "test").clone_data)


@pytest.fixture
def instance(one_clone: Path, request: pytest.FixtureRequest) -> Iterator[Instance]:
    """One of its own for each test, in a clone that they share: for root a clone has a copy of the programs."""
    instance = Instance(one_clone, f"test-{abs(hash(request.node.name)) % 10**8}")
    yield instance
    wipe(instance, instance.home)


@pytest.fixture(scope="module")
def made(one_clone: Path) -> Iterator[Path]:
    """A server's files as its first start leaves them."""
    first = Instance(one_clone, "test-first")
    User(first).inside().leave()
    yield first.home / "postgres"
    wipe(first, first.home)


@pytest.fixture
def used(instance: Instance, made: Path) -> Instance:
    """One that had servers before: to make their files anew takes longer than most of what is done with them."""
    subprocess.run(["cp", "-a", made, instance.home], check=True)
    return instance


def wipe(instance: Instance, folder: Path) -> None:
    sharing.stop(instance)
    while folder.exists():  # its keeper may still look for the locks
        shutil.rmtree(folder, ignore_errors=True)


def postmasters(instance: Instance) -> list[int]:
    """Postgres processes whose parent is none."""
    parents = {}
    for pid in processes.pids("postgres", Postgres(instance).data):
        with suppress(psutil.NoSuchProcess):  # a session that was just closed
            parents[pid] = psutil.Process(pid).ppid()
    return [pid for pid, parent in parents.items() if parent not in parents]


def valkeys(instance: Instance) -> list[int]:
    return processes.pids("valkey-server", instance.home / "valkey")


def server_pids(instance: Instance) -> list[int]:
    return processes.pids("postgres", Postgres(instance).data) + valkeys(instance)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def value_of(instance: Instance, query: str) -> object:
    with psycopg.connect(Postgres(instance).url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def assert_answers(instance: Instance) -> None:
    assert value_of(instance, "SELECT current_database()") == "tamdash"
    assert redis.Redis.from_url(Valkey(instance).url).ping()


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not (reached := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return reached
