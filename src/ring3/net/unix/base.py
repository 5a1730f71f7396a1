"""What the sockets of AF_UNIX have in common: names, peers, a queue of packets, and room for what is under way.

A packet counts against the socket that sent it until it was received, with the memory that Linux would take for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Self

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_UNIX,
    RCV_SHUTDOWN,
    SCM_CREDENTIALS,
    SEND_SHUTDOWN,
    SHUTDOWN_MASK,
    SO_PASSCRED,
    SOL_SOCKET,
    SOMAXCONN,
    State,
)
from ring3.fs.readiness import (
    POLLERR,
    POLLHUP,
    POLLRDHUP,
    POLLWRBAND,
    READABLE,
    WRITABLE,
)
from ring3.net.caller import NOBODY
from ring3.net.socket import Control, Socket
from ring3.net.unix.names import UNNAMED, name_in

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.landlock import Domain
    from ring3.net.caller import Caller, Ucred
    from ring3.net.network import Network
    from ring3.net.socket import Message
    from ring3.net.unix.rights import Rights

HEADER: Final = 256
"""Bytes that Linux takes for a ``struct sk_buff``."""
SHARED_INFO: Final = 320
"""Bytes at the end of its data, ``struct skb_shared_info``."""
PAGE: Final = 4096


def charge_of(head: int, paged: int = 0) -> int:
    """What a packet counts: bytes of an sk_buff with so many bytes in its head and in pages (its ``truesize``)."""
    block = 512
    while block < head + SHARED_INFO:
        block *= 2
    return HEADER + block + (paged + PAGE - 1) // PAGE * PAGE


OVERHEAD: Final = 512
"""What a packet counts of the machine's memory beside its bytes."""


class Packet:
    """Bytes on their way, with what belongs to them.

    Attributes:
        data: What is left of them.
        sender: Who sent them.
        charge: What they count against the sender.
        rights: Open files that go with them.
        credentials: Who sent them, if that was to be said.
        urgent: It is one byte out of band.
        arrived: When it came, if its receiver wanted to know (`Socket.arrival`).
    """

    __slots__ = ("arrived", "charge", "credentials", "data", "rights", "sender", "urgent")

    def __init__(
        self, sender: UnixSocket, data: bytes, charge: int, rights: Rights | None, credentials: Ucred | None
    ) -> None:
        self.sender = sender
        self.data = data
        self.charge = charge
        self.rights = rights
        self.credentials = credentials
        self.urgent = False
        self.arrived = 0
        sender.under_way += charge

    def done(self) -> None:
        """It was received, or nobody will: the sender has room again."""
        sender = self.sender
        sender.under_way -= self.charge
        if self.rights is not None:
            self.rights.drop()
        if sender.under_way << 2 <= sender.send_buffer:
            sender.waiters.wake(WRITABLE | POLLWRBAND)


class UnixSocket(Socket):
    """A socket of AF_UNIX.

    Attributes:
        address: Its name as a ``struct sockaddr_un``, empty for none.
        inode_bound: The file that it is bound to.
        peer: The socket it is connected with.
        queue: What it can receive.
        under_way: What counts of its own packets.
        pending: Connections that nobody has accepted.
        backlog: How many of them there may be, less one.
        credentials: Who is at the other end, with supplementary groups.
        dead: It was closed.
    """

    family = AF_UNIX
    domain: Domain | None = None
    """What who made it had given up for good (landlock(7))."""
    passes_rights = True
    has_peek_offset = True

    def __init__(self, network: Network, kind: int, owner: tuple[int, int]) -> None:
        super().__init__(network, kind, 0, owner)
        self.address = b""
        self.inode_bound: Inode | None = None
        self.peer: UnixSocket | None = None
        self.queue: deque[Packet] = deque()
        self.under_way = 0
        self.pending: deque[UnixSocket] = deque()
        self.backlog = 0
        self.credentials: tuple[Ucred, tuple[int, ...]] | None = None
        self.dead = False

    # -- names -----------------------------------------------------------------------------------------------------

    def bind(self, address: bytes, caller: Caller) -> None:
        """Gives it a name in the tree of files, or an abstract one."""
        self.network.unix.bind(self, address, caller)

    def name(self) -> bytes:
        """Its name."""
        return self.address or UNNAMED

    def peer_name(self) -> bytes:
        """The name of the socket it is connected with."""
        if self.peer is None:
            raise Errno(E.ENOTCONN)
        return self.peer.name()

    def peer_credentials(self) -> tuple[Ucred, tuple[int, ...]] | None:
        """Who has connected, listened or made the pair."""
        return self.credentials

    def require_reach(self, other: UnixSocket, caller: Caller) -> None:
        """Refuses abstract names to those who have given up what is outside of their domain.

        Raises:
            Errno: EPERM.
        """
        domain = caller.domain
        if domain is not None and other.address[2:3] == b"\0" and not domain.may_connect(other.domain):
            raise Errno(E.EPERM)

    # -- connections -----------------------------------------------------------------------------------------------

    @property
    def connects(self) -> bool:
        """Whether its type has connections that are accepted."""
        return True

    def listen_for(self, backlog: int, caller: Caller) -> None:
        """Accepts connections from now on."""
        if not self.connects:
            raise Errno(E.EOPNOTSUPP)
        if not self.address or self.state not in (State.CLOSE, State.LISTEN):
            raise Errno(E.EINVAL)
        self.backlog = min(backlog & 0xFFFF_FFFF, SOMAXCONN)
        self.state = State.LISTEN
        self.credentials = (caller.effective, caller.groups)
        self.waiters.wake(WRITABLE)

    def accept(self) -> Socket:
        """The next connection."""
        if not self.connects:
            raise Errno(E.EOPNOTSUPP)
        if self.state != State.LISTEN:
            raise Errno(E.EINVAL)
        self.raise_error()
        if self.pending:
            made = self.pending.popleft()
            self.waiters.wake(WRITABLE)
            return made
        if self.hears_no_more:
            raise Errno(E.EINVAL)
        raise self.would_block(READABLE, for_one=True)

    def connect_to_listener(self, address: bytes, caller: Caller) -> None:
        """Connects it with a new socket that a listening one has to accept.

        Raises:
            Errno: As connect(2).
            WouldBlock: Too many wait to be accepted.
        """
        names = self.network.unix
        name_in(address)
        if self.value(SO_PASSCRED):
            names.bind_automatically(self)
        other = names.find(address, self.kind, caller)
        if other.state != State.LISTEN or other.hears_no_more:
            raise Errno(E.ECONNREFUSED)
        if len(other.pending) > other.backlog:
            raise other.would_block(WRITABLE)
        if self.state != State.CLOSE:
            raise Errno(E.EISCONN if self.state == State.ESTABLISHED else E.EINVAL)
        self.require_reach(other, caller)
        made = type(self)(self.network, self.kind, self.owner)
        made.address = other.address
        self._connect(made, (caller.effective, caller.groups))
        self.credentials = other.credentials
        if other.value(SO_PASSCRED):
            made.options[SO_PASSCRED] = 1
        other.pending.append(made)
        other.waiters.wake(READABLE)

    def _connect(self, other: Self, credentials: tuple[Ucred, tuple[int, ...]]) -> None:
        self.peer, other.peer = other, self
        self.state = other.state = State.ESTABLISHED
        self.credentials = other.credentials = credentials

    def join(self, other: Socket, caller: Caller) -> None:
        """Connects two new ones."""
        assert isinstance(other, type(self))
        self._connect(other, (caller.effective, caller.groups))

    # -- sending ---------------------------------------------------------------------------------------------------

    def check_room(self) -> None:
        """Whether it may send one more packet now (sock_alloc_send_pskb).

        Raises:
            Errno: EPIPE, sending was shut down; the pending error.
            WouldBlock: Too much is under way.
        """
        self.raise_error()
        if self.says_no_more:
            raise Errno(E.EPIPE)
        if self.under_way >= self.send_buffer:
            raise self.would_block(WRITABLE)

    def require_memory(self, size: int) -> None:
        """Whether the machine has room for so many bytes more.

        Raises:
            Errno: ENOBUFS.
        """
        if not self.network.vfs.room.has(size):
            raise Errno(E.ENOBUFS)

    def held_bytes(self) -> int:
        """What waits to be received."""
        return sum(len(packet.data) + OVERHEAD for packet in self.queue)

    def credentials_for(self, other: UnixSocket, message: Message, caller: Caller) -> Ucred | None:
        """What a message says of its sender, if anybody wants to know (unix_maybe_add_creds)."""
        if message.credentials is not None:
            return message.credentials
        if self.value(SO_PASSCRED) or other.value(SO_PASSCRED):
            return caller.real
        return None

    def rights_for(self, message: Message, caller: Caller) -> Rights | None:
        """The open files of a message, under way."""
        return self.network.in_flight.send(message.rights, caller) if message.rights else None

    # -- receiving -------------------------------------------------------------------------------------------------

    def sender_control(self, credentials: Ucred | None) -> tuple[Control, ...]:
        """What control messages say of a sender, if the receiver wants to know."""
        if not self.options or not self.value(SO_PASSCRED):
            return ()
        who = credentials or NOBODY
        raw = b"".join(number.to_bytes(4, "little", signed=number < 0) for number in who)
        return ((SOL_SOCKET, SCM_CREDENTIALS, raw),)

    def sockets_within(self) -> Iterator[UnixSocket]:
        """The sockets in messages that only it can receive."""
        for packet in self.queue:
            if packet.rights is not None:
                yield from (file for file in packet.rights.files if isinstance(file, UnixSocket))
        for made in self.pending:
            yield from made.sockets_within()

    def empty_queue(self) -> None:
        """Nobody will receive what is in the queue."""
        while self.queue:
            self.queue.popleft().done()
        while self.pending:
            self.pending.popleft().abandon()

    # -- the end ---------------------------------------------------------------------------------------------------

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both; the peer of a connection notices."""
        self.shut |= directions
        other = self.peer
        if other is not None and self.connects:
            if directions & RCV_SHUTDOWN:
                other.shut |= SEND_SHUTDOWN
            if directions & SEND_SHUTDOWN:
                other.shut |= RCV_SHUTDOWN
            other.waiters.wake()
        self.waiters.wake()

    def drop(self) -> None:
        """A user less; what is left may be messages that nobody can receive."""
        super().drop()
        self.network.in_flight.collect_with(self)

    def close(self) -> None:
        """The last user is gone."""
        self.network.unix.forget(self)
        self.dead = True
        self.state = State.CLOSE
        self.shut = SHUTDOWN_MASK
        lost = len(self.queue) > 1 or any(packet.data for packet in self.queue)
        self.empty_queue()
        if self.peer is not None:
            self.peer.peer_closed(lost)
        self.waiters.wake()

    def abandon(self) -> None:
        """It will not be accepted: the other end hears of that."""
        if self.peer is not None:
            self.peer.peer_closed(lost=True)
            self.peer = None
        self.close()

    def peer_closed(self, lost: bool) -> None:
        """The other end is gone; ``lost`` says that it has not received everything."""
        if self.connects:
            self.shut = SHUTDOWN_MASK
            if lost:
                self.error = E.ECONNRESET
            self.waiters.wake()

    # -- what it is ready for --------------------------------------------------------------------------------------

    def poll(self) -> int:
        """Events (unix_poll, unix_dgram_poll)."""
        found = READABLE if self.queue or self.pending else 0
        shut = self.shut
        if shut:
            if shut & RCV_SHUTDOWN:
                found |= POLLRDHUP | READABLE
            if shut == SHUTDOWN_MASK:
                found |= POLLHUP
        if self.error is not None:
            found |= POLLERR
        if self.connects and self.state == State.CLOSE:
            found |= POLLHUP
        if self.is_writable():
            found |= WRITABLE | POLLWRBAND
        return found

    def is_writable(self) -> bool:
        """Whether there is room for more than a little."""
        return self.state != State.LISTEN and self.under_way << 2 <= self.send_buffer

    def unsent(self) -> int:
        """What counts of its own packets."""
        return self.under_way

    def available(self) -> int:
        """Bytes that can be received."""
        if self.state == State.LISTEN:
            raise Errno(E.EINVAL)
        return sum(len(packet.data) for packet in self.queue)
