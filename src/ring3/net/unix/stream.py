"""AF_UNIX streams: bytes in order, with files and credentials at their places (unix_stream_sendmsg and its like)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import MSG_OOB, MSG_PEEK, SO_OOBINLINE, SO_PASSCRED, State
from ring3.fs.file import WouldBlock
from ring3.fs.readiness import POLLPRI, READABLE
from ring3.net.caller import Ucred
from ring3.net.socket import Message, Received
from ring3.net.unix.base import OVERHEAD, SHARED_INFO, Packet, UnixSocket, charge_of

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.net.caller import Caller

MOST_IN_HEAD: Final = 4096 - SHARED_INFO
"""Bytes of a packet that are not in pages (SKB_MAX_HEAD)."""
MOST: Final = MOST_IN_HEAD + 32768
"""Bytes of one packet (UNIX_SKB_FRAGS_SZ)."""


def stream_charge(size: int) -> int:
    """What a packet of a stream counts."""
    if size <= MOST_IN_HEAD:
        return charge_of(size)
    paged = min(size, (size - MOST_IN_HEAD + 4095) // 4096 * 4096)
    return charge_of(size - paged, paged)


class Gathered(NamedTuple):
    """What is received at once.

    Attributes:
        parts: The bytes.
        first: The packet that they begin with, None for none.
        rights: Open files.
    """

    parts: list[bytes]
    first: Packet | None
    rights: tuple[File, ...]


class UnixStream(UnixSocket):
    """A socket of AF_UNIX with SOCK_STREAM.

    Attributes:
        mark: The byte out of band, until it was read or passed.
    """

    mark: Packet | None = None

    @property
    def is_stream(self) -> bool:
        """It is."""
        return True

    def connect(self, address: bytes, caller: Caller) -> None:
        """Connects it with a listening socket."""
        self.connect_to_listener(address, caller)

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, message: Message, caller: Caller) -> int:
        """Sends as much as there is room for."""
        other = self.peer
        if message.flags & MSG_OOB and not message.data:
            raise Errno(E.EOPNOTSUPP)
        if message.address:
            raise Errno(E.EISCONN if self.state == State.ESTABLISHED else E.EOPNOTSUPP)
        if other is None:
            raise Errno(E.ENOTCONN)
        data, urgent = message.data, message.flags & MSG_OOB
        plain = len(data) - 1 if urgent else len(data)
        most = min(MOST, (self.send_buffer >> 1) - 64)
        if self.says_no_more:
            raise Errno(E.EPIPE)
        self.require_memory(min(len(data), self.send_buffer) + OVERHEAD)
        sent = 0
        while sent < plain:
            if not self._has_room(other, sent):
                return sent
            piece = data[sent : min(plain, sent + most)]
            rights = None if sent else self.rights_for(message, caller)
            credentials = self.credentials_for(other, message, caller)
            other.queue.append(Packet(self, piece, stream_charge(len(piece)), rights, credentials))
            sent += len(piece)
        if urgent and self._has_room(other, sent):
            self._send_urgent(other, message, caller, alone=not sent)
            sent += 1
        if sent:
            other.waiters.wake(READABLE)
        return sent

    def _has_room(self, other: UnixSocket, sent: int) -> bool:
        """Whether one more packet may go; an error after others only ends the call.

        Raises:
            Errno: EPIPE, nobody receives; as `check_room`.
            WouldBlock: As `check_room`.
        """
        if self.under_way < self.send_buffer and self.error is None and not other.shut and not self.shut:
            return True
        try:
            self.check_room()
            if other.hears_no_more:
                raise Errno(E.EPIPE)
        except (Errno, WouldBlock):
            if not sent:
                raise
            other.waiters.wake(READABLE)
            return False
        return True

    def _send_urgent(self, other: UnixSocket, message: Message, caller: Caller, alone: bool) -> None:
        rights = self.rights_for(message, caller) if alone else None
        packet = Packet(
            self, message.data[-1:], stream_charge(1), rights, self.credentials_for(other, message, caller)
        )
        packet.urgent = True
        other.queue.append(packet)
        assert isinstance(other, UnixStream)
        other.mark = packet
        other.waiters.wake(POLLPRI)

    # -- receiving -------------------------------------------------------------------------------------------------

    def recv(self, size: int, flags: int = 0) -> Received:
        """Bytes from the front; not across a change of sender that shows, nor beyond open files."""
        if self.state != State.ESTABLISHED:
            raise Errno(E.EINVAL)
        if flags & MSG_OOB:
            return self._recv_urgent(flags)
        keep = flags & MSG_PEEK
        self._pass_mark(keep)
        gathered = self._peek(size) if keep else self._take(size)
        first = gathered.first
        if first is None:
            self.raise_error()
            if self.hears_no_more:  # the end is nobody's (unix_stream_read_generic)
                return Received(b"", 0, control=self.sender_control(Ucred(0, 0, 0)))
            raise self.would_block(READABLE)
        parts = gathered.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if self.peek_offset >= 0:
            self.peek_offset = self.peek_offset + len(data) if keep else max(0, self.peek_offset - len(data))
        control = self.sender_control(first.credentials)
        return Received(data, len(data), first.sender.address, 0, gathered.rights, control)

    def _pass_mark(self, keep: int) -> None:
        """A byte out of band that is next is left out, unless it is to be in line or still to be seen."""
        queue = self.queue
        if self.mark is None or keep or not queue or queue[0] is not self.mark:
            return
        self.mark = None
        if not self.value(SO_OOBINLINE):
            queue.popleft().done()

    def _take(self, size: int) -> Gathered:
        """Removes up to so many bytes from the front."""
        queue = self.queue
        parts: list[bytes] = []
        first: Packet | None = None
        rights: tuple[File, ...] = ()
        while queue:
            packet = queue[0]
            if packet is self.mark or (first is not None and self._differs(packet, first)):
                break
            first = first or packet
            data = packet.data
            if packet.rights is not None:
                rights, packet.rights = packet.rights.receive(), None
            if len(data) > size:
                parts.append(data[:size])
                packet.data = data[size:]
                break
            parts.append(data)
            queue.popleft()
            packet.done()
            size -= len(data)
            if rights or not size:
                break
        return Gathered(parts, first, rights)

    def _peek(self, size: int) -> Gathered:
        """Up to so many bytes from the front, or from where the last look ended."""
        skip = max(0, self.peek_offset)
        parts: list[bytes] = []
        first: Packet | None = None
        rights: tuple[File, ...] = ()
        for packet in self.queue:
            data = packet.data
            if packet is self.mark and first is None and not self.value(SO_OOBINLINE):
                continue
            if 0 < skip >= len(data):
                skip -= len(data)
                continue
            if first is not None and (packet is self.mark or self._differs(packet, first)):
                break
            first = first or packet
            parts.append(data[skip : skip + size])
            size, skip = size - len(parts[-1]), 0
            if packet.rights is not None:
                rights = packet.rights.copy()
            if rights or not size:
                break
        return Gathered(parts, first, rights)

    def _differs(self, packet: Packet, first: Packet) -> bool:
        """Whether two packets must not be received at once: the receiver wants to know who sent which."""
        return packet.credentials != first.credentials and bool(self.value(SO_PASSCRED))

    def _recv_urgent(self, flags: int) -> Received:
        mark = self.mark
        if mark is None or self.value(SO_OOBINLINE) or not mark.data:
            raise Errno(E.EINVAL)
        data = mark.data
        if not flags & MSG_PEEK:
            mark.data = b""
        return Received(data, 1, mark.sender.address, MSG_OOB, (), self.sender_control(mark.credentials))

    def unread(self, data: bytes) -> None:
        """Puts bytes back to the front."""
        if not data:
            return
        if self.queue:
            self.queue[0].data = data + self.queue[0].data
        else:
            self.queue.append(Packet(self.peer or self, data, 0, None, None))

    def at_mark(self) -> bool:
        """Whether the byte out of band is next."""
        return self.mark is not None and bool(self.queue) and self.queue[0] is self.mark

    def poll(self) -> int:
        """As all, with POLLPRI for a byte out of band."""
        found = super().poll()
        return found | POLLPRI if self.mark is not None else found
