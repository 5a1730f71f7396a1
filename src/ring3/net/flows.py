"""Packets of what is carried: each connection of TCP has its numbers, its handshake and its acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ring3.kernel.events import Carried, End
from ring3.net.inet.wire import (
    ACK,
    FIN,
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PSH,
    RST,
    SYN,
    URG,
    datagram,
    ip_packet,
    segment,
)

LOOPBACK_SEGMENT: Final = 65483
"""Bytes of a segment on the loopback interface: its MTU of 65536 less the headers, and less room for options."""
OUTWARD_SEGMENT: Final = 1460
"""The same on Ethernet."""


class _Flow:
    """A connection.

    Attributes:
        next: The number of the next byte of each end.
        closed: Ends that have said that they send nothing more.
    """

    def __init__(self, one: End, other: End, first: Callable[[], int]) -> None:
        self.next = {one: first(), other: first()}
        self.closed: set[End] = set()


class Flows:
    """What has been carried so far, as far as the next packets depend on it."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        """Begins with nothing.

        Args:
            random_bytes: Where connections get their first numbers from.
        """
        self._random_bytes = random_bytes
        self._flows: dict[frozenset[End], _Flow] = {}
        self._number = 0

    def packets(self, carried: Carried) -> Iterator[bytes]:
        """The packets of IP that carry it, in order."""
        source, target = carried.source, carried.target
        if carried.protocol == IPPROTO_TCP:
            for part in self._segments(carried):
                yield self._packet(IPPROTO_TCP, *part)
        elif carried.protocol == IPPROTO_UDP:
            yield self._packet(IPPROTO_UDP, source, target, datagram(source, target, carried.data))
        else:
            yield self._packet(
                IPPROTO_ICMP if len(source[0]) == 4 else IPPROTO_ICMPV6, source, target, carried.data
            )

    def _packet(self, protocol: int, source: End, target: End, data: bytes) -> bytes:
        self._number = self._number + 1 & 0xFFFF
        return ip_packet(protocol, source[0], target[0], data, self._number)

    def _first(self) -> int:
        return int.from_bytes(self._random_bytes(4), "little")

    def _segments(self, carried: Carried) -> Iterator[tuple[End, End, bytes]]:
        source, target, flags = carried.source, carried.target, carried.flags
        key = frozenset((source, target))
        if flags == SYN:
            self._flows.pop(key, None)  # the port is used again
        flow = self._flows.get(key)
        if flow is None:
            if flags & (RST | FIN):
                return  # the end of what nobody has seen, or of what has ended
            flow = self._flows[key] = _Flow(source, target, self._first)
            if not flags & SYN:
                yield from self._handshake(flow, source, target)
        if flags & SYN:
            yield self._one(flow, source, target, flags)
        elif flags & RST:
            yield self._one(flow, source, target, flags)
            del self._flows[key]
        elif flags & FIN:
            yield from self._finish(flow, source, target, key)
        elif not carried.data:
            yield self._one(flow, source, target, flags)
        else:
            yield from self._data(flow, source, target, flags, carried.data)

    def _handshake(self, flow: _Flow, source: End, target: End) -> Iterator[tuple[End, End, bytes]]:
        """How a connection began that was there before somebody looked."""
        yield self._one(flow, source, target, SYN)
        yield self._one(flow, target, source, SYN | ACK)
        yield self._one(flow, source, target, ACK)

    def _finish(
        self, flow: _Flow, source: End, target: End, key: frozenset[End]
    ) -> Iterator[tuple[End, End, bytes]]:
        if source in flow.closed:
            return
        flow.closed.add(source)
        yield self._one(flow, source, target, FIN | ACK)
        yield self._one(flow, target, source, ACK)
        if target in flow.closed:
            del self._flows[key]

    def _data(
        self, flow: _Flow, source: End, target: End, flags: int, data: bytes
    ) -> Iterator[tuple[End, End, bytes]]:
        size = _longest(source, target)
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            is_last = at + size >= len(data)
            yield self._one(flow, source, target, flags if is_last else flags & ~(PSH | URG), piece)
            yield self._one(flow, target, source, ACK)

    def _one(
        self, flow: _Flow, source: End, target: End, flags: int, data: bytes = b""
    ) -> tuple[End, End, bytes]:
        """A segment with the numbers that are due; those of the sender move on."""
        own, others = flow.next[source], flow.next[target] if flags & ACK else 0
        longest = _longest(source, target) if flags & SYN else 0
        flow.next[source] = own + len(data) + bool(flags & (SYN | FIN))
        return source, target, segment(source, target, (own, others), flags, data, longest)


def _longest(source: End, target: End) -> int:
    """Bytes of a segment at most: more where both ends are the machine itself."""
    inside = all(host[0] == 127 or host == bytes(15) + b"\1" for host, _ in (source, target))
    return LOOPBACK_SEGMENT if inside else OUTWARD_SEGMENT
