"""How sockets of AF_NETLINK are made (netlink_create): a class for each protocol that the kernel answers to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SOCK_DGRAM, SOCK_RAW
from ring3.net.netlink.socket import NetlinkSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network

NETLINK_ROUTE: Final = 0
NETLINK_SOCK_DIAG: Final = 4
NETLINK_KOBJECT_UEVENT: Final = 15
PROTOCOLS: Final = {
    NETLINK_ROUTE: ("ring3.net.netlink.route_socket", "RouteSocket"),
    NETLINK_SOCK_DIAG: ("ring3.net.netlink.diag", "DiagSocket"),
    NETLINK_KOBJECT_UEVENT: ("ring3.net.netlink.uevents", "UeventSocket"),
}
"""The module of each protocol, imported with its first socket, and the class in it."""
OF_HOST: Final = PROTOCOLS | {NETLINK_ROUTE: ("ring3.net.host.netlink", "HostRouteSocket")}
"""The same where the network is the host's."""


def _make(
    protocols: dict[int, tuple[str, str]], network: Network, kind: int, protocol: int, caller: Caller
) -> NetlinkSocket:
    """A new socket.

    Raises:
        Errno: ESOCKTNOSUPPORT; EPROTONOSUPPORT, nobody would answer.
    """
    if kind not in (SOCK_RAW, SOCK_DGRAM):
        raise Errno(E.ESOCKTNOSUPPORT)
    found = protocols.get(protocol)
    if found is None:
        raise Errno(E.EPROTONOSUPPORT)
    module, name = found
    made = cast(type[NetlinkSocket], getattr(import_module(module), name))
    return made(network, kind, protocol, (caller.effective.uid, caller.effective.gid))


def make(network: Network, kind: int, protocol: int, caller: Caller) -> NetlinkSocket:
    """A socket of the machine's own network; errors as `_make`."""
    return _make(PROTOCOLS, network, kind, protocol, caller)


def make_of_host(network: Network, kind: int, protocol: int, caller: Caller) -> NetlinkSocket:
    """A socket where the network is the host's; errors as `_make`."""
    return _make(OF_HOST, network, kind, protocol, caller)
