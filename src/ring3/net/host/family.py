"""How sockets of AF_INET and AF_INET6 are made where they are the host's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
from ring3.net.caller import CAP_NET_RAW
from ring3.net.host import calls
from ring3.net.host.socket import HostSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network

KINDS: Final = (SOCK_STREAM, SOCK_DGRAM, SOCK_RAW)


def _make(family: int, network: Network, kind: int, protocol: int, caller: Caller) -> HostSocket:
    """A new socket.

    Raises:
        Errno: ESOCKTNOSUPPORT; EPERM, a raw one without the capability; as socket(2) of the host.
    """
    if kind not in KINDS:
        raise Errno(E.ESOCKTNOSUPPORT)
    if kind == SOCK_RAW and not caller.may(CAP_NET_RAW):
        raise Errno(E.EPERM)
    owner = (caller.effective.uid, caller.effective.gid)
    fd = calls.socket(family, kind, protocol)
    return HostSocket(network, family, kind, protocol, owner, fd)


make = partial(_make, AF_INET)
make6 = partial(_make, AF_INET6)
