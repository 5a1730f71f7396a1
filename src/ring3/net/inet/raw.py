"""Raw sockets of ICMP and ICMPv6, with which ping(8) asks and is answered.

Sources: raw(7), RFC 3542, net/ipv4/raw.c and icmp.c, net/ipv6/raw.c and icmp.c.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import (
    AF_INET,
    AF_INET6,
    AF_UNSPEC,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SOL_ICMPV6,
    SOL_RAW,
    State,
)
from ring3.fs.readiness import POLLERR, READABLE, WRITABLE
from ring3.net.inet.address import (
    LEAST6,
    SIZE4,
    Endpoint,
    destination,
    family_in,
    pack,
    parse,
    source_for,
)
from ring3.net.inet.base import InetSocket
from ring3.net.inet.headers import Header, header_of, shown
from ring3.net.inet.wire import (
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPV4_HEADER,
    TTL,
    checksum,
    header_size,
    ip_packet,
    with_sum6,
)
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

LARGEST: Final = 65535 - IPV4_HEADER.size
LEAST: Final = 8
"""Bytes of a message at least, that of its header (icmp_filter, icmpv6_filter)."""
IPV6_CHECKSUM: Final = 7


class Family(NamedTuple):
    """What differs between ICMP and ICMPv6.

    Attributes:
        protocol: Its number.
        size: Bytes of an address at least.
        filter: Level, number and size of the option by which types are left out, a bit each.
        echo: The type of a request for an echo ...
        reply: ... and of what answers it.
    """

    protocol: int
    size: int
    filter: tuple[int, int, int]
    echo: int
    reply: int


FAMILIES: Final = {
    AF_INET: Family(IPPROTO_ICMP, SIZE4, (SOL_RAW, 1, 4), 8, 0),
    AF_INET6: Family(IPPROTO_ICMPV6, LEAST6, (SOL_ICMPV6, 1, 32), 128, 129),
}


class Packet(NamedTuple):
    """A message on its way, with the ends and the header of its packet."""

    data: bytes
    source: bytes
    target: bytes
    header: Header
    arrived: int = 0


def packet_of(packet: Packet) -> bytes:
    """The packet of IP that a message goes in."""
    protocol = IPPROTO_ICMP if len(packet.source) == 4 else IPPROTO_ICMPV6
    hops, traffic_class, _ = packet.header
    return ip_packet(
        protocol, packet.source, packet.target, packet.data, hops=hops, traffic_class=traffic_class
    )


class RawSocket(InetSocket):
    """A raw socket of ICMP or ICMPv6: it gets every packet of that protocol that comes to the machine.

    Attributes:
        queue: What can be received: a packet with its header, of IPv6 without.
        held: Bytes of that.
        unwanted: Types that it does not want, a bit each.
    """

    signals_broken_pipe = False

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, family, kind, protocol, owner)
        self.queue: deque[tuple[bytes, Packet]] = deque()
        self.held = 0
        self.unwanted = 0
        self._of = FAMILIES[family]
        network.raw.append(self)

    def bind(self, address: bytes, caller: Caller) -> None:
        """Chooses one of the machine's addresses."""
        if len(address) < self._of.size:
            raise Errno(E.EINVAL)
        wanted = parse(address, self.family)
        if len(wanted.host) != len(self.any_host) or not self.network.has_address(wanted.host):
            raise Errno(E.EADDRNOTAVAIL)
        self.local = Endpoint(wanted.host, self.protocol)

    def connect(self, address: bytes, caller: Caller) -> None:
        """Sets, or with AF_UNSPEC forgets, whom it talks to."""
        if family_in(address) == AF_UNSPEC:
            self.remote, self.state = None, State.CLOSE
            return
        self.remote = Endpoint(self._reachable(self.destination_in(address)), 0)
        self.state = State.ESTABLISHED

    def _reachable(self, target: Endpoint) -> bytes:
        host = destination(target.host)
        if len(host) != len(self.any_host):
            raise Errno(E.ENETUNREACH)
        self.network.check_reachable(host)
        return host

    def check_size(self, size: int) -> None:
        """A packet has to fit."""
        if size > LARGEST:
            raise Errno(E.EMSGSIZE)

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Message, caller: Caller) -> int:
        """Sends a packet; the machine answers one that asks for an echo."""
        self.check_size(len(message.data))
        if message.flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        host = self._target(message)
        header = header_of(self, host, message.control)
        source = header.source or (source_for(host) if self.local.is_any else self.local.host)
        data = message.data
        if self.family == AF_INET6:
            if len(data) < 4:
                raise Errno(E.EINVAL)
            data = with_sum6(source, host, data)
        self.carry(Packet(data, source, host, header))
        if len(data) >= 8 and data[0] == self._of.echo and (self.family == AF_INET6 or not checksum(data)):
            answer = bytes([self._of.reply, 0, 0, 0]) + data[4:]
            if self.family == AF_INET6:
                answer = with_sum6(host, source, answer)
            else:
                answer = answer[:2] + checksum(answer).to_bytes(2, "big") + answer[4:]
            self.carry(Packet(answer, host, source, Header(TTL, header.traffic_class)))
        return len(data)

    def _target(self, message: Message) -> bytes:
        """Where a message goes (raw_sendmsg, rawv6_sendmsg).

        Raises:
            Errno: EDESTADDRREQ, nowhere; EINVAL, too short an address, or with a port that is not its protocol's
                number; EAFNOSUPPORT; ENETUNREACH.
        """
        address = message.address
        if address and self.family == AF_INET:
            return self._reachable(self.destination_in(address))
        if address:
            target = parse(address, AF_INET6)
            if family_in(address) not in (AF_UNSPEC, AF_INET6):
                raise Errno(E.EAFNOSUPPORT)
            if target.port not in (0, self.protocol):
                raise Errno(E.EINVAL)
            return self._reachable(target)
        if self.remote is None:
            raise Errno(E.EDESTADDRREQ)
        return self.remote.host

    def carry(self, packet: Packet) -> None:
        """A packet is carried to all who hear of it."""
        for other in self.network.raw:
            other.receive(packet)

    # -- receiving -------------------------------------------------------------------------------------------------

    def receive(self, packet: Packet) -> None:
        """Takes a packet, if it is for this socket and there is room."""
        data, source, target, _, _ = packet
        if (
            len(data) < LEAST
            or len(source) != len(self.any_host)
            or (self.remote is not None and self.remote.host != source)
            or (not self.local.is_any and self.local.host != target)
            or self.unwanted >> data[0] & 1
            or self.held > self.receive_buffer
        ):
            return
        of4 = self.family == AF_INET
        whole = packet_of(packet)
        start = 0 if of4 else header_size(whole)
        if self.filter is not None:
            kept = self.filter.of_packet(whole, with_header=of4)
            if kept is None:
                return
            whole = whole[: start + kept]
        whole = whole[start:]
        if not self.network.vfs.room.has(len(whole)):
            return
        self.queue.append((whole, packet._replace(arrived=self.arrival())))
        self.held += len(whole)
        self.waiters.wake(READABLE)

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next packet; of IPv4 with its header."""
        self.refuse_error_queue(flags)
        if flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        self.raise_error()
        if not self.queue:
            if self.hears_no_more and self.waits(flags):
                return Received(b"", 0)
            raise self.would_block(READABLE, for_one=not flags & MSG_PEEK)
        whole, packet = self.queue[0]
        if not flags & MSG_PEEK:
            self.queue.popleft()
            self.held -= len(whole)
        data = whole[:size]
        truncated = MSG_TRUNC if len(data) < len(whole) else 0
        source = pack(Endpoint(packet.source, 0), self.family)
        control = (*self.stamp(packet.arrived), *shown(self, packet.header, packet.target))
        return Received(data, len(whole), source, truncated, control=control)

    def available(self) -> int:
        """Bytes of the next packet."""
        return len(self.queue[0][0]) if self.queue else 0

    def queue_sizes(self) -> tuple[int, int]:
        """What waits to be received; nothing waits to be sent."""
        return self.held, 0

    # -- options ---------------------------------------------------------------------------------------------------

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets which types it does not want, where its checksum is, or an option of IP."""
        own_level, own_name, size = self._of.filter
        if (level, name) == (own_level, own_name):
            self.unwanted = int.from_bytes(value[:size], "little")
        elif (level, name) == (SOL_RAW, IPV6_CHECKSUM) and self.family == AF_INET6:
            if len(value) < 4 or ((place := struct.unpack_from("<i", value)[0]) > 0 and place & 1):
                raise Errno(E.EINVAL)
        elif level in (SOL_RAW, SOL_ICMPV6):
            raise Errno(E.ENOPROTOOPT)
        else:
            super().set_option(level, name, value, caller)

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """Which types it does not want, or an option of IP."""
        own_level, own_name, whole = self._of.filter
        if (level, name) == (own_level, own_name):
            return self.unwanted.to_bytes(whole, "little")
        if level in (SOL_RAW, SOL_ICMPV6):
            raise Errno(E.ENOPROTOOPT)
        return super().get_option(level, name, size, caller)

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both."""
        if self.remote is None:
            raise Errno(E.ENOTCONN)
        self.shut |= directions
        self.waiters.wake()

    def poll(self) -> int:
        """Events: there is always room to send."""
        found = WRITABLE | (READABLE if self.queue else 0)
        return found | POLLERR if self.error is not None else found

    def close(self) -> None:
        """No packet comes any more."""
        self.network.raw.remove(self)
        self.queue.clear()
