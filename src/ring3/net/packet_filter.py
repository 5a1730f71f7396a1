"""Filters of sockets: programs of classic BPF that say how much of a packet a socket takes (net/core/filter.c).

A program runs on the bytes that a protocol hands to the socket: of UDP and TCP from their header on, of a raw socket of
IPv4 from that of IP, of a packet socket the frame, of others the message. What lies before is at negative places.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel import classic_bpf as bpf
from ring3.net.inet.wire import (
    ETHERNET_HEADER,
    IPPROTO_TCP,
    IPPROTO_UDP,
    UDP_HEADER,
    ether_type,
    header_size,
    loopback_frame,
)
from ring3.net.interfaces import ARPHRD_LOOPBACK, LO

AD_OFF: Final = -0x1000
NET_OFF: Final = -0x10_0000
LL_OFF: Final = -0x20_0000
"""Places where other things lie: what the kernel knows of a packet, its network header and that of its link."""
_M32: Final = 0xFFFF_FFFF
_SIZES: Final = {bpf.W: 4, bpf.H: 2, bpf.B: 1}
_NLATTR: Final = struct.Struct("<HH")


class Seen(NamedTuple):
    """A packet as a filter sees it.

    Attributes:
        whole: All bytes that there are of it.
        start: Where what the socket gets begins.
        network: Where the header of IP begins, -1 for nowhere.
        protocol: What is in its frame (ETH_P_IP and the like).
        interface: The number of the interface it came by, 0 for none.
        kind: Whom it is for (PACKET_HOST and the like).
        random: Where a random number comes from.
    """

    whole: bytes
    start: int = 0
    network: int = -1
    protocol: int = 0
    interface: int = 0
    kind: int = 0
    random: Callable[[int], bytes] = bytes

    def __len__(self) -> int:
        """Bytes from where it begins for the socket."""
        return len(self.whole) - self.start

    def load(self, size: int, at: int, a: int, x: int) -> int:
        """The number at a place."""
        if at < 1 << 31:
            return self._number(self.start + at, _SIZES[size])
        at -= 1 << 32
        extension = EXTENSIONS.get(at - AD_OFF)
        if extension is not None:
            return extension(self, a, x)
        if at >= NET_OFF and self.network >= 0:
            return self._number(self.network + at - NET_OFF, _SIZES[size])
        if LL_OFF <= at < NET_OFF:
            return self._number(at - LL_OFF, _SIZES[size])
        raise bpf.OutOfData

    def _number(self, at: int, size: int) -> int:
        if at + size > len(self.whole):
            raise bpf.OutOfData
        return int.from_bytes(self.whole[at : at + size], "big")

    def attribute(self, at: int, kind: int) -> int:
        """The place of the next attribute of netlink of a kind, from a place on; 0 for none (nla_find)."""
        data = memoryview(self.whole)[self.start :]
        while at + _NLATTR.size <= len(data):
            length, found = _NLATTR.unpack_from(data, at)
            if length < _NLATTR.size or at + length > len(data):
                return 0
            if found & 0x3FFF == kind:
                return at
            at += length + 3 & ~3
        return 0

    def nested_attribute(self, at: int, kind: int) -> int:
        """The same of those within the attribute at a place."""
        if at + _NLATTR.size > len(self):
            return 0
        length, _ = _NLATTR.unpack_from(self.whole, self.start + at)
        if at + length > len(self):
            return 0
        inner = self._replace(whole=self.whole[: self.start + at + length])
        return inner.attribute(at + _NLATTR.size, kind)

    def payload(self) -> int:
        """Where what the packet carries begins (SKF_AD_PAY_OFFSET), as far as headers are known."""
        if self.network < 0:
            return 0
        head = self.whole[self.network :]
        at, protocol = header_size(head), head[9 if head[0] >> 4 == 4 else 6]
        if protocol == IPPROTO_TCP and len(head) > at + 12:
            at += (head[at + 12] >> 4) * 4
        elif protocol == IPPROTO_UDP:
            at += UDP_HEADER.size
        return self.network + at - self.start


def _nothing(seen: Seen, a: int, x: int) -> int:
    """Marks, queues, hashes, processors but the first, and tags of VLANs are not there."""
    return 0


EXTENSIONS: Final[dict[int, Callable[[Seen, int, int], int]]] = {
    **dict.fromkeys(range(0, 64, 4), _nothing),
    0: lambda seen, a, x: seen.protocol,
    4: lambda seen, a, x: seen.kind,
    8: lambda seen, a, x: seen.interface,
    12: lambda seen, a, x: seen.attribute(a, x),
    16: lambda seen, a, x: seen.nested_attribute(a, x),
    28: lambda seen, a, x: ARPHRD_LOOPBACK if seen.interface else 0,
    40: lambda seen, a, x: a ^ x,
    52: lambda seen, a, x: seen.payload() & _M32,
    56: lambda seen, a, x: int.from_bytes(seen.random(4), "little"),
}
"""What can be asked at `AD_OFF`, by its place there (SKF_AD_PROTOCOL to SKF_AD_VLAN_TPID)."""


def _has_data(at: int) -> bool:
    """Whether a place is in a packet, or before it, or an extension that there is (bpf_check_classic)."""
    signed = at - (at >> 31 << 32)
    return signed < AD_OFF or signed >= 0 or signed - AD_OFF in EXTENSIONS


DIALECT: Final = bpf.Dialect(
    frozenset(
        (
            *(bpf.LD | mode | size for mode in (bpf.ABS, bpf.IND) for size in _SIZES),
            bpf.LDX | bpf.MSH | bpf.B,
            *(bpf.ALU | bpf.MOD | source for source in (0, bpf.BY_X)),
        )
    ),
    _has_data,
)
"""What programs of sockets may have besides what all may."""


class PacketFilter:
    """A program that a socket has.

    Attributes:
        program: Its instructions as they were given.
    """

    __slots__ = ("_random", "program")

    def __init__(self, raw: bytes, random: Callable[[int], bytes]) -> None:
        """Checks a program.

        Args:
            raw: Its instructions.
            random: Where random numbers come from.

        Raises:
            BadProgram: It has unknown instructions, or the like.
        """
        self.program = bpf.parse(raw, DIALECT)
        self._random = random

    def of_message(self, data: bytes) -> bytes | None:
        """What a socket gets of a message without headers; None for nothing at all."""
        kept = self._kept(Seen(data, random=self._random))
        return None if kept is None else data[:kept]

    def of_packet(self, packet: bytes, own: int = 1, *, with_header: bool = False) -> int | None:
        """How many bytes a socket gets of a packet of IP that came by the loopback interface; None for nothing at all.

        Args:
            packet: The packet.
            own: Bytes of the protocol's header, which are not cut off.
            with_header: It gets the header of IP, too.
        """
        link = ETHERNET_HEADER.size
        start = link if with_header else link + header_size(packet)
        frame = loopback_frame(packet)
        return self._kept(Seen(frame, start, link, ether_type(packet), LO.number, random=self._random), own)

    def of_frame(self, frame: bytes, start: int, protocol: int, kind: int) -> int | None:
        """How many bytes a packet socket gets of a frame.

        Args:
            frame: The frame.
            start: Where what it gets begins.
            protocol: What is in it.
            kind: Whom it is for.
        """
        seen = Seen(frame, start, ETHERNET_HEADER.size, protocol, LO.number, kind, self._random)
        return self._kept(seen)

    def _kept(self, seen: Seen, own: int = 1) -> int | None:
        """sk_filter_trim_cap."""
        wanted = bpf.run(self.program, seen)
        return min(len(seen), max(own, wanted)) if wanted else None
