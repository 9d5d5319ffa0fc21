"""Who uses an instance's servers: the first starts them, the last stops them, and a keeper stops them for one who was killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

from tamdash.embedded.instance import CLONE, CannotStart, Instance
from tamdash.embedded.locks import Lock
from tamdash.embedded.postgres import Postgres
from tamdash.embedded.processes import started_at
from tamdash.embedded.valkey import Valkey


def enter(instance: Instance, needed: Iterable[Postgres | Valkey]) -> Lock:
    """Counts this process as a user, for as long as it lives or until it leaves. Raises CannotStart."""
    with instance.lock().waiting():
        user = _users(instance)
        user.acquire(shared=True)
        try:
            _hire_keeper(instance)
            for server in needed:
                server.ensure()
        except BaseException:
            user.release()
            raise
    return user


def leave(instance: Instance, user: Lock) -> None:
    if not user.held:
        return  # a forked child that comes out of its parent's context
    # Without a home somebody removed the instance while it ran; the keeper sees to that.
    with suppress(FileNotFoundError), instance.lock().waiting():
        if user.acquire_at_once():
            stop(instance)
            _dismiss_keeper(instance)
    user.release()


def in_use(instance: Instance) -> bool:
    """To be asked under the instance's lock: nobody enters or leaves meanwhile."""
    users = _users(instance)
    free = users.acquire_at_once()
    users.release()
    return not free


def stop(instance: Instance) -> None:
    Postgres(instance).stop()
    Valkey(instance).stop()
    with suppress(OSError):
        instance.sockets.rmdir()


def _users(instance: Instance) -> Lock:
    return Lock(instance.home / "users.lock")


def keepers_post(instance: Instance) -> Lock:
    return Lock(instance.home / "keeper.lock")


def _hire_keeper(instance: Instance) -> None:
    vacancy = keepers_post(instance)
    if not vacancy.acquire_at_once():
        return
    vacancy.release()
    # The shell leaves it at once to the system: a keeper must not be the child of a user whose end it watches for.
    command = ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", "tamdash.embedded.keeper", str(instance.root), instance.name]
    nothing = subprocess.DEVNULL
    subprocess.run(command, cwd=CLONE, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, check=True)  # noqa: S603 (our own command)


def take_post(post: Lock) -> bool:
    """The calling process is the keeper from now on, unless there is one."""
    taken = post.acquire_at_once()
    if taken:
        post.path.write_text(json.dumps([os.getpid(), started_at(os.getpid())]))
    return taken


def _dismiss_keeper(instance: Instance) -> None:
    # It would leave by itself within a second; but when the last user is gone, everything should be.
    with suppress(OSError, ValueError):
        pid, began = json.loads(keepers_post(instance).path.read_text())
        if started_at(pid) == began:
            os.kill(pid, signal.SIGKILL)


def remove(instance: Instance) -> None:
    """Removes all data of the instance. Raises CannotStart when somebody uses it."""
    with instance.lock().waiting():
        if in_use(instance):
            raise CannotStart(f"The servers of {instance.name!r} are in use, by a demo or another command: end it first.")
        stop(instance)
        for path in instance.home.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.suffix != ".lock":  # others may be waiting for those
                path.unlink()
