"""The demo: a filled tenant served by web, worker and beat until Ctrl-C. `--reset` removes its data."""

import argparse
import ctypes
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.errors import UndefinedTable

from tamdash import embedded
from tamdash.embedded.instance import CLONE, CannotStart, Instance, setting, write_private
from tamdash.embedded.locks import Lock
from tamdash.embedded.processes import last_lines, started_at

READY_SECONDS = 60
GRACE_SECONDS = 10
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked the demo to end."""


@dataclass(frozen=True)
class Part:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class Demo:
    """What runs, and whether somebody asked for its end."""

    instance: Instance
    stopping: bool = False
    running: list[Part] = field(default_factory=list)
    # Somebody who kills make, and not its process group, means the demo too.
    make: int | None = field(default_factory=lambda: os.getppid() if "MAKELEVEL" in os.environ else None)

    @property
    def logs(self) -> Path:
        logs = self.instance.home / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        return logs

    @property
    def record(self) -> Path:
        return self.instance.home / "demo.json"

    def pause(self, seconds: float) -> None:
        """Every wait of the demo goes through here. Raises Stopped."""
        if self.stopping or (self.make and os.getppid() != self.make):
            raise Stopped
        time.sleep(seconds)

    def start(self, name: str, *command: str, hands: Sequence[int] = (), orphaned: signal.Signals = signal.SIGTERM) -> Part:
        """A child in a session of its own, so that Ctrl-C reaches only us, which gets that signal when we are killed."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                [sys.executable, *command],
                cwd=CLONE,
                env=os.environ | {"TAMDASH_DEMO": "1", "DJANGO_SETTINGS_MODULE": "tamdash.settings"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=hands,
                preexec_fn=signalled_when_orphaned(orphaned),
            )
        self.running.append(Part(name, process, log))
        write_private(self.record, json.dumps({part.process.pid: started_at(part.process.pid) for part in self.running}))
        return self.running[-1]

    def step(self, what: str, *command: str) -> None:
        """One command of manage.py, run to its end. Raises CannotStart."""
        began = time.monotonic()
        say(f"{what} ...")
        part = self.start(command[0], "manage.py", *command)
        while part.process.poll() is None:
            self.pause(0.05)
        self.running.remove(part)
        if part.process.returncode:
            raise CannotStart(f"{what}: `manage.py {' '.join(command)}` {ending(part)}")
        say(f"    done in {time.monotonic() - began:.1f} s")

    def check_parts(self) -> None:
        """Raises CannotStart, naming the one that ended."""
        for part in self.running:
            if part.process.poll() is not None:
                raise CannotStart(f"The demo ends, because its {part.name} {ending(part)}")

    def end(self) -> None:
        """Nothing that we started runs afterwards."""
        for part in self.running:
            part.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for part in self.running:
            with suppress(subprocess.TimeoutExpired):
                part.process.wait(max(0.0, deadline - time.monotonic()))
            # Even when the part has gone: one that was killed leaves its own children behind.
            with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that has gone
                os.killpg(part.process.pid, signal.SIGKILL)
            part.process.wait()
        self.record.unlink(missing_ok=True)


def signalled_when_orphaned(how: signal.Signals) -> Callable[[], None] | None:
    """To be called in the child. Only Linux can do it; elsewhere the next start ends what was left."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def ending(part: Part) -> str:
    code = part.process.returncode
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{how}.{last_lines(part.log, 40)}"  # gunicorn puts its own farewell after the cause


def end_leftovers(demo: Demo) -> None:
    """Ends what a demo that was killed could not end itself."""
    if demo.record.exists():
        for pid, began in json.loads(demo.record.read_text()).items():
            if began is not None and started_at(int(pid)) == began:
                os.killpg(int(pid), signal.SIGKILL)


def prepare(demo: Demo) -> None:
    filling = "scanning the demo tenant" if seeded() else "filling the demo tenant, which takes a minute"
    demo.step(f"Setting up the database and {filling}", "prepare_demo")
    collected, current = demo.instance.home / "collected", static_files()
    if not (CLONE / "staticfiles" / "staticfiles.json").exists() or not collected.exists() or collected.read_text() != current:
        demo.step("Collecting styles and scripts", "collectstatic", "--no-input")
        collected.write_text(current)


def static_files() -> str:
    """Changes when what collectstatic would collect has changed."""
    files = sorted([*CLONE.glob("static/**/*"), *CLONE.glob("*/static/**/*")])
    ours = [(str(file.relative_to(CLONE)), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return hashlib.sha256(repr((ours, (CLONE / "requirements.txt").read_text())).encode()).hexdigest()


def seeded() -> bool:
    with psycopg.connect(setting("DATABASE_URL") or embedded.database_url()) as connection, suppress(UndefinedTable):
        return connection.execute("SELECT 1 FROM accounts_tenant WHERE slug = 'demo'").fetchone() is not None
    return False


def listen() -> socket.socket:
    """On PORT of this machine alone, or on the next one that is free, and says so. Raises CannotStart."""
    wanted = setting("PORT") or "8000"
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise CannotStart(f"PORT is {wanted!r}: it must be a number between 1 and 65535.")
    for port in range(int(wanted), min(int(wanted) + 100, 65536)):
        listener = socket.socket()
        # Without it the port of a demo that just ended counts as taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except PermissionError as error:
            raise CannotStart(f"PORT is {port}, which this user may not open: choose one above 1023.") from error
        except OSError:
            listener.close()
            continue
        if port != int(wanted):
            say(f"Port {wanted} is taken, so this is port {port}.")
        return listener
    raise CannotStart(f"Port {wanted} and the hundred after it are taken: set PORT to a free one.")


def serve(demo: Demo) -> None:
    """Runs until a part ends or somebody asks for the end. Raises CannotStart or Stopped."""
    with listen() as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        os.environ["PORT"] = str(port)  # the links in mails lead there
        web = ["gunicorn", "tamdash.wsgi", "--preload", "--bind", f"fd://{descriptor}"]
        web += ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket"]
        celery = ["-m", "celery", "-A", "tamdash"]
        demo.start("web", "-m", *web, hands=[descriptor])
        worker = ["worker", "--pool", "prefork", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        # At SIGTERM a worker would first finish its tasks, at SIGQUIT it ends its own children at once.
        demo.start("worker", *celery, *worker, orphaned=signal.SIGQUIT)
        schedule = str(demo.instance.home / "beat-schedule")
        demo.start("beat", *celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING")
        wait_until_ready(demo, port)
        say("")
        say(f"tamdash answers at http://127.0.0.1:{port}/")
        say("Sign in as rep@demo.test, manager@demo.test or admin@demo.test, password tamdash-demo.")
        if not (setting("TAMDASH_EMAIL_URL") or setting("DATABASE_URL")):
            say(f"Mails are files in {demo.instance.home / 'mail'}, and go nowhere.")
        say(f"Logs are in {demo.logs}. Ctrl-C ends the demo.")
        while True:
            demo.check_parts()
            demo.pause(0.2)


def wait_until_ready(demo: Demo, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (answer := health(port)) != "200":
        demo.check_parts()
        if time.monotonic() > deadline:
            raise CannotStart(f"/healthz does not answer: {answer}.{last_lines(demo.logs / 'web.log')}")
        demo.pause(0.1)


def health(port: int) -> str:
    """The status of /healthz, or why there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


@contextmanager
def alone(instance: Instance) -> Iterator[None]:
    """One demo an instance at a time. Raises CannotStart."""
    lock = Lock(instance.home / "demo.lock")
    if not lock.acquire_at_once():
        raise CannotStart(f"A demo of this clone is running already (instance {instance.name!r}): end it first, with Ctrl-C.")
    try:
        yield
    finally:
        lock.release()


def run(instance: Instance) -> None:
    demo = Demo(instance)

    def stop(*_: object) -> None:
        demo.stopping = True

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has the last word
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:
            signal.signal(name, stop)
    with alone(instance):
        end_leftovers(demo)
        with embedded.servers(instance):
            try:
                prepare(demo)
                serve(demo)
            except Stopped:
                say("Ending the demo ...")
            finally:
                demo.end()


def reset(instance: Instance) -> None:
    """Removes this instance's data, and stops nothing to do so. Raises CannotStart."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        if setting(name):
            raise CannotStart(f"{name} names a server of your own: tamdash never deletes its data. Nothing was removed.")
    with alone(instance):
        end_leftovers(Demo(instance))
        embedded.remove(instance)
    say("The demo's data is removed; the next start makes it anew.")


def say(text: str) -> None:
    # Nobody may be reading any more, when the terminal was closed.
    with suppress(BrokenPipeError, OSError):
        print(text, flush=True)  # noqa: T201 (a command in a terminal)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tamdash.demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="remove the demo's data and end")
    action = reset if parser.parse_args().reset else run
    action(embedded.default())
