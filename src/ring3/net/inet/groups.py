"""Which groups a socket hears of, and from whom (multicast of ip(7) and ipv6(7); net/ipv4/igmp.c, net/ipv6/mcast.c).

Groups are those of an interface, and the machine has the loopback one alone: nothing leads to a group by itself, so
that who sends to one has to name the interface. A group of IPv6 can be joined there, but there is no way to it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.sockets import SOCK_STREAM, SOL_IP, SOL_IPV6
from ring3.net.inet.address import ANY4, is_local, is_multicast

if TYPE_CHECKING:
    from ring3.net.inet.base import InetSocket
    from ring3.net.interfaces import Interfaces

MOST: Final = 20
"""Groups of IPv4 that a socket is in at most (net.ipv4.igmp_max_memberships)."""
ALL_HOSTS: Final = b"\xe0\0\0\1"
Group = tuple[int, bytes]
"""The number of an interface, and an address."""


class Name(IntEnum):
    """Options (include/uapi/linux/in.h, in6.h)."""

    IPV6_MULTICAST_IF = 17
    IPV6_ADD_MEMBERSHIP = 20
    IPV6_DROP_MEMBERSHIP = 21
    IP_MULTICAST_IF = 32
    IP_ADD_MEMBERSHIP = 35
    IP_DROP_MEMBERSHIP = 36
    IP_UNBLOCK_SOURCE = 37
    IP_BLOCK_SOURCE = 38
    IP_ADD_SOURCE_MEMBERSHIP = 39
    IP_DROP_SOURCE_MEMBERSHIP = 40
    MCAST_JOIN_GROUP = 42
    MCAST_BLOCK_SOURCE = 43
    MCAST_UNBLOCK_SOURCE = 44
    MCAST_LEAVE_GROUP = 45
    MCAST_JOIN_SOURCE_GROUP = 46
    MCAST_LEAVE_SOURCE_GROUP = 47


class Membership:
    """One group of a socket.

    Attributes:
        includes: It hears of `sources` alone; else of all but them.
        sources: Addresses.
    """

    __slots__ = ("includes", "sources")

    def __init__(self, includes: bool) -> None:
        self.includes = includes
        self.sources: list[bytes] = []

    def allows(self, source: bytes) -> bool:
        """Whether it hears of what somebody sends."""
        return (source in self.sources) == self.includes


class Groups:
    """A socket's groups.

    Attributes:
        members: Them.
        interface: The number of the interface that leads to groups, 0 for none, ...
        address: ... its address as the program gave it, ...
        interface6: ... and the same number for those of IPv6.
    """

    __slots__ = ("address", "interface", "interface6", "members")

    def __init__(self) -> None:
        self.members: dict[Group, Membership] = {}
        self.interface = self.interface6 = 0
        self.address = ANY4

    def join(self, group: Group) -> None:
        """Joins one, for all who send to it.

        Raises:
            Errno: EADDRINUSE, it is in it; ENOBUFS, it is in many.
        """
        self._join(group, includes=False)

    def _join(self, group: Group, *, includes: bool) -> Membership:
        if group in self.members:
            raise Errno(E.EADDRINUSE)
        if len(group[1]) == 4 and len(self.members) >= MOST:
            raise Errno(E.ENOBUFS)
        made = self.members[group] = Membership(includes)
        return made

    def leave(self, group: Group) -> None:
        """Leaves one.

        Raises:
            Errno: EADDRNOTAVAIL, it is not in it.
        """
        if self.members.pop(group, None) is None:
            raise Errno(E.EADDRNOTAVAIL)

    def change(self, group: Group, source: bytes, *, includes: bool, adds: bool) -> None:
        """Changes from whom it hears (ip_mc_source).

        Raises:
            Errno: EINVAL, it is not in the group, or in it the other way; EADDRNOTAVAIL, that is so already.
        """
        found = self.members.get(group)
        if found is None:
            if not (includes and adds):
                raise Errno(E.EINVAL)
            found = self._join(group, includes=True)
        if found.includes != includes:
            if found.sources or includes:
                raise Errno(E.EADDRNOTAVAIL if not found.sources and not adds else E.EINVAL)
            found.includes = False
        if (source in found.sources) == adds:
            raise Errno(E.EADDRNOTAVAIL)
        if adds:
            found.sources.append(source)
        else:
            found.sources.remove(source)
            if includes and not found.sources:
                del self.members[group]

    def hears(self, target: bytes, source: bytes) -> bool | None:
        """Whether it hears of what is sent to a group; None if it is not in it."""
        found = [member for (_, group), member in self.members.items() if group == target]
        return any(member.allows(source) for member in found) if found else None


def set_option(socket: InetSocket, level: int, name: int, value: bytes) -> None:
    """Carries out an option of `SETTERS`.

    Raises:
        Errno: EINVAL, too short, or no group; EPROTO, of a stream; ENODEV, there is no such interface; as `Groups`.
    """
    if name in (Name.IP_MULTICAST_IF, Name.IPV6_MULTICAST_IF):
        (_choose_interface if level == SOL_IP else _choose_interface6)(socket, value)
        return
    of_stream = socket.kind == SOCK_STREAM and name in NOT_OF_STREAMS
    if of_stream and level == SOL_IP:
        raise Errno(E.EPROTO)
    if len(value) < LEAST[level][name]:
        raise Errno(E.EINVAL)
    if of_stream:
        raise Errno(E.EPROTO)
    SETTERS[level][name](socket, name, value)


def _choose_interface(socket: InetSocket, value: bytes) -> None:
    if socket.kind == SOCK_STREAM or len(value) < 4:
        raise Errno(E.EINVAL)
    address, number = (value[4:8], 0) if len(value) >= 8 else (value[:4], 0)
    if len(value) >= 12:
        number = struct.unpack_from("<i", value, 8)[0]
    if not number and address != ANY4:
        number = _interface_of(socket.network.interfaces, address)
    if (number or address != ANY4) and socket.network.interfaces.numbered(number) is None:
        raise Errno(E.EADDRNOTAVAIL)
    socket.groups.interface, socket.groups.address = number, address


def _choose_interface6(socket: InetSocket, value: bytes) -> None:
    if socket.kind == SOCK_STREAM:
        raise Errno(E.ENOPROTOOPT)
    if len(value) < 4:
        raise Errno(E.EINVAL)
    (number,) = struct.unpack_from("<i", value)
    if number and socket.network.interfaces.numbered(number) is None:
        raise Errno(E.ENODEV)
    socket.groups.interface6 = number


def _interface_of(interfaces: Interfaces, address: bytes) -> int:
    """The number of the interface that has an address, 0 if none has."""
    for row in interfaces.rows:
        if any(found.host == address for found in row.addresses) or (is_local(address) and row.addresses):
            return row.number
    return 0


def group_of(socket: InetSocket, group: bytes, number: int, address: bytes = ANY4) -> Group:
    """A group of an interface.

    Raises:
        Errno: EINVAL, it is none; ENODEV, the interface is not there, or none was named.
    """
    if not is_multicast(group):
        raise Errno(E.EINVAL)
    interfaces = socket.network.interfaces
    if not number and address != ANY4:
        number = _interface_of(interfaces, address)
    if interfaces.numbered(number) is None:
        raise Errno(E.ENODEV)
    return number, group


def _enter(socket: InetSocket, host: bytes, number: int, address: bytes, *, joins: bool) -> None:
    """Joins a group, or leaves it."""
    if not joins and not is_multicast(host):
        raise Errno(E.EADDRNOTAVAIL)
    group = group_of(socket, host, number, address)
    (socket.groups.join if joins else socket.groups.leave)(group)


def _membership(socket: InetSocket, name: int, value: bytes) -> None:
    """By ``struct ip_mreq`` or ``ip_mreqn``."""
    number = struct.unpack_from("<i", value, 8)[0] if len(value) >= 12 else 0
    _enter(socket, value[:4], number, value[4:8], joins=name == Name.IP_ADD_MEMBERSHIP)


def _membership6(socket: InetSocket, name: int, value: bytes) -> None:
    """By ``struct ipv6_mreq``."""
    number = struct.unpack_from("<i", value, 16)[0]
    _enter(socket, value[:16], number, ANY4, joins=name == Name.IPV6_ADD_MEMBERSHIP)


def _source(socket: InetSocket, name: int, value: bytes) -> None:
    """By ``struct ip_mreq_source``."""
    group = group_of(socket, value[:4], 0, value[4:8])
    includes, adds = CHANGES[name]
    socket.groups.change(group, value[8:12], includes=includes, adds=adds)


def _any_family(socket: InetSocket, name: int, value: bytes) -> None:
    """By ``struct group_req`` or ``group_source_req``, whose addresses are aligned as the program's words are."""
    at = 4 if len(value) in (132, 260) else 8
    (number,) = struct.unpack_from("<I", value)
    host = host_in(value[at : at + 128])
    if name in (Name.MCAST_JOIN_GROUP, Name.MCAST_LEAVE_GROUP):
        _enter(socket, host, number, ANY4, joins=name == Name.MCAST_JOIN_GROUP)
        return
    group = group_of(socket, host, number)
    includes, adds = CHANGES[name]
    socket.groups.change(group, host_in(value[at + 128 :]), includes=includes, adds=adds)


def host_in(address: bytes) -> bytes:
    """The host in a ``struct sockaddr``."""
    return address[4:8] if address[:2] == b"\2\0" else address[8:24]


CHANGES: Final[dict[int, tuple[bool, bool]]] = {
    Name.IP_UNBLOCK_SOURCE: (False, False),
    Name.IP_BLOCK_SOURCE: (False, True),
    Name.IP_ADD_SOURCE_MEMBERSHIP: (True, True),
    Name.IP_DROP_SOURCE_MEMBERSHIP: (True, False),
    Name.MCAST_BLOCK_SOURCE: (False, True),
    Name.MCAST_UNBLOCK_SOURCE: (False, False),
    Name.MCAST_JOIN_SOURCE_GROUP: (True, True),
    Name.MCAST_LEAVE_SOURCE_GROUP: (True, False),
}
"""Of each option about a source: whether sources are those that are heard, and whether one is added."""
NOT_OF_STREAMS: Final = frozenset(
    {Name.IP_ADD_MEMBERSHIP, Name.IP_DROP_MEMBERSHIP, Name.IPV6_ADD_MEMBERSHIP, Name.IPV6_DROP_MEMBERSHIP}
)
_BOTH: Final[dict[int, int]] = {42: 132, 45: 132, **dict.fromkeys((43, 44, 46, 47), 260)}
LEAST: Final[dict[int, dict[int, int]]] = {
    SOL_IP: {35: 8, 36: 8, **dict.fromkeys((37, 38, 39, 40), 12), **_BOTH},
    SOL_IPV6: {20: 20, 21: 20, **_BOTH},
}
"""Bytes that a value has at least, by level."""
SETTERS: Final[dict[int, dict[int, Callable[[InetSocket, int, bytes], None]]]] = {
    SOL_IP: {
        **dict.fromkeys((35, 36), _membership),
        **dict.fromkeys((37, 38, 39, 40), _source),
        **dict.fromkeys(_BOTH, _any_family),
    },
    SOL_IPV6: {20: _membership6, 21: _membership6, **dict.fromkeys(_BOTH, _any_family)},
}
"""What carries each of them out, by level."""
INTERFACES: Final = ((SOL_IP, Name.IP_MULTICAST_IF), (SOL_IPV6, Name.IPV6_MULTICAST_IF))
"""The options that say which interface leads to groups."""
