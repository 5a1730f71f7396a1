"""Netlink where the network is the host's: the host answers what only asks about links, addresses and routes."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_NETLINK, SOCK_RAW
from ring3.net.host import calls
from ring3.net.netlink import route
from ring3.net.netlink.route_socket import RouteSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller

NETLINK_ROUTE: Final = 0
ANSWER_ROOM: Final = 1 << 16
"""Bytes of one part of an answer at most (NLMSG_GOODSIZE is less)."""


class HostRouteSocket(RouteSocket):
    """A socket of NETLINK_ROUTE whose questions go to the host."""

    def handle(self, kind: int, flags: int, sequence: int, request: bytes, caller: Caller) -> None:
        """Answers one request; what would change something is refused, for the network is not the machine's."""
        if kind not in route.GETS:
            self.answer_error(E.EPERM, request, sequence)
            return
        for part in ask(request):
            self.put(self._to_this(part))

    def _to_this(self, part: bytes) -> bytes:
        """An answer of the host's, whose messages say that they are for this socket."""
        found, at = bytearray(part), 0
        while at + 16 <= len(found):
            (size,) = struct.unpack_from("<I", found, at)
            struct.pack_into("<I", found, at + 12, self.port)
            at += max(16, (size + 3) & ~3)
        return bytes(found)


def ask(request: bytes) -> list[bytes]:
    """What the host answers to a message of rtnetlink, in the parts that it comes in.

    Raises:
        Errno: As the host's calls.
    """
    fd = calls.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
    try:
        calls.send(fd, request, 0, struct.pack("<HHII", AF_NETLINK, 0, 0, 0), ())
        parts = []
        while True:
            try:
                parts.append(calls.receive(fd, ANSWER_ROOM, 0).data)
            except Errno as error:
                if (
                    error.number is E.EAGAIN
                ):  # the kernel has answered before send(2) returned, or when it is read
                    return parts
                raise
    finally:
        os.close(fd)
