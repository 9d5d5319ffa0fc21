"""The whole demo as `make demo` runs it: it answers, tells what is wrong, and leaves nothing behind however it ends."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tamdash.embedded import Instance, processes, sharing
from tamdash.embedded.instance import CLONE
from tamdash.embedded.locks import Lock
from tests import readme_calls

INSTANCE = Instance(CLONE, "demo-test")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "TAMDASH_DEMO")}
ENVIRONMENT |= {"TAMDASH_INSTANCE": INSTANCE.name, "PORT": "18000"}
RESET = [sys.executable, "-m", "tamdash.demo", "--reset"]

pytestmark = pytest.mark.demo


class Demo:
    """A running demo, its output read up to the address."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tamdash.demo"]
        self.process = subprocess.Popen(
            command, cwd=CLONE, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.output = ""
        self.port = 0

    def ready(self) -> "Demo":
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if "answers at" in line:
                self.port = int(line.rstrip("/\n").rsplit(":", 1)[1])
            if "Ctrl-C" in line:
                return self
        raise AssertionError(self.output)

    def ended(self, how: signal.Signals | None = None) -> int:
        """Its exit code, after that signal; what it still says is in the output."""
        if how:
            self.process.send_signal(how)
        self.output += self.process.communicate(timeout=30)[0]
        return self.process.returncode


@pytest.fixture(scope="module", autouse=True)
def one_instance() -> Iterator[None]:
    """Seeded by the first test, then kept for the others. Another process that has some of these tests to run waits."""
    with Lock(INSTANCE.clone_data / "demo-test.lock").waiting():
        INSTANCE.home.mkdir(exist_ok=True)  # its path may be known from before another process removed it
        yield
        sharing.stop(INSTANCE)
        shutil.rmtree(INSTANCE.home)


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    demo.process.kill()
    demo.process.communicate()


def alive() -> list[str]:
    """Every process of the test's demo: parts and keeper by their environment, servers by where they work."""
    servers = processes.pids("postgres", INSTANCE.home / "postgres" / "data") + processes.pids("valkey-server", INSTANCE.home / "valkey")
    found = [f"server {pid}" for pid in servers]
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("TAMDASH_INSTANCE") == INSTANCE.name:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def left_after(seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := alive()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


def test_it_answers_beside_a_taken_port_also_to_the_readmes_calls_and_after_ctrl_c_no_process_is_left(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", int(ENVIRONMENT["PORT"]))):
        demo.ready()
    assert demo.port > int(ENVIRONMENT["PORT"])
    assert "is taken" in demo.output
    assert [status_of(demo.port, path) for path in ("/healthz", "/readyz", "/sign-in/")] == [200, 200, 200]
    assert "rep@demo.test" in demo.output
    readme_calls.check(f"http://127.0.0.1:{demo.port}")
    # What a terminal does: the signal goes to the whole group, and the parts must not be in it.
    os.killpg(demo.process.pid, signal.SIGINT)
    assert demo.ended() == 0
    assert alive() == []


def test_killing_the_supervisor_leaves_no_process(demo: Demo) -> None:
    demo.ready()
    assert len(alive()) > 5
    demo.ended(signal.SIGKILL)
    assert left_after(15) == []


def test_only_one_runs_at_a_time_and_sigterm_ends_it_wherever_it_is(demo: Demo) -> None:
    assert demo.process.stdout
    demo.output = demo.process.stdout.readline()
    assert "Setting up the database" in demo.output
    second = Demo()
    assert second.ended() == 1
    assert "running already" in second.output
    refused = subprocess.run(RESET, cwd=CLONE, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "running already" in refused.stderr
    assert demo.ended(signal.SIGTERM) == 0
    assert alive() == []


def test_the_death_of_a_part_ends_the_demo_and_is_explained(demo: Demo) -> None:
    demo.ready()
    worker = next(child for child in psutil.Process(demo.process.pid).children() if "worker" in child.cmdline())
    worker.kill()
    assert demo.ended() == 1
    assert "its worker was ended by SIGKILL" in demo.output
    assert "worker.log" in demo.output
    assert left_after(2) == []


def test_a_server_of_ones_own_is_never_emptied() -> None:
    environment = ENVIRONMENT | {"DATABASE_URL": "postgresql://database.example/tamdash"}
    refused = subprocess.run(RESET, cwd=CLONE, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "never deletes" in refused.stderr


def test_reset_removes_the_data() -> None:
    data = INSTANCE.home / "postgres"
    if not data.exists():  # the tests before may have been another process's
        Demo().ready().ended(signal.SIGTERM)
    assert data.exists()
    subprocess.run(RESET, cwd=CLONE, env=ENVIRONMENT, check=True, capture_output=True)
    assert not data.exists()
