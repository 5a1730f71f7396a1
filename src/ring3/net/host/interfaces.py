"""The host's network interfaces, as the host tells of them when it is asked."""

from __future__ import annotations

import struct
from typing import Final

from ring3.abi.linux.sockets import AF_INET
from ring3.abi.linux.structs.netlink import IFADDRMSG, IFINFOMSG, NLMSGHDR
from ring3.net.host.netlink import ask
from ring3.net.interfaces import NO_HARDWARE, Interface, InterfaceAddress, Interfaces
from ring3.net.netlink import route
from ring3.net.netlink.attributes import attributes_in
from ring3.net.netlink.socket import FIRST

NLM_F_REQUEST_DUMP: Final = 0x301
IFA_BROADCAST: Final = 4


class HostInterfaces(Interfaces):
    """The interfaces of the host; nothing of them can be changed."""

    def __init__(self) -> None:
        super().__init__(())

    @property
    def rows(self) -> tuple[Interface, ...]:
        """All of them, by number."""
        addresses: dict[int, list[InterfaceAddress]] = {}
        for body in _dump(route.RTM_GETADDR, IFADDRMSG.size(64)):
            family, prefix, _, scope, index = struct.unpack_from("<BBBBI", body)
            found = attributes_in(body[IFADDRMSG.size(64) :])
            host = found.get(route.IFA_LOCAL) or found.get(route.IFA_ADDRESS, b"")
            broadcast = found.get(IFA_BROADCAST, bytes(4))
            addresses.setdefault(index, []).append(InterfaceAddress(family, host, prefix, scope, broadcast))
        return tuple(_interface(body, addresses) for body in _dump(route.RTM_GETLINK, IFINFOMSG.size(64)))


def _interface(body: bytes, addresses: dict[int, list[InterfaceAddress]]) -> Interface:
    kind, index, flags = struct.unpack_from("<HiI", body, 2)
    found = attributes_in(body[IFINFOMSG.size(64) :])

    def number(attribute: int) -> int:
        return int.from_bytes(found.get(attribute, b""), "little")

    return Interface(
        index,
        found.get(route.IFLA_IFNAME, b"").rstrip(b"\0"),
        flags,
        kind,
        number(route.IFLA_MTU),
        number(route.IFLA_TXQLEN),
        tuple(sorted(addresses.get(index, ()), key=lambda one: one.family != AF_INET)),
        found.get(route.IFLA_ADDRESS, NO_HARDWARE),
    )


def _dump(kind: int, size: int) -> list[bytes]:
    """What follows the headers of all messages that the host answers a dump with."""
    head = NLMSGHDR.size(64)
    request = NLMSGHDR.pack(64, head + size, kind, NLM_F_REQUEST_DUMP, 1, 0) + bytes(size)
    found = []
    for part in ask(request):
        at = 0
        while at + head <= len(part):
            length, answer = struct.unpack_from("<IH", part, at)
            if length < head:
                break
            if answer >= FIRST:
                found.append(part[at + head : at + length])
            at += (length + 3) & ~3
    return found
