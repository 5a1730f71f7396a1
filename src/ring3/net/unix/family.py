"""How sockets of AF_UNIX are made (unix_create)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM
from ring3.net.unix.datagram import UnixDatagram, UnixSeqpacket
from ring3.net.unix.stream import UnixStream

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.unix.base import UnixSocket

KINDS: Final[dict[int, tuple[type[UnixSocket], int]]] = {
    SOCK_STREAM: (UnixStream, SOCK_STREAM),
    SOCK_DGRAM: (UnixDatagram, SOCK_DGRAM),
    SOCK_RAW: (UnixDatagram, SOCK_DGRAM),
    SOCK_SEQPACKET: (UnixSeqpacket, SOCK_SEQPACKET),
}
"""The class of each type, and the type that it is."""


def make(network: Network, kind: int, protocol: int, caller: Caller) -> UnixSocket:
    """A new socket.

    Raises:
        Errno: EPROTONOSUPPORT, ESOCKTNOSUPPORT.
    """
    if protocol not in (0, AF_UNIX):
        raise Errno(E.EPROTONOSUPPORT)
    found = KINDS.get(kind)
    if found is None:
        raise Errno(E.ESOCKTNOSUPPORT)
    made, real = found
    socket = made(network, real, (caller.effective.uid, caller.effective.gid))
    socket.domain = caller.domain
    return socket
