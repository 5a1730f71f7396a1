"""Sockets of NETLINK_ROUTE, by which links, addresses and routes are asked for and changed (rtnetlink_rcv_msg)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.net.caller import CAP_NET_ADMIN
from ring3.net.netlink import route
from ring3.net.netlink.socket import Answer, NetlinkSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller


class RouteSocket(NetlinkSocket):
    """A socket of NETLINK_ROUTE."""

    def asks(self, kind: int) -> bool:
        """Whether a request only asks."""
        return kind in route.GETS

    def answers(self, kind: int, body: bytes, dump: bool, caller: Caller) -> list[Answer]:
        """Does what a request asks for; what is to be said of it.

        Raises:
            Errno: EPERM, it would change something, which the caller may not; as `route.one` and `change`.
        """
        interfaces = self.network.interfaces
        if kind in route.GETS:
            return route.DUMPS[kind](body, interfaces) if dump else route.one(kind, body, interfaces)
        if not caller.may(CAP_NET_ADMIN):
            raise Errno(E.EPERM)
        from ring3.net.netlink.change import change  # noqa: PLC0415 - few programs change anything

        change(kind, body, interfaces)
        return []
