"""All sources of a group at once: setsourcefilter(3) and its relatives (ip_mc_msfilter in net/ipv4/igmp.c of Linux).

`ring3.net.inet.groups` has what changes one source.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import SOL_IP, SOL_IPV6
from ring3.net.inet.address import ANY4
from ring3.net.inet.groups import Group, group_of, host_in

if TYPE_CHECKING:
    from ring3.net.inet.base import InetSocket

IP_MSFILTER: Final = 41
MCAST_MSFILTER: Final = 48
NAMES: Final = frozenset(((SOL_IP, IP_MSFILTER), (SOL_IP, MCAST_MSFILTER), (SOL_IPV6, MCAST_MSFILTER)))
"""The options, by level."""
MOST: Final = {SOL_IP: 10, SOL_IPV6: 64}
"""Sources at most (net.ipv4.igmp_max_msf, net.ipv6.mld_max_msf)."""
MCAST_EXCLUDE: Final = 0
MCAST_INCLUDE: Final = 1
_ADDRESS: Final = 128
"""Bytes of a ``struct sockaddr_storage``."""
_INET: Final = b"\2\0"


class Layout(NamedTuple):
    """Where ``struct ip_msfilter`` or ``group_filter`` has what, in bytes.

    Attributes:
        mode: MCAST_INCLUDE or MCAST_EXCLUDE; the number of sources follows.
        sources: The first source.
        step: From one source to the next.
    """

    mode: int
    sources: int
    step: int

    def size(self, count: int) -> int:
        """Bytes with so many sources."""
        return self.sources + count * self.step


OF_IP: Final = Layout(8, 16, 4)


def _layout(name: int, value: bytes) -> Layout:
    """That of an option; addresses are aligned as the program's words are.

    Raises:
        Errno: EINVAL, it is too short.
    """
    if name == IP_MSFILTER:
        found = OF_IP
    else:  # padding of a wide program: the family of the group stands behind it
        at = 8 if len(value) < 6 or value[4:6] not in (_INET, b"\x0a\0") else 4
        found = Layout(at + _ADDRESS, at + _ADDRESS + 8, _ADDRESS)
    if len(value) < found.sources:
        raise Errno(E.EINVAL)
    return found


def _group(socket: InetSocket, level: int, name: int, value: bytes, layout: Layout) -> Group:
    """Which one is meant.

    Raises:
        Errno: EINVAL, none, or of another family; ENODEV, there is no such interface.
    """
    if name == IP_MSFILTER:
        return group_of(socket, value[:4], 0, value[4:8])
    (number,) = struct.unpack_from("<I", value)
    address = value[layout.mode - _ADDRESS : layout.mode]
    if (address[:2] == _INET) != (level == SOL_IP):
        raise Errno(E.EINVAL)
    return group_of(socket, host_in(address), number, ANY4)


def put(socket: InetSocket, level: int, name: int, value: bytes) -> None:
    """Says all of whom a socket hears in a group, or does not.

    Raises:
        Errno: EINVAL, too short, no group, no such mode, or the socket is not in the group; ENOBUFS, too many sources;
            ENODEV, there is no such interface; EADDRNOTAVAIL, nobody is to be heard of in a group that it is not in, or
            a source is of another family.
    """
    layout = _layout(name, value)
    mode, count = struct.unpack_from("<II", value, layout.mode)
    if count > MOST[level]:
        raise Errno(E.ENOBUFS)
    if layout.size(count) > len(value):
        raise Errno(E.EINVAL)
    raw = [value[at : at + layout.step] for at in range(layout.sources, layout.size(count), layout.step)]
    if level == SOL_IP and name == MCAST_MSFILTER and any(source[:2] != _INET for source in raw):
        raise Errno(E.EADDRNOTAVAIL)
    group = _group(socket, level, name, value, layout)
    if mode not in (MCAST_INCLUDE, MCAST_EXCLUDE):
        raise Errno(E.EINVAL)
    if mode == MCAST_INCLUDE and not raw:
        socket.groups.leave(group)
        return
    member = socket.groups.members.get(group)
    if member is None:
        raise Errno(E.EINVAL)
    member.includes = mode == MCAST_INCLUDE
    member.sources = raw if name == IP_MSFILTER else [host_in(source) for source in raw]


def get(socket: InetSocket, level: int, name: int, value: bytes) -> bytes:
    """The same as the program's struct, which says of which group and how many sources there is room for.

    Raises:
        Errno: EINVAL, too short, or no group; ENODEV, no such interface; EADDRNOTAVAIL, it is not in the group.
    """
    layout = _layout(name, value)
    (room,) = struct.unpack_from("<I", value, layout.mode + 4)
    member = socket.groups.members.get(_group(socket, level, name, value, layout))
    if member is None:
        raise Errno(E.EADDRNOTAVAIL)
    count = len(member.sources)
    head = value[: layout.mode] + struct.pack("<II", int(member.includes), count)
    return head + b"".join(_source(name, source) for source in member.sources[:room])


def _source(name: int, host: bytes) -> bytes:
    """A source as its list has it."""
    if name == IP_MSFILTER:
        return host
    address = _INET + bytes(2) + host if len(host) == 4 else b"\x0a\0" + bytes(6) + host
    return address.ljust(_ADDRESS, b"\0")
