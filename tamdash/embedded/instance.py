"""What tells one set of servers from every other: the clone it belongs to and a name, and the paths that follow."""

import json
import os
import pwd
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from tamdash.embedded.locks import Lock

CLONE = Path(__file__).resolve().parents[2]
# PostgreSQL refuses to run as root, so nobody runs it, who can't look into root's own folders.
ROOTS_DATA = Path("/var/lib/tamdash")
# The kernel's limit for a socket's path is 108 bytes on Linux, 104 on macOS, with the final zero.
LONGEST_SOCKET = 103


class CannotStart(SystemExit):
    """The servers can't be had. Ends the program with its message: without them there is nothing to run."""


def setting(name: str, root: Path = CLONE) -> str:
    """What the operator set, in the environment or else in `.env`, which tamdash.settings reads the same way."""
    value = os.environ.get(name)
    return value if value is not None else dotenv_values(root / ".env").get(name) or ""


@dataclass(frozen=True)
class Instance:
    """One set of servers with its data. Two clones, or two names in one clone, share nothing."""

    root: Path
    name: str = "main"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,23}", self.name):
            raise CannotStart(f"TAMDASH_INSTANCE is {self.name!r}: use at most 24 small letters, digits and dashes.")

    @cached_property
    def clone_id(self) -> str:
        with explained(self.root):
            return clone_id(self.root)

    @cached_property
    def uid(self) -> int:
        """Whom the servers run as."""
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()

    @cached_property
    def gid(self) -> int:
        return pwd.getpwnam("nobody").pw_gid if os.geteuid() == 0 else os.getegid()

    @property
    def clone_data(self) -> Path:
        return (ROOTS_DATA if os.geteuid() == 0 else self.root.resolve() / ".tamdash") / self.clone_id

    @cached_property
    def home(self) -> Path:
        """Everything of this instance but its sockets; made on first use."""
        home = self.clone_data / self.name
        with explained(home):
            home.mkdir(parents=True, exist_ok=True)
            # Nobody must be able to pass through to the servers' folders, whatever the umask; what else lies here is
            # closed file by file.
            for folder in (home, home.parent, home.parent.parent):
                folder.chmod(0o711)
        return home

    @cached_property
    def sockets(self) -> Path:
        # The same for every shell, so not from TMPDIR unless there is no other way.
        places = [place for place in ("/tmp", tempfile.gettempdir()) if os.access(place, os.W_OK | os.X_OK)]  # noqa: S108 (the folder is private, see socket_folder)
        sockets = Path(places[0]) / f"tamdash-{self.uid}-{self.clone_id}-{self.name}"
        if len(os.fsencode(sockets)) + len("/.s.PGSQL.5432") > LONGEST_SOCKET:
            raise CannotStart(f"{sockets} is too long a path for a socket: set TMPDIR to a shorter one.")
        return sockets

    def folder(self, name: str) -> Path:
        """A folder of the servers' own, closed to everybody else."""
        folder = self.home / name
        with explained(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            os.chown(folder, self.uid, self.gid)
        return folder

    def socket_folder(self) -> Path:
        """Made if missing. Whoever made it first under the shared temporary directory could read the traffic, so it must be ours."""
        with explained(self.sockets):
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            found = self.sockets.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (self.uid, os.geteuid()) or found.st_mode & 0o077:
                raise CannotStart(f"{self.sockets} is not a private folder of this user: remove it and start again.")
            os.chown(self.sockets, self.uid, self.gid, follow_symlinks=False)
        return self.sockets

    def lock(self) -> Lock:
        """Held while servers are started, stopped or removed, and whenever somebody asks who uses them."""
        return Lock(self.home / "servers.lock")

    def secret_key(self) -> str:
        file = self.home / "secret_key"
        with explained(file):
            if not file.exists():
                with self.lock().waiting():
                    if not file.exists():
                        write_private(file, secrets.token_urlsafe(48))
            return file.read_text()


def default() -> Instance:
    return Instance(CLONE, setting("TAMDASH_INSTANCE") or "main")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """A file that can't be read or written is the operator's to put right, so say which."""
    try:
        yield
    except OSError as error:
        raise CannotStart(f"tamdash can't keep its embedded servers' files: {error.strerror}: {error.filename or path}") from error


def clone_id(root: Path) -> str:
    """Made once per clone. A copy gets another one, a clone that was moved keeps its own."""
    folder = root.resolve() / ".tamdash"
    folder.mkdir(exist_ok=True)
    file = folder / "clone.json"
    with Lock(folder / "clone.lock").waiting():
        stored = json.loads(file.read_text()) if file.exists() else {}
        place = _place(folder)
        known = stored.get("id", "") if _same(stored.get("place", {}), place) else ""
        if not known or stored["place"] != place:
            stored = {"id": known or secrets.token_hex(5), "place": place}
            write_private(file, json.dumps(stored))
        return str(stored["id"])


def _place(folder: Path) -> dict[str, Any]:
    found = folder.stat()
    return {"inode": found.st_ino, "device": found.st_dev, "path": str(folder)}


def _same(then: dict[str, Any], now: dict[str, Any]) -> bool:
    # A copy has an inode of its own. The device's number may change when the machine starts again and the path when
    # the clone is moved, but not both at once.
    return then.get("inode") == now["inode"] and any(then.get(key) == now[key] for key in ("device", "path"))


def write_private(file: Path, text: str) -> None:
    """Readable by the owner alone, and never seen half written."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)
