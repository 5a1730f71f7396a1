"""Raw sockets of ICMP, with which ping(8) asks and is answered (raw(7), net/ipv4/raw.c, net/ipv4/icmp.c)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_UNSPEC, MSG_OOB, MSG_PEEK, MSG_TRUNC, SOL_IP, SOL_RAW, State
from ring3.fs.readiness import POLLERR, READABLE, WRITABLE
from ring3.net.inet.address import SIZE4, Endpoint, destination, family_in, pack, parse, source_for
from ring3.net.inet.base import InetSocket
from ring3.net.inet.wire import IPPROTO_ICMP, IPV4_HEADER, checksum, ipv4_packet
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

ICMP_ECHOREPLY: Final = 0
ICMP_ECHO: Final = 8
ICMP_FILTER: Final = 1
IP_TTL: Final = 2
LARGEST: Final = 65535 - IPV4_HEADER.size


class RawSocket(InetSocket):
    """A raw socket of ICMP: it gets every packet of that protocol that comes to the machine.

    Attributes:
        queue: Packets with where they are from.
        held: Their bytes.
        unwanted: Types that it does not want, a bit each (ICMP_FILTER).
    """

    signals_broken_pipe = False

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, family, kind, protocol, owner)
        self.queue: deque[tuple[bytes, bytes]] = deque()
        self.held = 0
        self.unwanted = 0
        network.raw.append(self)

    def bind(self, address: bytes, caller: Caller) -> None:
        """Chooses one of the machine's addresses."""
        if len(address) < SIZE4:
            raise Errno(E.EINVAL)
        wanted = parse(address, AF_INET)
        if not self.network.has_address(wanted.host):
            raise Errno(E.EADDRNOTAVAIL)
        self.local = Endpoint(wanted.host, IPPROTO_ICMP)

    def connect(self, address: bytes, caller: Caller) -> None:
        """Sets, or with AF_UNSPEC forgets, whom it talks to."""
        if family_in(address) == AF_UNSPEC:
            self.remote, self.state = None, State.CLOSE
            return
        self.remote = Endpoint(self._reachable(self.destination_in(address)), 0)
        self.state = State.ESTABLISHED

    def _reachable(self, target: Endpoint) -> bytes:
        host = destination(target.host)
        self.network.check_reachable(host)
        return host

    def check_size(self, size: int) -> None:
        """A packet has to fit."""
        if size > LARGEST:
            raise Errno(E.EMSGSIZE)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends a packet; the machine answers one that asks for an echo."""
        self.check_size(len(message.data))
        if message.flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        if message.address:
            host = self._reachable(self.destination_in(message.address))
        elif self.remote is not None:
            host = self.remote.host
        else:
            raise Errno(E.EDESTADDRREQ)
        source = source_for(host) if self.local.is_any else self.local.host
        data, ttl = message.data, self.level_value(SOL_IP, IP_TTL)
        self.deliver(source, host, ttl, data)
        if len(data) >= 8 and data[0] == ICMP_ECHO and not checksum(data):
            answer = bytes([ICMP_ECHOREPLY, 0, 0, 0]) + data[4:]
            answer = answer[:2] + checksum(answer).to_bytes(2, "big") + answer[4:]
            self.deliver(host, source, 64, answer)
        return len(data)

    def deliver(self, source: bytes, target: bytes, ttl: int, data: bytes) -> None:
        """A packet is carried to all who hear of it."""
        whole = ipv4_packet(IPPROTO_ICMP, source, target, data, ttl)
        for other in self.network.raw:
            other.receive(source, target, whole)

    def receive(self, source: bytes, target: bytes, whole: bytes) -> None:
        """Takes a packet, if it is for this socket and there is room."""
        kind = whole[IPV4_HEADER.size] if len(whole) > IPV4_HEADER.size else 0
        if (
            (self.remote is not None and self.remote.host != source)
            or (not self.local.is_any and self.local.host != target)
            or (kind < 32 and self.unwanted >> kind & 1)
            or self.held > self.receive_buffer
        ):
            return
        self.queue.append((whole, source))
        self.held += len(whole)
        self.waiters.wake(READABLE)

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next packet, with its IP header."""
        self.refuse_error_queue(flags)
        if flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        self.raise_error()
        if not self.queue:
            if self.hears_no_more and self.waits(flags):
                return Received(b"", 0)
            raise self.would_block(READABLE)
        whole, source = self.queue[0]
        if not flags & MSG_PEEK:
            self.queue.popleft()
            self.held -= len(whole)
        data = whole[:size]
        truncated = MSG_TRUNC if len(data) < len(whole) else 0
        return Received(data, len(whole), pack(Endpoint(source, 0), AF_INET), truncated)

    def available(self) -> int:
        """Bytes of the next packet."""
        return len(self.queue[0][0]) if self.queue else 0

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets which types it does not want, or an option of IP."""
        if level != SOL_RAW:
            super().set_option(level, name, value, caller)
        elif name == ICMP_FILTER:
            self.unwanted = int.from_bytes(value[:4], "little")
        else:
            raise Errno(E.ENOPROTOOPT)

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
