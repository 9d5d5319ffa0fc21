"""The embedded PostgreSQL: one cluster in the instance's home, on a private unix socket, trusting whoever reaches it."""

import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.errors import DuplicateDatabase, UniqueViolation
from psycopg.pq import PGconn, Ping

from tamdash.embedded import processes
from tamdash.embedded.instance import CannotStart, Instance, explained
from tamdash.embedded.programs import postgres_program

DATABASE = "tamdash"
USER = "tamdash"
PORT = 5432  # only a part of the socket's name
STARTING_SECONDS = 60

INITDB = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8", "-U", USER, "--auth=trust"]
CONFIGURATION = "postgres.conf"
SETTINGS = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] '",
}
# Only `main` holds data that somebody would miss after the machine stopped.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    @property
    def url(self) -> str:
        return f"postgresql:///{DATABASE}?host={quote(str(self.instance.sockets))}&port={PORT}&user={USER}"

    @property
    def data(self) -> Path:
        return self.instance.home / "postgres" / "data"

    def ensure(self) -> None:
        """Answers, with the database in it, when this returns. Raises CannotStart. To be called under the instance's lock."""
        if not self._answers():
            self.stop()
            folder = self.instance.folder("postgres")
            if not self.data.exists():
                self._initialise(folder)
            self._start(folder)
        self._make_database()

    def stop(self) -> None:
        """Nothing of it runs afterwards, and nothing it left behind can hinder the next start."""
        # Fast: open sessions are ended, everything committed is kept.
        processes.stop("postgres", self.data, self._recorded_pid(), signal.SIGINT, patience=20)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.instance.sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _answers(self) -> bool:
        # The record is missing when somebody removed the data of a server that still runs.
        if self._recorded_pid() is None:
            return False
        deadline = time.monotonic() + STARTING_SECONDS
        # A full server answers too. One that rejects is on its way up or down: who began that may have been killed.
        while (answer := PGconn.ping(self._conninfo.encode())) == Ping.REJECT and time.monotonic() < deadline:
            time.sleep(0.1)
        return answer == Ping.OK

    @property
    def _conninfo(self) -> str:
        return make_conninfo(host=str(self.instance.sockets), port=PORT, user=USER, dbname="postgres", connect_timeout=5)

    def _initialise(self, folder: Path) -> None:
        new = folder / "data.new"
        with explained(new):
            shutil.rmtree(new, ignore_errors=True)
            initdb: list[str | Path] = [postgres_program(self.instance, "initdb"), "-D", new.name, *INITDB]
            durable = [] if self.instance.name == "main" else ["--no-sync"]
            processes.run(self.instance, folder, [*initdb, *durable], what="PostgreSQL's data could not be set up")
            with (new / "postgresql.conf").open("a") as file:
                file.write(f"\ninclude '../../{CONFIGURATION}'\n")
            new.replace(self.data)

    def _start(self, folder: Path) -> None:
        sockets = str(self.instance.socket_folder()).replace("'", "''")
        settings = SETTINGS | {"unix_socket_directories": f"'{sockets}'"} | ({} if self.instance.name == "main" else FORGETFUL)
        log = folder / "postgres.log"
        configuration = self.instance.home / CONFIGURATION
        with explained(configuration):
            configuration.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
            configuration.chmod(0o644)
            if log.exists():
                log.replace(folder / "postgres.log.1")
        # Paths relative to the folder: pg_ctl hands them to a shell, and a clone's path may hold anything.
        command: list[str | Path] = [
            postgres_program(self.instance, "pg_ctl"),
            "-w",
            "-t",
            str(STARTING_SECONDS),
            "-D",
            "data",
            "-l",
            log.name,
            "start",
        ]
        processes.run(self.instance, folder, command, what="PostgreSQL did not start", log=log)

    def _make_database(self) -> None:
        try:
            with psycopg.connect(self._conninfo, autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    # Whoever was killed before us may have left the server at the same work.
                    with suppress(DuplicateDatabase, UniqueViolation):
                        connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise CannotStart(f"PostgreSQL runs but can't be used: {error}") from error
