"""The bytes of a connection of TCP: how they are sent, kept back, received, and counted (tcp_sendmsg, tcp_recvmsg)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import MSG_MORE, MSG_OOB, SOL_TCP, State
from ring3.fs.readiness import POLLPRI, READABLE, WRITABLE
from ring3.net.inet.address import ends_of
from ring3.net.inet.cork import PATIENCE, Cork
from ring3.net.inet.received import ReceiveQueue
from ring3.net.inet.tcp_options import TCP_CORK, TcpOptions
from ring3.net.inet.wire import ACK, IPPROTO_TCP, PSH, TCP_HEADER, ip_packet, segment
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.fs.file import WouldBlock
    from ring3.net.caller import Caller
    from ring3.net.network import Network
    from ring3.net.socket import Message

CONNECTED: Final = (State.ESTABLISHED, State.CLOSE_WAIT)
"""States in which it may send."""


class TcpStream(TcpOptions):
    """What a socket of TCP carries.

    Attributes:
        other: The other end of its connection, None once that does not listen to it any more.
        received: What can be received.
        cork: What waits to be sent with more.
        was_connected: It has had a connection.
        refused: What it has sent and the other end's filter does not let in, with whether it is urgent.
    """

    waits_to_peek = True
    discards_truncated = True

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, family, kind, protocol, owner)
        self.other: TcpStream | None = None
        self.received = ReceiveQueue()
        self.cork = Cork()
        self.was_connected = False
        self.refused: deque[tuple[bytes, bool]] = deque()

    def reset(self, error: E) -> None:
        """The other end refuses to hear, or is gone (tcp_reset)."""
        raise NotImplementedError

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Message, caller: Caller) -> int:
        """Sends as much as there is room for."""
        self.raise_error()
        if self.state == State.SYN_SENT:
            raise self.would_block(WRITABLE)
        if self.says_no_more or self.state not in CONNECTED:
            raise Errno(E.EPIPE)
        other, data = self.other, message.data
        if not data:
            return 0
        if other is not None:
            room = other.receive_buffer + self.send_buffer - len(other.received) - len(self.cork)
            if self.refused:
                room -= self._size_refused()
            if room <= 0:
                raise self.would_block(WRITABLE)
            data = data[:room]
            if not self.network.vfs.room.has(len(data)):
                raise self._no_memory()
        if message.flags & MSG_MORE or (self.levels and self.levels.get((SOL_TCP, TCP_CORK))):
            self._send_with_more(data)
            return len(data)
        self.uncork()
        self.carry(data, bool(message.flags & MSG_OOB) and len(data) == len(message.data))
        return len(data)

    def _no_memory(self) -> WouldBlock:
        """What to raise where the machine has no room for more: that is tried again soon (sk_stream_wait_memory)."""
        network = self.network
        network.timers.add(network.clocks().monotonic() + PATIENCE, lambda: self.waiters.wake(WRITABLE))
        return self.would_block(WRITABLE)

    def held_bytes(self) -> int:
        """What waits to be received, or to be sent."""
        return len(self.received) + len(self.cork) + self._size_refused()

    def _send_with_more(self, data: bytes) -> None:
        """Keeps bytes until more has come, or some time has passed."""
        if self.cork.add(data):
            self.uncork()
        elif len(self.cork) and self.cork.timer is None:
            deadline = self.network.clocks().monotonic() + PATIENCE
            self.cork.timer = self.network.timers.add(deadline, self.uncork)

    def uncork(self) -> None:
        """Sends what waits for more."""
        data = self.cork.empty()
        if data and self.state in CONNECTED:
            self.carry(data, urgent=False)

    def carry(self, data: bytes, urgent: bool) -> None:
        """Brings bytes to the other end; if that hears no more, it answers with a reset."""
        other = self.other
        if other is None:
            self.reset(E.EPIPE if self.state == State.CLOSE_WAIT else E.ECONNRESET)
            return
        if other.filter is not None:
            self.refused.append((data, urgent))
            self.send_again()
        else:
            self._bring(other, data, urgent)

    def send_again(self) -> None:
        """Sends what the other end's filter has refused, as far as it takes it now: in order, for that is a stream."""
        other = self.other
        while other is not None and self.refused:
            data, urgent = self.refused[0]
            if other.filter is not None and not other.takes(self, PSH | ACK, data):
                break
            self.refused.popleft()
            self._bring(other, data, urgent)

    def takes(self, sender: TcpStream, flags: int, data: bytes = b"") -> bool:
        """Whether its filter lets a segment in."""
        if self.filter is None:
            return True
        assert sender.remote is not None
        source, target = ends_of(sender.local, sender.remote)
        packet = ip_packet(IPPROTO_TCP, source[0], target[0], segment(source, target, (0, 0), flags, data))
        return self.filter.of_packet(packet, TCP_HEADER.size) is not None

    def _size_refused(self) -> int:
        return sum(len(data) for data, _ in self.refused)

    def _bring(self, other: TcpStream, data: bytes, urgent: bool) -> None:
        other.received.put(data, urgent)
        self.sent_bytes += len(data)
        other.received_bytes += len(data)
        self.sent_at = other.received_at = self.network.clocks().monotonic()
        other.waiters.wake(READABLE | POLLPRI if urgent else READABLE)

    def check_size(self, size: int) -> None:
        """Any size can be sent."""

    # -- receiving -------------------------------------------------------------------------------------------------

    def recv(self, size: int, flags: int = 0) -> Received:
        """Bytes from the front."""
        self.refuse_error_queue(flags)
        if self.state == State.LISTEN:
            raise Errno(E.ENOTCONN)
        if flags & MSG_OOB:
            return self._recv_urgent(flags)
        data = self.received.take(size, flags, self.inline)
        if data is None:
            self._check_end()
            if self.ended:
                return Received(b"", 0)
            raise self.would_block(READABLE)
        if self.other is not None and len(self.received) <= self.receive_buffer:
            self.other.waiters.wake(WRITABLE)
        return Received(data, len(data))

    def _check_end(self) -> None:
        """Nothing is there to be received: whether something may come (tcp_recvmsg_locked).

        Raises:
            Errno: The pending error; ENOTCONN, it was never connected.
        """
        self.raise_error()
        if self.state == State.CLOSE and not self.was_connected and not self.hears_no_more:
            raise Errno(E.ENOTCONN)

    def _recv_urgent(self, flags: int) -> Received:
        if self.inline or not self.received.has_urgent:
            raise Errno(E.EINVAL)
        data = self.received.take_urgent(flags)
        if data is None:
            raise Errno(E.EINVAL)
        return Received(data, 1, None, MSG_OOB)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.hears_no_more or (self.state == State.CLOSE and self.was_connected)

    def unread(self, data: bytes) -> None:
        """Puts bytes back to the front."""
        self.received.give_back(data)

    def at_mark(self) -> bool:
        """Whether the byte out of band is next."""
        return self.received.at_mark

    def available(self) -> int:
        """Bytes that can be received."""
        if self.state == State.LISTEN:
            raise Errno(E.EINVAL)
        return self.received.available(self.inline)

    def unsent(self) -> int:
        """Bytes for which the other end's buffer has no room yet."""
        if self.state == State.LISTEN:
            raise Errno(E.EINVAL)
        if self.other is None:
            return 0
        waits = len(self.cork) + self._size_refused()
        return waits + max(0, len(self.other.received) - self.other.receive_buffer)
