"""The embedded Valkey, which speaks Redis: cache and broker on a private unix socket, nothing kept."""

import signal
import socket
import time
from pathlib import Path

from tamdash.embedded import processes
from tamdash.embedded.instance import CannotStart, Instance
from tamdash.embedded.programs import valkey_program

PROGRAM = "valkey-server"


class Valkey:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        return self.instance.sockets / "valkey.sock"

    @property
    def _home(self) -> Path:
        return self.instance.home / "valkey"

    def ensure(self) -> None:
        """Answers when this returns. Raises CannotStart. To be called under the instance's lock."""
        if not self._answers():
            self.stop()
            self._start(self.instance.folder("valkey"))

    def stop(self) -> None:
        running = processes.pids(PROGRAM, self._home)
        processes.stop(PROGRAM, self._home, running[0] if running else None, signal.SIGTERM, patience=5)
        self._socket.unlink(missing_ok=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _start(self, folder: Path) -> None:
        self.instance.socket_folder()
        log = folder / "valkey.log"
        log.unlink(missing_ok=True)
        command: list[str | Path] = [
            valkey_program(self.instance),
            "--port",
            "0",
            "--unixsocket",
            str(self._socket),
            "--unixsocketperm",
            "700",
        ]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "yes", "--pidfile", "valkey.pid", "--logfile", log.name]
        processes.run(self.instance, folder, command, what="Valkey did not start", log=log)
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline or not processes.pids(PROGRAM, folder):
                raise CannotStart(f"Valkey did not start.{processes.last_lines(log)}")
            time.sleep(0.02)
