"""Sockets of NETLINK_KOBJECT_UEVENT, which hear of devices that come and go: none ever does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.net.netlink.socket import Answer, NetlinkSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller


class UeventSocket(NetlinkSocket):
    """A socket of NETLINK_KOBJECT_UEVENT."""

    def answers(self, kind: int, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
        """Nothing is asked for here.

        Raises:
            Errno: EPERM, as for who may not tell others of devices (uevent_net_rcv_skb in lib/kobject_uevent.c).
        """
        raise Errno(E.EPERM)
