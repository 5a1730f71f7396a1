"""Internet addresses: ``struct sockaddr_in`` and ``sockaddr_in6``, and which addresses are the machine's own.

A host is kept as its 4 or 16 bytes; an IPv4 address that is mapped into IPv6 is kept as the 4 bytes that it means.
"""

from __future__ import annotations

import struct
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, AF_INET6

MAPPED: Final = bytes(10) + b"\xff\xff"
"""What an IPv4 address is preceded by as one of IPv6."""
ANY4: Final = bytes(4)
ANY6: Final = bytes(16)
LOOPBACK4: Final = b"\x7f\0\0\1"
LOOPBACK6: Final = bytes(15) + b"\1"
BROADCAST4: Final = b"\xff" * 4
SIZE4: Final = 16
SIZE6: Final = 28
LEAST6: Final = 24
"""Bytes of ``struct sockaddr_in6`` without the scope, as RFC 2133 had it."""


class Endpoint(NamedTuple):
    """A host and a port."""

    host: bytes
    port: int

    @property
    def is_any(self) -> bool:
        """Whether it stands for all of the machine's addresses."""
        return not any(self.host)


def family_in(address: bytes) -> int:
    """The family of a ``struct sockaddr``.

    Raises:
        Errno: EINVAL, not even that is there.
    """
    if len(address) < 2:
        raise Errno(E.EINVAL)
    return int.from_bytes(address[:2], "little")


def parse(address: bytes, family: int) -> Endpoint:
    """What an address of a family says, which was checked.

    Raises:
        Errno: EINVAL, it is too short.
    """
    if len(address) < (SIZE4 if family == AF_INET else LEAST6):
        raise Errno(E.EINVAL)
    port = int.from_bytes(address[2:4], "big")
    if family == AF_INET:
        return Endpoint(address[4:8], port)
    host = address[8:24]
    return Endpoint(host[12:] if host[:12] == MAPPED else host, port)


def pack(endpoint: Endpoint, family: int) -> bytes:
    """An address as a socket of a family shows it."""
    if family == AF_INET:
        host = endpoint.host if len(endpoint.host) == 4 else ANY4
        return struct.pack("<H", AF_INET) + endpoint.port.to_bytes(2, "big") + host + bytes(8)
    return (
        struct.pack("<H", AF_INET6)
        + endpoint.port.to_bytes(2, "big")
        + bytes(4)
        + wide(endpoint.host)
        + bytes(4)
    )


def wide(host: bytes) -> bytes:
    """A host as IPv6 has it."""
    return host if len(host) == 16 else MAPPED + host


def ends_of(one: Endpoint, other: Endpoint) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    """Two ends by addresses of one kind."""
    if len(one.host) == len(other.host):
        return (one.host, one.port), (other.host, other.port)
    return (wide(one.host), one.port), (wide(other.host), other.port)


def is_local(host: bytes) -> bool:
    """Whether a host is this machine, by an address of its own or by none."""
    if len(host) == 4:
        return host[0] == 127 or host == ANY4
    return host in (ANY6, LOOPBACK6)


def is_multicast(host: bytes) -> bool:
    """Whether it stands for a group."""
    return host[0] >> 4 == 0xE if len(host) == 4 else host[0] == 0xFF


def source_for(host: bytes) -> bytes:
    """The machine's address from which it sends to one of its own."""
    return LOOPBACK4 if len(host) == 4 else LOOPBACK6


def destination(host: bytes) -> bytes:
    """Where what is sent to a host goes: the unspecified address means the loopback one."""
    return host if any(host) else source_for(host)


def overlap(one: bytes, other: bytes, one_only6: bool, other_only6: bool) -> bool:
    """Whether sockets that are bound to two hosts could get the same packets (ipv6_rcv_saddr_equal)."""
    if len(one) == len(other):
        return one == other or not any(one) or not any(other)
    wide_any, only6 = (one, one_only6) if len(one) == 16 else (other, other_only6)
    return not any(wide_any) and not only6
