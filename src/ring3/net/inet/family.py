"""How sockets of AF_INET and AF_INET6 are made (inet_create, inet6_create)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
from ring3.net.caller import CAP_NET_RAW
from ring3.net.inet.raw import FAMILIES, RawSocket
from ring3.net.inet.tcp import TcpSocket
from ring3.net.inet.udp import UdpSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.inet.base import InetSocket
    from ring3.net.network import Network

IPPROTO_TCP: Final = 6
IPPROTO_UDP: Final = 17
IPPROTO_UDPLITE: Final = 136
IPPROTO_MAX: Final = 263
KINDS: Final[dict[int, tuple[type[InetSocket], int]]] = {
    SOCK_STREAM: (TcpSocket, IPPROTO_TCP),
    SOCK_DGRAM: (UdpSocket, IPPROTO_UDP),
}
"""The class of each type, and its protocol."""


def _make(family: int, network: Network, kind: int, protocol: int, caller: Caller) -> InetSocket:
    """A new socket.

    Raises:
        Errno: EINVAL, no protocol; ESOCKTNOSUPPORT; EPROTONOSUPPORT; EPERM, a raw one without the capability; EACCES,
            one of ICMP that is not raw, which no group may have (net.ipv4.ping_group_range as Linux starts with it).
    """
    if not 0 <= protocol < IPPROTO_MAX:
        raise Errno(E.EINVAL)
    owner = (caller.effective.uid, caller.effective.gid)
    if kind == SOCK_RAW and protocol:
        if not caller.may(CAP_NET_RAW):
            raise Errno(E.EPERM)
        if protocol != FAMILIES[family].protocol:
            raise Errno(E.EPROTONOSUPPORT)
        return RawSocket(network, family, kind, protocol, owner)
    found = KINDS.get(kind)
    if found is None:
        raise Errno(E.EPROTONOSUPPORT if kind == SOCK_RAW else E.ESOCKTNOSUPPORT)
    made, number = found
    if kind == SOCK_DGRAM and protocol == FAMILIES[family].protocol:
        raise Errno(E.EACCES)
    if kind == SOCK_DGRAM and protocol == IPPROTO_UDPLITE:
        number = protocol
    if protocol not in (0, number):
        raise Errno(E.EPROTONOSUPPORT)
    return made(network, family, kind, number, owner)


make = partial(_make, AF_INET)
make6 = partial(_make, AF_INET6)
