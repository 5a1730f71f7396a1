"""How sockets of AF_PACKET are made (packet_create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SOCK_DGRAM, SOCK_RAW
from ring3.net.caller import CAP_NET_RAW
from ring3.net.packet.socket import PacketSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network


def make(network: Network, kind: int, protocol: int, caller: Caller) -> PacketSocket:
    """A new socket.

    Raises:
        Errno: EPERM, without the capability; ESOCKTNOSUPPORT.
    """
    if not caller.may(CAP_NET_RAW):
        raise Errno(E.EPERM)
    if kind not in (SOCK_DGRAM, SOCK_RAW):
        raise Errno(E.ESOCKTNOSUPPORT)
    return PacketSocket(network, kind, protocol, (caller.effective.uid, caller.effective.gid))
