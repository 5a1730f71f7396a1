"""UDP and UDP-Lite: messages between ports (udp(7), udplite(7), net/ipv4/udp.c)."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import (
    AF_INET,
    AF_INET6,
    AF_UNSPEC,
    MSG_ERRQUEUE,
    MSG_MORE,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    RCV_SHUTDOWN,
    SHUTDOWN_MASK,
    SO_BROADCAST,
    SO_REUSEPORT,
    SOL_IP,
    SOL_UDP,
    SOL_UDPLITE,
    State,
)
from ring3.fs.readiness import POLLERR, POLLHUP, POLLRDHUP, POLLWRBAND, READABLE, WRITABLE
from ring3.net import name_service
from ring3.net.inet import error_queue
from ring3.net.inet.address import (
    BROADCAST4,
    Endpoint,
    destination,
    ends_of,
    family_in,
    is_multicast,
    pack,
    source_for,
)
from ring3.net.inet.base import InetSocket
from ring3.net.inet.error_queue import ErrorQueue, QueuedError
from ring3.net.inet.groups import ALL_HOSTS
from ring3.net.inet.headers import Header, header_of, shown
from ring3.net.inet.wire import UDP_HEADER, datagram, ip_packet
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

UDP_CORK: Final = 1
UDP_SEGMENT: Final = 103
IP_MULTICAST_ALL: Final = 49
LARGEST: Final = 65507
"""Bytes of a message at most: an IP packet less its header and UDP's."""
OVERHEAD: Final = 768
"""What a short message counts of the receiver's buffer beside its bytes."""


class Datagram(NamedTuple):
    """A message that waits to be received."""

    data: bytes
    source: Endpoint
    target: bytes
    header: Header
    arrived: int = 0

    @property
    def charge(self) -> int:
        """What it counts of the receiver's buffer."""
        return OVERHEAD + len(self.data)


class Parts:
    """A message that is put together of several.

    Attributes:
        target: Where it goes.
        header: Its header.
        data: What there is of it.
    """

    __slots__ = ("data", "header", "target")

    def __init__(self, target: Endpoint, header: Header) -> None:
        self.target, self.header, self.data = target, header, bytearray()


class UdpSocket(InetSocket):
    """A socket of UDP.

    Attributes:
        queue: What can be received.
        held: What that counts.
        parts: A message that is not complete yet.
        errors: What did not arrive.
    """

    signals_broken_pipe = False
    has_peek_offset = True

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, family, kind, protocol, owner)
        self.ports = network.udp_lite if self.is_lite else network.udp
        self.queue: deque[Datagram] = deque()
        self.held = 0
        self.parts: Parts | None = None
        self.errors = ErrorQueue()

    @property
    def levels_known(self) -> tuple[int, ...]:
        """Those of its addresses, and UDP's own."""
        return (*super().levels_known, SOL_UDP, *((SOL_UDPLITE,) if self.is_lite else ()))

    @property
    def is_lite(self) -> bool:
        """Whether it is of UDP-Lite, whose ports are others (RFC 3828)."""
        return self.protocol == SOL_UDPLITE

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option; where messages are not put together any more, what there is of one goes."""
        super().set_option(level, name, value, caller)
        if (level, name) == (SOL_UDP, UDP_CORK) and not self.levels[level, name]:
            self._send_parts()

    def connect(self, address: bytes, caller: Caller) -> None:
        """Sets, or with AF_UNSPEC forgets, the other end."""
        if family_in(address) == AF_UNSPEC:
            self._disconnect()
            return
        self.bind_automatically()
        wanted = self.destination_in(address)
        host = destination(wanted.host)
        self._check_reachable(host)
        if self.local.is_any:
            self.local = self.local._replace(host=source_for(host))
        self.remote = Endpoint(host, wanted.port)
        self.state = State.ESTABLISHED

    def _disconnect(self) -> None:
        self.remote = None
        self.state = State.CLOSE
        if not self.bound_host:
            self.local = self.local._replace(host=self.any_host)

    def _check_reachable(self, host: bytes) -> None:
        if not is_multicast(host) and host != BROADCAST4:
            self.network.check_reachable(host)
        elif not self.network.interfaces.loopback_is_up:
            raise Errno(E.ENETUNREACH)
        elif host == BROADCAST4:
            if not self.value(SO_BROADCAST):
                raise Errno(E.EACCES)
        elif len(host) == 16 or (not self.groups.interface and self.local.is_any):
            raise Errno(E.ENETUNREACH)  # no route leads to groups

    # -- sending ---------------------------------------------------------------------------------------------------

    def check_size(self, size: int) -> None:
        """A message has to fit into one packet."""
        if size > LARGEST:
            raise Errno(E.EMSGSIZE)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends one message, or a part of one (MSG_MORE, UDP_CORK); who does not hear it is no error now."""
        self.bind_automatically()  # whatever comes of it (inet_send_prepare)
        self.check_size(len(message.data))
        if message.flags & MSG_OOB and self.family == AF_INET:
            raise Errno(E.EOPNOTSUPP)
        if self.parts is None:
            target = self._target(message)
            if message.flags & MSG_OOB and len(target.host) == 4:
                raise Errno(E.EOPNOTSUPP)
            if not target.port:
                raise Errno(E.EINVAL)
            self.raise_error()
            host = destination(target.host)
            self._check_reachable(host)
            if self.says_no_more:
                raise Errno(E.EPIPE)
            self.parts = Parts(Endpoint(host, target.port), header_of(self, host, message.control))
        parts = self.parts
        if len(parts.data) + len(message.data) > LARGEST:
            self.parts = None
            raise Errno(E.EMSGSIZE)
        parts.data += message.data
        if not (message.flags & MSG_MORE or (self.levels and self.levels.get((SOL_UDP, UDP_CORK)))):
            self._send_parts()
        return len(message.data)

    def _send_parts(self) -> None:
        """Sends what was put together, in messages of the size that UDP_SEGMENT says."""
        parts, self.parts = self.parts, None
        if parts is None:
            return
        (host, port), header = parts.target, parts.header
        source = header.source or (self.local.host if not self.local.is_any else source_for(host))
        if header.source:
            self.network.check_reachable(source)
        size = self.levels.get((SOL_UDP, UDP_SEGMENT)) or LARGEST
        for at in range(0, len(parts.data) or 1, size):
            data = bytes(parts.data[at : at + size])
            self.deliver(Datagram(data, Endpoint(source, self.local.port), host, header), port)

    def _target(self, message: Message) -> Endpoint:
        unspecified = (
            self.family == AF_INET6 and message.address[:2] == b"\0\0"
        )  # as if there were no address
        if message.address and not unspecified:
            return self.destination_in(message.address, sends=True)
        if self.remote is None:
            raise Errno(E.EDESTADDRREQ)
        return self.remote

    def deliver(self, sent: Datagram, port: int) -> None:
        """A message is carried to whoever is to hear it."""
        hearing = [
            other for other in self.ports.at(port) if isinstance(other, UdpSocket) and other.hears(sent)
        ]
        if is_multicast(sent.target):
            self._deliver_to_group(sent, hearing)
        elif sent.target == BROADCAST4:
            for other in hearing:
                other.receive(sent)
        elif hearing:
            best = max(other.closeness(sent) for other in hearing)
            equal = [other for other in hearing if other.closeness(sent) == best]
            shared = all(other.value(SO_REUSEPORT) for other in equal)
            equal[sent.source.port % len(equal) if shared else -1].receive(sent)
        elif (sent.target, port) == name_service.ADDRESS and not self.is_lite:
            found = name_service.answer(sent.data, os.fsencode(self.network.hostname()))
            if found is not None:
                self.deliver(
                    Datagram(found, name_service.ADDRESS, sent.source.host, sent.header), sent.source.port
                )
        else:
            self.refuse(sent, port)

    def _deliver_to_group(self, sent: Datagram, hearing: list[UdpSocket]) -> None:
        """A message to a group comes to its members, and while there are some to others who want all of them."""
        told = [(other, other.groups.hears(sent.target, sent.source.host)) for other in hearing]
        heard = sent.target == ALL_HOSTS or any(
            isinstance(user, InetSocket) and user.groups.hears(sent.target, sent.source.host)
            for user in self.network.sockets
        )
        for other, is_member in told:
            if heard and (other.level_value(SOL_IP, IP_MULTICAST_ALL) if is_member is None else is_member):
                other.receive(sent)

    def refuse(self, sent: Datagram, port: int) -> None:
        """Nobody listens at the port: who is connected is told, and who keeps errors."""
        if error_queue.is_wanted(self):
            if self.network.vfs.room.has(sent.charge):
                error = QueuedError(E.ECONNREFUSED, sent.data, Endpoint(sent.target, port), sent.target)
                self.errors.put(error)
        elif self.remote is None:
            return
        self.fail(E.ECONNREFUSED)

    def hears(self, sent: Datagram) -> bool:
        """Whether a message to its port is for it."""
        if self.remote is not None and self.remote != sent.source:
            return False
        if (
            len(sent.target) == 4
            and self.family != AF_INET
            and (self.only6 or (len(self.local.host) == 16 and not self.local.is_any))
        ):
            return False
        if len(sent.target) == 16 and self.family == AF_INET:
            return False
        return self.local.is_any or self.local.host == sent.target

    def closeness(self, sent: Datagram) -> int:
        """How exactly it asks for a message: the closest one gets it (compute_score)."""
        return (
            4 * (self.remote is not None)
            + 2 * (not self.local.is_any)
            + (len(sent.target) == 4) * (self.family == AF_INET)
        )

    def receive(self, sent: Datagram) -> None:
        """Takes a message, if there is room and it is listened to."""
        if self.held > self.receive_buffer or self.shut & RCV_SHUTDOWN:
            return
        if not self.network.vfs.room.has(sent.charge):
            return
        if self.filter is not None:
            kept = self._filtered(sent)
            if kept is None:
                return
            sent = kept
        self.queue.append(sent._replace(arrived=self.arrival()) if self.stamping else sent)
        self.held += sent.charge
        self.waiters.wake(READABLE)

    def _filtered(self, sent: Datagram) -> Datagram | None:
        """What the filter leaves of a message; None for nothing."""
        assert self.filter is not None
        source, target = ends_of(sent.source, Endpoint(sent.target, self.local.port))
        carried = datagram(source, target, sent.data)
        hops, traffic_class, _ = sent.header
        whole = ip_packet(
            self.protocol, source[0], target[0], carried, hops=hops, traffic_class=traffic_class
        )
        kept = self.filter.of_packet(whole, UDP_HEADER.size)
        return None if kept is None else sent._replace(data=sent.data[: kept - UDP_HEADER.size])

    # -- receiving -------------------------------------------------------------------------------------------------

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next message, or the oldest error."""
        if flags & MSG_ERRQUEUE:
            return self.errors.take(self, size)
        self.raise_error()
        if not self.queue:
            if self.hears_no_more and self.waits(flags):
                return Received(b"", 0)
            raise self.would_block(READABLE, for_one=not flags & MSG_PEEK)
        got = self.queue[0]
        if not flags & MSG_PEEK:
            self.queue.popleft()
            self.held -= got.charge
        data = got.data[:size]
        truncated = MSG_TRUNC if len(data) < len(got.data) else 0
        address = pack(got.source, self.family)
        control = (*self.stamp(got.arrived), *shown(self, got.header, got.target))
        return Received(data, len(got.data), address, truncated, (), control)

    def held_bytes(self) -> int:
        """What waits to be received, and to be sent with more."""
        parts = len(self.parts.data) if self.parts is not None else 0
        return self.held + self.errors.held_bytes() + parts

    def available(self) -> int:
        """Bytes of the next message."""
        return len(self.queue[0].data) if self.queue else 0

    # -- the end ---------------------------------------------------------------------------------------------------

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both; without another end that is done, but answered with an error."""
        self.shut |= directions
        self.waiters.wake()
        if self.remote is None:
            raise Errno(E.ENOTCONN)

    def close(self) -> None:
        """Gives the port back, and leaves its groups."""
        self.queue.clear()
        self.groups.members.clear()
        self.ports.release(self, self.local.port)

    def poll(self) -> int:
        """Events (udp_poll): there is always room to send."""
        found = WRITABLE | POLLWRBAND
        if self.queue:
            found |= READABLE
        if self.error is not None or self.errors:
            found |= POLLERR
        if self.shut & RCV_SHUTDOWN:
            found |= READABLE | POLLRDHUP
        if self.shut == SHUTDOWN_MASK:
            found |= POLLHUP
        return found
