"""Other people's processes look like ours when a pid is used again, so ours are known by what they run and where."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tamdash.embedded.instance import CannotStart, Instance

# Nothing of the caller's environment reaches the servers: PGPORT or LC_ALL there would change them.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def pids(program: str, folder: Path) -> list[int]:
    """The living processes of that name that work in that folder."""
    return [process.pid for process in psutil.process_iter(["name"]) if process.info["name"] == program and _works_in(process, folder)]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return bool(process.cwd() == str(folder))
    except psutil.Error:  # gone, a zombie, or another user's
        return False


def stop(program: str, folder: Path, first: int | None, how: signal.Signals, patience: float) -> None:
    """Ask the first by its signal; whatever is left after that many seconds is killed."""
    if first is not None and first in pids(program, folder):
        _signal([first], how)
        _wait_until_gone(program, folder, patience)
    left = pids(program, folder)
    _signal(left, signal.SIGKILL)
    if left and not _wait_until_gone(program, folder, 10):
        raise CannotStart(f"{program} in {folder} can't be stopped: processes {pids(program, folder)}.")


def _signal(targets: Sequence[int], how: signal.Signals) -> None:
    for pid in targets:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def _wait_until_gone(program: str, folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while pids(program, folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def run(instance: Instance, folder: Path, command: Sequence[str | Path], *, what: str, log: Path | None = None) -> None:
    """Run to its end as the servers' user, in that folder. Raises CannotStart with the last lines of its output and log."""
    user = {"user": instance.uid, "group": instance.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        done = subprocess.run(  # noqa: S603 (our own commands)
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to handle, half a start is not
            text=True,
            errors="replace",
            timeout=120,
            check=False,
            **user,  # type: ignore[call-overload]  # a dict of two options of subprocess.run, or none
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotStart(f"{what}: {error}{last_lines(log)}") from error
    if done.returncode:
        raise CannotStart(f"{what} (exit code {done.returncode}):\n{done.stdout.strip()}{last_lines(log)}")


def started_at(pid: int) -> float | None:
    """With the pid, names one process for ever; None when there is none."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def last_lines(log: Path | None, count: int = 15) -> str:
    """The end of a log and where to find it, as the end of a message; nothing when there is none."""
    if not log or not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(["", f"The end of {log}:", *(f"  {line}" for line in lines)])
