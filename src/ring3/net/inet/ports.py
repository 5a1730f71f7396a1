"""Ports of one transport protocol: who has which, and who gets what comes there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SO_REUSEADDR, SO_REUSEPORT, State
from ring3.net.inet.address import overlap

if TYPE_CHECKING:
    from ring3.net.inet.base import InetSocket

FIRST: Final = 32768
LAST: Final = 60999
"""The ports that are given to who does not choose (net.ipv4.ip_local_port_range)."""
MOST_WAITING: Final = 4096
"""How many ports are kept for a time at most; beyond that the oldest is free at once (net.ipv4.tcp_max_tw_buckets)."""
UNPRIVILEGED: Final = 1024
"""Ports below need CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start)."""


class Ports:
    """The ports of a protocol.

    Attributes:
        shares_when_heard: A port whose user listens can be had too by who asks for SO_REUSEADDR, as with UDP.
    """

    def __init__(self, random_bytes: Callable[[int], bytes], shares_when_heard: bool) -> None:
        self._random_bytes = random_bytes
        self.shares_when_heard = shares_when_heard
        self._users: dict[int, list[InetSocket]] = {}
        self._waiting: deque[InetSocket] = deque()

    def at(self, port: int) -> list[InetSocket]:
        """The sockets that have a port, oldest first."""
        return [user for user in self._users.get(port, ()) if not user.has_expired()]

    def __iter__(self) -> Iterator[InetSocket]:
        """All sockets that have one, by port."""
        for port in sorted(self._users):
            yield from self.at(port)

    def take(self, socket: InetSocket, host: bytes, port: int) -> int:
        """Gives a socket a port, or with 0 any free one; returns it.

        Raises:
            Errno: EADDRINUSE.
        """
        if not port:
            port = self._free(socket, host)
        elif any(self.conflict(socket, host, other) for other in self.at(port)):
            raise Errno(E.EADDRINUSE)
        self.add(socket, port)
        return port

    def add(self, socket: InetSocket, port: int) -> None:
        """A socket has a port from now on."""
        self._users[port] = [*self.at(port), socket]

    def _free(self, socket: InetSocket, host: bytes) -> int:
        count = LAST - FIRST + 1
        start = int.from_bytes(self._random_bytes(4), "little")
        for step in range(count):
            port = FIRST + (start + step) % count
            if not any(self.conflict(socket, host, other) for other in self.at(port)):
                return port
        raise Errno(E.EADDRINUSE)

    def conflict(self, socket: InetSocket, host: bytes, other: InetSocket) -> bool:
        """Whether a socket cannot have the port of another one with a host (inet_csk_bind_conflict)."""
        if other is socket or not overlap(host, other.local.host, socket.only6, other.only6):
            return False
        both = socket.value(SO_REUSEADDR) and other.value(SO_REUSEADDR)
        if both and (self.shares_when_heard or other.state != State.LISTEN):
            return False
        shared = socket.value(SO_REUSEPORT) and other.value(SO_REUSEPORT)
        return not (shared and socket.owner[0] == other.owner[0])

    def keep_for_a_time(self, socket: InetSocket) -> None:
        """A socket keeps its port until a time has passed; those whose time has passed are forgotten."""
        waiting = self._waiting
        waiting.append(socket)
        while len(waiting) > MOST_WAITING or waiting[0].has_expired():
            waiting.popleft().forget()

    def release(self, socket: InetSocket, port: int) -> None:
        """A socket has its port no more."""
        users = self._users.get(port)
        if users is not None and socket in users:
            users.remove(socket)
            if not users:
                del self._users[port]
