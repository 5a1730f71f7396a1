"""Packets as they are on a wire, for who sees them: raw sockets and captures (RFC 791, 8200, 9293, 768, 792, 4443)."""

from __future__ import annotations

import struct
from typing import Final

IPPROTO_ICMP: Final = 1
IPPROTO_TCP: Final = 6
IPPROTO_UDP: Final = 17
IPPROTO_ICMPV6: Final = 58
IPV4_HEADER: Final = struct.Struct(">BBHHHBBH4s4s")
"""``struct iphdr`` without options."""
IPV6_HEADER: Final = struct.Struct(">IHBB16s16s")
TCP_HEADER: Final = struct.Struct(">HHIIBBHHH")
UDP_HEADER: Final = struct.Struct(">HHHH")
TTL: Final = 64
WINDOW: Final = 65535
DONT_FRAGMENT: Final = 0x4000
FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
"""Flags of a segment."""
MSS: Final = 2
"""The option that says how long a segment may be."""


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_packet(
    protocol: int, source: bytes, target: bytes, data: bytes, ttl: int = TTL, number: int = 0
) -> bytes:
    """A packet of IPv4."""
    fields = (0x45, 0, IPV4_HEADER.size + len(data), number, DONT_FRAGMENT, ttl, protocol)
    head = IPV4_HEADER.pack(*fields, 0, source, target)
    return IPV4_HEADER.pack(*fields, checksum(head), source, target) + data


def ip_packet(protocol: int, source: bytes, target: bytes, data: bytes, number: int = 0) -> bytes:
    """A packet of IPv4 or IPv6, as the addresses are."""
    if len(source) == 4:
        return ipv4_packet(protocol, source, target, data, number=number)
    return IPV6_HEADER.pack(6 << 28, len(data), protocol, TTL, source, target) + data


def _summed(protocol: int, source: bytes, target: bytes, data: bytes) -> int:
    """The checksum over the data and the pseudo-header of the addresses."""
    if len(source) == 4:
        return checksum(source + target + struct.pack(">HH", protocol, len(data)) + data)
    return checksum(source + target + struct.pack(">II", len(data), protocol) + data)


def segment(
    source: tuple[bytes, int],
    target: tuple[bytes, int],
    numbers: tuple[int, int],
    flags: int,
    data: bytes = b"",
    longest: int = 0,
) -> bytes:
    """A segment of TCP.

    Args:
        source: Host and port.
        target: The same of the other end.
        numbers: Sequence and acknowledgement.
        flags: Its flags.
        data: What it carries.
        longest: What the option MSS says; 0 for no such option.
    """
    options = struct.pack(">BBH", MSS, 4, longest) if longest else b""
    words = (TCP_HEADER.size + len(options)) // 4
    urgent = len(data) if flags & URG else 0
    sequence, acknowledged = (number & 0xFFFF_FFFF for number in numbers)
    fields = (source[1], target[1], sequence, acknowledged, words << 4, flags, WINDOW)
    rest = options + data
    total = _summed(IPPROTO_TCP, source[0], target[0], TCP_HEADER.pack(*fields, 0, urgent) + rest)
    return TCP_HEADER.pack(*fields, total, urgent) + rest


def datagram(source: tuple[bytes, int], target: tuple[bytes, int], data: bytes) -> bytes:
    """A message of UDP; a sum of 0 is written as its other form, for 0 means none."""
    fields = (source[1], target[1], UDP_HEADER.size + len(data))
    total = _summed(IPPROTO_UDP, source[0], target[0], UDP_HEADER.pack(*fields, 0) + data)
    return UDP_HEADER.pack(*fields, total or 0xFFFF) + data


def with_sum6(source: bytes, target: bytes, message: bytes) -> bytes:
    """A message of ICMPv6 with its checksum, whatever was in its place."""
    raw = message[:2] + bytes(2) + message[4:]
    return raw[:2] + _summed(IPPROTO_ICMPV6, source, target, raw).to_bytes(2, "big") + raw[4:]


def port_unreachable(source: bytes, target: bytes, about: bytes) -> bytes:
    """The message of ICMP, or ICMPv6, that nobody listens at a port, with the start of the packet that it is about."""
    if len(source) == 4:
        raw = struct.pack(">BBHI", 3, 3, 0, 0) + about[: IPV4_HEADER.size + 8]
        return raw[:2] + checksum(raw).to_bytes(2, "big") + raw[4:]
    return with_sum6(source, target, struct.pack(">BBHI", 1, 4, 0, 0) + about[:1232])
