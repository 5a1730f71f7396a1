"""What programs set and see of the header of a packet: hop limit and traffic class, by options and control messages.

Sources: ip(7), ipv6(7); ip_cmsg_send and ip_cmsg_recv in net/ipv4/ip_sockglue.c, ip6_datagram_send_ctl and
ip6_datagram_recv_specific_ctl in net/ipv6/datagram.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, SOL_IP, SOL_IPV6
from ring3.net.inet.address import is_multicast, wide

if TYPE_CHECKING:
    from ring3.net.inet.base import InetSocket
    from ring3.net.socket import Control

IP_TOS: Final = 1
IP_TTL: Final = 2
IP_PKTINFO: Final = 8
IP_RECVTTL: Final = 12
IP_RECVTOS: Final = 13
IP_MULTICAST_TTL: Final = 33
IPV6_UNICAST_HOPS: Final = 16
IPV6_MULTICAST_HOPS: Final = 18
IPV6_RECVPKTINFO: Final = 49
IPV6_PKTINFO: Final = 50
IPV6_RECVHOPLIMIT: Final = 51
IPV6_HOPLIMIT: Final = 52
IPV6_RECVTCLASS: Final = 66
IPV6_TCLASS: Final = 67
LO: Final = 1
"""Number of the loopback interface."""


class Header(NamedTuple):
    """Of a packet.

    Attributes:
        hops: How many it may make (TTL).
        traffic_class: How it is to be treated (TOS).
        source: The address that it is sent from, empty for the socket's.
    """

    hops: int
    traffic_class: int
    source: bytes = b""


def header_of(socket: InetSocket, host: bytes, control: tuple[Control, ...]) -> Header:
    """The header of a packet to a host.

    Args:
        socket: Who sends it.
        host: The address.
        control: What control messages say.

    Raises:
        Errno: EINVAL, one of them is none.
    """
    value, level = socket.level_value, SOL_IP if socket.family == AF_INET else SOL_IPV6
    if len(host) == 4:
        hops, found = value(SOL_IP, IP_MULTICAST_TTL if is_multicast(host) else IP_TTL), value(SOL_IP, IP_TOS)
    else:
        hops = value(SOL_IPV6, IPV6_MULTICAST_HOPS if is_multicast(host) else IPV6_UNICAST_HOPS)
        found = value(SOL_IPV6, IPV6_TCLASS)
    header = Header(hops, found)
    for at, kind, data in control:
        if at == level:
            header = _said4(header, kind, data) if level == SOL_IP else _said6(header, kind, data)
    return header


def _said4(header: Header, kind: int, data: bytes) -> Header:
    """What a control message of IPv4 changes."""
    if kind == IP_PKTINFO and len(data) == 12:
        return header._replace(source=data[4:8] if any(data[4:8]) else b"")
    if kind == IP_TTL and len(data) == 4:
        return header._replace(hops=_within(data, 1))
    if kind == IP_TOS and len(data) in (1, 4):
        return header._replace(traffic_class=_within(data.ljust(4, b"\0"), 0))
    raise Errno(E.EINVAL)


def _said6(header: Header, kind: int, data: bytes) -> Header:
    """What a control message of IPv6 changes; -1 stands for what is so without it."""
    if kind == IPV6_PKTINFO and len(data) >= 20:
        return header._replace(source=data[:16] if any(data[:16]) else b"")
    if kind in (IPV6_HOPLIMIT, IPV6_TCLASS) and len(data) == 4:
        number = _within(data, -1)
        if number < 0:
            return header
        return (
            header._replace(hops=number) if kind == IPV6_HOPLIMIT else header._replace(traffic_class=number)
        )
    raise Errno(E.EINVAL)


def _within(data: bytes, least: int) -> int:
    """A number up to 255.

    Raises:
        Errno: EINVAL, it is another one.
    """
    number: int = struct.unpack("<i", data)[0]
    if not least <= number <= 255:
        raise Errno(E.EINVAL)
    return number


def shown(socket: InetSocket, header: Header, target: bytes) -> tuple[Control, ...]:
    """What control messages tell who receives a packet of its header, as far as he has asked for it.

    Args:
        socket: Who receives it.
        header: The header.
        target: The address that it was sent to.
    """
    if not socket.levels:
        return ()
    value, found = socket.level_value, list[tuple[int, int, bytes]]()
    if socket.family != AF_INET and value(SOL_IPV6, IPV6_RECVPKTINFO):
        found.append((SOL_IPV6, IPV6_PKTINFO, struct.pack("<16si", wide(target), LO)))
    if len(target) == 4:
        if value(SOL_IP, IP_PKTINFO):
            found.append((SOL_IP, IP_PKTINFO, struct.pack("<i4s4s", LO, target, target)))
        if value(SOL_IP, IP_RECVTTL):
            found.append((SOL_IP, IP_TTL, struct.pack("<i", header.hops)))
        if value(SOL_IP, IP_RECVTOS):
            found.append((SOL_IP, IP_TOS, bytes([header.traffic_class])))
    else:
        if value(SOL_IPV6, IPV6_RECVHOPLIMIT):
            found.append((SOL_IPV6, IPV6_HOPLIMIT, struct.pack("<i", header.hops)))
        if value(SOL_IPV6, IPV6_RECVTCLASS):
            found.append((SOL_IPV6, IPV6_TCLASS, struct.pack("<i", header.traffic_class)))
    return tuple(found)
