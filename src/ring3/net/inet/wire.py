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
ETHERNET_HEADER: Final = struct.Struct(">6s6sH")
"""``struct ethhdr``: whom it is for, who sends it, what is in it."""
ETH_P_IP: Final = 0x0800
ETH_P_IPV6: Final = 0x86DD
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


def ip_packet(
    protocol: int,
    source: bytes,
    target: bytes,
    data: bytes,
    number: int = 0,
    hops: int = TTL,
    traffic_class: int = 0,
) -> bytes:
    """A packet of IPv4 or IPv6, as the addresses are.

    Args:
        protocol: What it carries.
        source: Who sends it.
        target: Whom it is for.
        data: What follows its header.
        number: Its number, of IPv4.
        hops: How many it may make.
        traffic_class: How it is to be treated.
    """
    if len(source) == 16:
        head6 = 6 << 28 | traffic_class << 20
        return IPV6_HEADER.pack(head6, len(data), protocol, hops, source, target) + data
    size = IPV4_HEADER.size + len(data)
    fields = (0x45, traffic_class, size, number, DONT_FRAGMENT, hops, protocol)
    head = IPV4_HEADER.pack(*fields, 0, source, target)
    return IPV4_HEADER.pack(*fields, checksum(head), source, target) + data


def header_size(packet: bytes) -> int:
    """Bytes of the header of a packet of IP."""
    return (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else IPV6_HEADER.size


def ether_type(packet: bytes) -> int:
    """What a frame says of the packet of IP in it."""
    return ETH_P_IP if packet[0] >> 4 == 4 else ETH_P_IPV6


def loopback_frame(packet: bytes) -> bytes:
    """A packet of IP in a frame of the loopback interface, whose hardware has no addresses."""
    return ETHERNET_HEADER.pack(bytes(6), bytes(6), ether_type(packet)) + packet


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
