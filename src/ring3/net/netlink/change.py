"""rtnetlink's requests that change something: the loopback interface, up and down, and its addresses.

Source: do_setlink of net/core/rtnetlink.c, inet_rtm_newaddr and inet_rtm_deladdr of net/ipv4/devinet.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET
from ring3.abi.linux.structs.netlink import IFADDRMSG
from ring3.net.interfaces import IFF_UP, Interface, InterfaceAddress, Interfaces
from ring3.net.netlink.attributes import attributes_in
from ring3.net.netlink.route import (
    IFA_ADDRESS,
    IFA_LOCAL,
    RTM_DELADDR,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_SETLINK,
    interface_of,
)


def _set_link(body: bytes, interfaces: Interfaces) -> None:
    """Sets an interface up or down; flags and a mask of those that count follow its number."""
    interface = interface_of(body, interfaces)
    flags, change = struct.unpack_from("<II", body, 8)
    if (change or flags) & IFF_UP:
        interfaces.set_up(interface, bool(flags & IFF_UP))


def _address_in(body: bytes, interfaces: Interfaces) -> tuple[Interface, InterfaceAddress]:
    """The interface and the address that a ``struct ifaddrmsg`` with attributes means.

    Raises:
        Errno: EINVAL, too short, or no address is in it; ENODEV, no such interface.
    """
    if len(body) < IFADDRMSG.size(64):
        raise Errno(E.EINVAL)
    family, prefix, _, scope, index = struct.unpack_from("<BBBBI", body)
    found = attributes_in(body[IFADDRMSG.size(64) :])
    host = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS, b"")
    if len(host) != (4 if family == AF_INET else 16):
        raise Errno(E.EINVAL)
    interface = interfaces.numbered(index)
    if interface is None:
        raise Errno(E.ENODEV)
    return interface, InterfaceAddress(family, host, prefix, scope)


def _add_address(body: bytes, interfaces: Interfaces) -> None:
    interface, address = _address_in(body, interfaces)
    if any(found.host == address.host for found in interface.addresses):
        raise Errno(E.EEXIST)
    interfaces.add_address(interface, address)


def _remove_address(body: bytes, interfaces: Interfaces) -> None:
    interface, address = _address_in(body, interfaces)
    found = next((found for found in interface.addresses if found.host == address.host), None)
    if found is None:
        raise Errno(E.EADDRNOTAVAIL)
    interfaces.remove_address(interface, found)


CHANGES: Final[dict[int, Callable[[bytes, Interfaces], None]]] = {
    RTM_NEWLINK: _set_link,
    RTM_SETLINK: _set_link,
    RTM_NEWADDR: _add_address,
    RTM_DELADDR: _remove_address,
}
"""What makes each change."""


def change(kind: int, body: bytes, interfaces: Interfaces) -> None:
    """Does what a request says.

    Raises:
        Errno: EOPNOTSUPP, such a thing cannot be changed here; as the change.
    """
    made = CHANGES.get(kind)
    if made is None:
        raise Errno(E.EOPNOTSUPP)
    made(body, interfaces)
