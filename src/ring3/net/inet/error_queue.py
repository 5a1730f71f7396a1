"""Errors that a socket keeps with what caused them (IP_RECVERR of ip(7), IPV6_RECVERR; net/ipv4/ip_sockglue.c)."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, AF_INET6, MSG_ERRQUEUE, MSG_TRUNC, SOL_IP, SOL_IPV6
from ring3.net.inet.address import Endpoint, pack
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.net.inet.base import InetSocket

IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25
UNREACHABLE: Final = {4: (2, 3, 3), 16: (3, 1, 4)}
"""Origin, type and code of an ICMP error about a port, by the length of addresses (include/uapi/linux/errqueue.h)."""
MOST: Final = 256
"""Errors that are kept: Linux counts their bytes against the receive buffer."""


class QueuedError(NamedTuple):
    """An error: what was sent, where to, and who says that it did not arrive."""

    error: E
    data: bytes
    target: Endpoint
    offender: bytes


class ErrorQueue:
    """A socket's errors."""

    __slots__ = ("_errors",)

    def __init__(self) -> None:
        self._errors: deque[QueuedError] = deque()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._errors)

    def held_bytes(self) -> int:
        """How much they take."""
        return sum(len(error.data) for error in self._errors)

    def put(self, error: QueuedError) -> None:
        """Keeps one."""
        if len(self._errors) < MOST:
            self._errors.append(error)

    def take(self, socket: InetSocket, size: int) -> Received:
        """The oldest one; the socket's pending error is that of the next, if there is one.

        Raises:
            Errno: EAGAIN, there is none.
        """
        if not self._errors:
            raise Errno(E.EAGAIN)
        error, data, target, offender = self._errors.popleft()
        socket.error = self._errors[0].error if self._errors else None
        origin, kind, code = UNREACHABLE[len(target.host)]
        told = struct.pack("<I4BII", int(error), origin, kind, code, 0, 0, 0)
        six = socket.family == AF_INET6
        shown = pack(Endpoint(offender, 0), AF_INET6 if six else AF_INET)
        control = (SOL_IPV6, IPV6_RECVERR, told + shown) if six else (SOL_IP, IP_RECVERR, told + shown)
        flags = MSG_ERRQUEUE | (MSG_TRUNC if size < len(data) else 0)
        return Received(data[:size], len(data), pack(target, socket.family), flags, (), (control,))


def is_wanted(socket: InetSocket) -> bool:
    """Whether a socket keeps errors."""
    levels = socket.levels
    option = (SOL_IPV6, IPV6_RECVERR) if socket.family == AF_INET6 else (SOL_IP, IP_RECVERR)
    return bool(levels and levels.get(option))
