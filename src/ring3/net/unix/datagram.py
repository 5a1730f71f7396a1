"""AF_UNIX sockets that keep the bounds of messages: SOCK_DGRAM and SOCK_SEQPACKET (unix_dgram_sendmsg and its like)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import MSG_OOB, MSG_PEEK, MSG_TRUNC, SO_PASSCRED, State
from ring3.fs.file import WouldBlock
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.net.socket import Message, Received
from ring3.net.unix.base import OVERHEAD, SHARED_INFO, Packet, UnixSocket, charge_of
from ring3.net.unix.names import name_in

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.net.caller import Caller
    from ring3.net.network import Network

MOST_IN_HEAD: Final = 4 * 4096 - SHARED_INFO
"""Bytes of a message that are not in pages (SKB_MAX_ALLOC)."""
MAX_QUEUED: Final = 10
"""Messages in a queue before senders wait, less one (net.unix.max_dgram_qlen)."""
AF_UNSPEC: Final = b"\0\0"


def message_charge(size: int) -> int:
    """What a message counts."""
    if size <= MOST_IN_HEAD:
        return charge_of(size)
    paged = (size - MOST_IN_HEAD + 4095) // 4096 * 4096
    return charge_of(max(0, size - paged), paged)


class UnixDatagram(UnixSocket):
    """A socket of AF_UNIX with SOCK_DGRAM.

    Attributes:
        talkers: Those that are connected with it, whose being writable depends on its queue.
    """

    signals_broken_pipe = False

    def __init__(self, network: Network, kind: int, owner: tuple[int, int]) -> None:
        super().__init__(network, kind, owner)
        self.talkers: WeakSet[UnixDatagram] = WeakSet()

    @property
    def connects(self) -> bool:
        """It only has an address to send to."""
        return False

    def connect(self, address: bytes, caller: Caller) -> None:
        """Sets, or with AF_UNSPEC forgets, the address to send to and to hear from."""
        if len(address) < 2:
            raise Errno(E.EINVAL)
        other = None
        if address[:2] != AF_UNSPEC:
            name_in(address)
            if self.value(SO_PASSCRED):
                self.network.unix.bind_automatically(self)
            other = self.network.unix.find(address, self.kind, caller)
            if other.peer is not None and other.peer is not self:
                raise Errno(E.EPERM)
            if other is not self.peer:
                self.require_reach(other, caller)
        self._set_peer(other)
        self.state = State.CLOSE if other is None else State.ESTABLISHED

    def _set_peer(self, other: UnixSocket | None) -> None:
        """Leaves the old peer, whose messages are gone, for another (unix_dgram_disconnected)."""
        old, self.peer = self.peer, other
        if isinstance(other, UnixDatagram):
            other.talkers.add(self)
        if old is None or old is other:
            return
        if isinstance(old, UnixDatagram):
            old.talkers.discard(self)
        lost = [packet for packet in self.queue if packet.sender is not other]
        if lost:
            for packet in lost:
                self.queue.remove(packet)
                packet.done()
            self.waiters.wake(WRITABLE)
            if not old.dead and old.peer is self:
                old.fail(E.ECONNRESET)

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Message, caller: Caller) -> int:
        """Sends one message."""
        if message.flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        if message.address:
            name_in(message.address)
        if self.value(SO_PASSCRED):
            self.network.unix.bind_automatically(self)
        if not message.address and self.peer is None:  # asked last since Linux 6.14
            raise Errno(E.EPIPE if self.says_no_more else E.ENOTCONN)
        size = len(message.data)
        if size > self.send_buffer - 32:
            raise Errno(E.EMSGSIZE)
        self.check_room()
        other = self._receiver(message, caller)
        self._check_receiver(other, caller)
        data = message.data if other.filter is None else other.filter.of_message(message.data)
        if data is None:
            return size
        self.require_memory(size + OVERHEAD)
        rights = self.rights_for(message, caller)
        credentials = self.credentials_for(other, message, caller)
        packet = Packet(self, data, message_charge(size), rights, credentials)
        packet.arrived = other.arrival()
        other.queue.append(packet)
        other.waiters.wake(READABLE)
        return size

    def _receiver(self, message: Message, caller: Caller) -> UnixSocket:
        if message.address:
            return self.network.unix.find(message.address, self.kind, caller)
        assert self.peer is not None
        return self.peer

    def _check_receiver(self, other: UnixSocket, caller: Caller) -> None:
        """Whether a message may go there now.

        Raises:
            Errno: EPERM, it hears another one; ECONNREFUSED, it is gone; EPIPE, it hears no more.
            WouldBlock: Too many messages wait there.
        """
        if other.dead:
            if other is self.peer:
                self._set_peer(None)
                self.state = State.CLOSE
            raise Errno(E.ECONNREFUSED)
        if other.peer is not None and other.peer is not self:
            raise Errno(E.EPERM)
        if other.hears_no_more:
            raise Errno(E.EPIPE)
        if other is not self.peer:
            self.require_reach(other, caller)
        if self._is_full(other):
            raise WouldBlock(other, WRITABLE)

    def _is_full(self, other: UnixSocket) -> bool:
        """Whether it has to wait until the other one, who does not talk back, has received something."""
        return other is not self and other.peer is not self and len(other.queue) > MAX_QUEUED

    def is_writable(self) -> bool:
        """Whether there is room here, and at the peer."""
        if self.under_way << 2 > self.send_buffer:
            return False
        return self.peer is None or not self._is_full(self.peer)

    # -- receiving -------------------------------------------------------------------------------------------------

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next message."""
        if flags & MSG_OOB:
            raise Errno(E.EOPNOTSUPP)
        self.raise_error()
        keep = flags & MSG_PEEK
        found = self._next(keep)
        if found is None:
            if self.hears_no_more and (self.connects or self.waits(flags)):
                return Received(b"", 0)
            raise self.would_block(READABLE, for_one=not flags & MSG_PEEK)
        packet, skip = found
        whole = packet.data[skip:] if skip else packet.data
        data = whole if len(whole) <= size else whole[:size]
        rights: tuple[File, ...] = ()
        if packet.rights is not None:
            rights = packet.rights.copy() if keep else packet.rights.receive()
        if self.peek_offset >= 0:
            self.peek_offset = self.peek_offset + len(data) if keep else max(0, self.peek_offset - len(whole))
        if not keep:
            self.queue.popleft()
            packet.done()
            if len(self.queue) == MAX_QUEUED:
                self._tell_senders()
        truncated = MSG_TRUNC if len(data) < len(whole) else 0
        return Received(
            data,
            len(whole),
            packet.sender.address,
            truncated,
            rights,
            (*self.stamp(packet.arrived), *self.sender_control(packet.credentials)),
        )

    def _next(self, keep: int) -> tuple[Packet, int] | None:
        """The message to receive, and how much of it was peeked at already."""
        skip = self.peek_offset if keep and self.peek_offset > 0 else 0
        for packet in self.queue:
            if skip < len(packet.data) or not skip:
                return packet, skip
            skip -= len(packet.data)
        return None

    def _tell_senders(self) -> None:
        """There is room in the queue again."""
        self.waiters.wake(WRITABLE)
        for talker in self.talkers:
            talker.waiters.wake(WRITABLE)

    def available(self) -> int:
        """Bytes of the next message."""
        return len(self.queue[0].data) if self.queue else 0


class UnixSeqpacket(UnixDatagram):
    """A socket of AF_UNIX with SOCK_SEQPACKET: connections as streams have them, messages as datagrams."""

    @property
    def connects(self) -> bool:
        """It has connections."""
        return True

    def connect(self, address: bytes, caller: Caller) -> None:
        """Connects it with a listening socket."""
        self.connect_to_listener(address, caller)

    def check_connected(self) -> None:
        """Whether it can send (unix_seqpacket_sendmsg)."""
        self.raise_error()
        if self.state != State.ESTABLISHED:
            raise Errno(E.ENOTCONN)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends one message; an address means nothing."""
        self.check_connected()
        return super().send(message._replace(address=b"") if message.address else message, caller)

    def _check_receiver(self, other: UnixSocket, caller: Caller) -> None:
        if other.dead:
            raise Errno(E.EPIPE)
        super()._check_receiver(other, caller)

    def is_writable(self) -> bool:
        """Whether there is room."""
        return self.state != State.LISTEN and self.under_way << 2 <= self.send_buffer

    def recv(self, size: int, flags: int = 0) -> Received:
        """The next message."""
        if self.state != State.ESTABLISHED:
            raise Errno(E.ENOTCONN)
        return super().recv(size, flags)

    def available(self) -> int:
        """Bytes in the queue."""
        return UnixSocket.available(self)
