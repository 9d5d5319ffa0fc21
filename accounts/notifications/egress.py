"""The guard of connections that a tenant's own settings lead to: none reaches a private address unless TAMDASH_ALLOW_PRIVATE_URLS says so.

It looks at the address that is connected to in the end, so that neither a redirect nor a name that resolves to something else gets
past it, whichever library connects. It covers the thread that is in the `with` block, and no other.
"""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

LONGEST = 45.0  # seconds for all connections of one message: a server that answers a byte at a time keeps no worker
NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address in its last 32 bits (RFC 6052)
IPV4_COMPATIBLE = IPv6Network("::/96")  # the same, deprecated, but some systems still route it
# Global by their number, and yet answered nearby: site-local, a network's own NAT64 and SIIT (RFC 2765), segment routing, documentation,
# protocol assignments, Azure's host agent; and 6to4 (deprecated by RFC 7526), of which Python's releases think differently.
NEARBY = tuple(
    ip_network(one)
    for one in ("fec0::/10", "64:ff9b:1::/48", "::ffff:0:0:0/96", "5f00::/16", "3fff::/20", "2002::/16", "192.0.0.0/24", "168.63.129.16/32")
)


class PrivateAddress(OSError):
    """The connection was not made: it leads into a private network."""


class Guard:
    """What became of the connections under one guard. `refused`: addresses that were private, `late`: whether time ran out."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.late = False
        self.open: list[socket.socket] = []
        self.lock = threading.Lock()

    def check(self, connecting: socket.SocketType, address: object) -> None:
        if self.late:
            raise TimeoutError("There is no time left for another connection.")
        host = str(address[0]) if isinstance(address, tuple) and address else ""
        if not settings.ALLOW_PRIVATE_URLS and not is_public(host):
            self.refused.append(host or "a local socket")
            raise PrivateAddress(f"{self.refused[-1]} is a private address.")
        # A second handle of the same connection, because a TLS library takes the first one over.
        with self.lock, contextlib.suppress(OSError):
            self.open.append(socket.socket(connecting.family, connecting.type, connecting.proto, os.dup(connecting.fileno())))

    def cut(self) -> None:
        """Ends what is still being talked over: whoever waits for an answer gets an end of file."""
        with self.lock:
            self.late = True
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self.lock:
            while self.open:
                self.open.pop().close()


current: ContextVar[Guard | None] = ContextVar("current", default=None)


@contextlib.contextmanager
def guarded(seconds: float | None = None) -> Iterator[Guard]:
    """Within, connections to private addresses raise PrivateAddress, and all of them end after so many seconds (LONGEST).

    What then seems to have gone well may be half an answer, so leaving it raises TimeoutError.
    """
    install()
    guard, seconds = Guard(), seconds or LONGEST
    timer = threading.Timer(seconds, guard.cut)
    timer.daemon = True
    timer.start()
    token = current.set(guard)
    try:
        yield guard
        if guard.late:
            raise TimeoutError(f"It took longer than {seconds:g} seconds.")
    finally:
        current.reset(token)
        timer.cancel()
        guard.close()


@cache
def install() -> None:
    """Once a process: such a hook cannot be taken out again. Without a guard it does nothing."""
    sys.addaudithook(on_audit)


def on_audit(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    guard = current.get()
    if guard is not None:
        connecting, address = args
        assert isinstance(connecting, socket.SocketType)
        guard.check(connecting, address)


def is_public(host: str) -> bool:
    """Whether anybody on the internet is reached there. A name is not known to be: it would be resolved after this look."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return all(
        one.is_global and not one.is_multicast and not any(one in network for network in NEARBY) for one in (address, *embedded(address))
    )


def embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that an IPv6 one stands for, and that a gateway would pass it on to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, *(address.teredo or ())]
    if address in NAT64 or address in IPV4_COMPATIBLE:
        found.append(IPv4Address(address.packed[-4:]))
    return [one for one in found if one is not None]
