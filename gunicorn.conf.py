"""What gunicorn is told wherever it is started in this directory: whoever sends half a request holds a thread for so long at most."""

import socket
import struct
from typing import Any

READ_SECONDS = 10.0  # for the next byte of a head or a body


def when_ready(server: Any) -> None:
    """Connections inherit it from the socket that listens (Linux, BSD); no setting of gunicorn's says it."""
    timeout = struct.pack("ll", int(READ_SECONDS), int(READ_SECONDS % 1 * 1_000_000))
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
