"""What all sockets have in common: an open file with the operations of socket(2), bind(2), send(2) and their like.

What a family does not have fails as Linux's stubs do (sock_no_bind and its like in net/core/sock.c).
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import MSG_DONTWAIT, RCV_SHUTDOWN, SEND_SHUTDOWN, SHUTDOWN_MASK, State
from ring3.fs.file import O_NONBLOCK, O_RDWR, File, Stat, WouldBlock
from ring3.fs.readiness import READABLE
from ring3.kernel.wait import Listening, WaitQueue
from ring3.net import options
from ring3.net.caller import CAP_NET_RAW

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.locks import Locks
    from ring3.net.caller import Caller, Ucred
    from ring3.net.network import Network
    from ring3.net.packet_filter import PacketFilter

DEFAULT_BUFFER: Final = 212992
"""Bytes of a new socket's buffers (net.core.rmem_default, wmem_default)."""
Control = tuple[int, int, bytes]
"""A control message: level, type and data."""


class Message(NamedTuple):
    """What one call sends.

    Attributes:
        data: The bytes.
        flags: ``MSG_`` bits.
        address: Where to, as a ``struct sockaddr``; empty for the peer.
        rights: Open files that go with it.
        credentials: What SCM_CREDENTIALS says; None for nothing.
        control: Other control messages.
    """

    data: bytes
    flags: int = 0
    address: bytes = b""
    rights: tuple[File, ...] = ()
    credentials: Ucred | None = None
    control: tuple[Control, ...] = ()


class Received(NamedTuple):
    """What one call has received.

    Attributes:
        data: The bytes.
        size: How long the message was, of which the data may be only a part.
        address: Whom it is from; None where a connection makes that clear.
        flags: ``MSG_`` bits.
        rights: Open files that came with it, held for the receiver.
        control: Control messages, in order.
    """

    data: bytes
    size: int
    address: bytes | None = None
    flags: int = 0
    rights: tuple[File, ...] = ()
    control: tuple[Control, ...] = ()


class Socket(File):
    """A socket.

    Attributes:
        network: What it shares with all sockets of the machine.
        family: Its address family.
        kind: ``SOCK_STREAM`` and the like.
        protocol: Its protocol.
        state: What has become of its connection.
        shut: What was shut down, `RCV_SHUTDOWN` and `SEND_SHUTDOWN`.
        error: What SO_ERROR says, and the next call; None for nothing.
        options: Values of SOL_SOCKET's plain options that were set.
        send_buffer: Bytes under way at most.
        receive_buffer: Bytes that wait to be received at most.
        receive_timeout: Nanoseconds that receiving waits at most, None for any time.
        send_timeout: The same for sending and connecting.
        low_water: Bytes that have to be there before receiving goes on (SO_RCVLOWAT).
        linger: Seconds for which closing waits, None for not at all.
        peek_offset: Where the next MSG_PEEK starts (SO_PEEK_OFF), -1 for at the front.
        waiters: Who is told of changes.
        ino: Its inode number.
        owner: User and group that made it.
    """

    passes_rights = False
    """Its messages carry open files and credentials."""
    overlooks_rights = False
    """Open files and credentials that a message is to carry mean nothing to it (__sock_cmsg_send)."""
    has_levels = False
    """It has options of other levels than SOL_SOCKET."""
    waits_to_peek = False
    """MSG_PEEK with MSG_WAITALL waits for all bytes."""
    has_peek_offset = False
    """It keeps the place of the next MSG_PEEK (SO_PEEK_OFF)."""
    shares_ports = False
    """Several of its kind may have one port (SO_REUSEPORT)."""
    device: bytes = b""
    """The network interface that it is bound to (SO_BINDTODEVICE)."""
    discards_truncated = False
    """Receiving with MSG_TRUNC stores nothing (tcp(7))."""
    questions: frozenset[tuple[int, int]] = frozenset()
    """Options, by level and number, of which the value that is there says what is asked."""
    stamping = 0
    """The option by which what is received tells when it came; 0 for none."""
    takes_filters = True
    """It can have a filter."""
    filter: PacketFilter | None = None
    """What says how much of each packet it takes; None for all."""
    filter_is_locked = False
    """The filter stays as it is (SO_LOCK_FILTER)."""
    is_socket = True
    requests = "socket"
    family = 0

    def __init__(self, network: Network, kind: int, protocol: int, owner: tuple[int, int]) -> None:
        super().__init__(O_RDWR)
        self.network = network
        self.kind: int = kind
        self.protocol: int = protocol
        self.state: int = State.CLOSE
        self.shut = 0
        self.error: E | None = None
        self.options: dict[int, int] = {}
        self.send_buffer: int = DEFAULT_BUFFER
        self.receive_buffer: int = DEFAULT_BUFFER
        self.receive_timeout: int | None = None
        self.send_timeout: int | None = None
        self.low_water: int = 1
        self.linger: int | None = None
        self.peek_offset = -1
        self.waiters = WaitQueue()
        self.ino: int = network.vfs.new_ino()
        self.owner = owner
        self._attributes: Inode | None = None
        network.sockets.add(self)

    # -- what a family does ----------------------------------------------------------------------------------------

    def bind(self, address: bytes, caller: Caller) -> None:
        """Gives it a name.

        Raises:
            Errno: EOPNOTSUPP here; as bind(2).
        """
        raise Errno(E.EOPNOTSUPP)

    def listen_for(self, backlog: int, caller: Caller) -> None:
        """Makes it accept connections (listen(2)).

        Raises:
            Errno: EOPNOTSUPP here; as listen(2).
        """
        raise Errno(E.EOPNOTSUPP)

    def accept(self) -> Socket:
        """The next connection.

        Raises:
            Errno: EOPNOTSUPP here; as accept(2).
            WouldBlock: There is none yet.
        """
        raise Errno(E.EOPNOTSUPP)

    def connect(self, address: bytes, caller: Caller) -> None:
        """Connects it; called again after it had to wait.

        Raises:
            Errno: EOPNOTSUPP here; as connect(2).
            WouldBlock: It has to wait.
        """
        raise Errno(E.EOPNOTSUPP)

    def join(self, other: Socket, caller: Caller) -> None:
        """Connects it with another new one (socketpair(2)).

        Raises:
            Errno: EOPNOTSUPP here.
        """
        raise Errno(E.EOPNOTSUPP)

    def name(self) -> bytes:
        """Its address, as a ``struct sockaddr``."""
        raise Errno(E.EOPNOTSUPP)

    def peer_name(self) -> bytes:
        """The address it is connected with.

        Raises:
            Errno: ENOTCONN.
        """
        raise Errno(E.ENOTCONN)

    def send(self, message: Message, caller: Caller) -> int:
        """Sends what can be sent now; returns how many bytes.

        Raises:
            Errno: EOPNOTSUPP here; as send(2).
            WouldBlock: There is no room yet.
        """
        raise Errno(E.EOPNOTSUPP)

    def check_connected(self) -> None:
        """Asked before anything else of a message is looked at than where it lies.

        Raises:
            Errno: ENOTCONN and pending errors, of sockets of which Linux asks it so early.
        """

    def check_size(self, size: int) -> None:
        """Whether a message of so many bytes can be sent at all; asked before they are taken from memory.

        Raises:
            Errno: EMSGSIZE, it is too large.
        """
        if size > self.send_buffer:
            raise Errno(E.EMSGSIZE)

    def recv(self, size: int, flags: int = 0) -> Received:
        """Up to so many bytes, or the next message.

        Raises:
            Errno: EOPNOTSUPP here; as recv(2).
            WouldBlock: There is nothing yet.
        """
        raise Errno(E.EOPNOTSUPP)

    def shutdown(self, directions: int) -> None:
        """Ends one direction or both, `RCV_SHUTDOWN` and `SEND_SHUTDOWN`.

        Raises:
            Errno: EOPNOTSUPP here; ENOTCONN.
        """
        raise Errno(E.EOPNOTSUPP)

    def set_socket_option(self, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of SOL_SOCKET.

        Raises:
            Errno: As `options.set_option`.
        """
        options.set_option(self, name, value, caller)

    def get_socket_option(self, name: int) -> bytes:
        """An option of SOL_SOCKET.

        Raises:
            Errno: As `options.get_option`.
        """
        return options.get_option(self, name)

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of another level than SOL_SOCKET.

        Raises:
            Errno: EOPNOTSUPP here; as setsockopt(2).
        """
        raise Errno(E.EOPNOTSUPP)

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of another level than SOL_SOCKET; ``size`` is what the caller has room for.

        Raises:
            Errno: EOPNOTSUPP here; as getsockopt(2).
        """
        raise Errno(E.EOPNOTSUPP)

    def answer(self, level: int, name: int, question: bytes) -> bytes:
        """An option of `questions`.

        Raises:
            Errno: As getsockopt(2).
        """
        raise Errno(E.ENOPROTOOPT)

    def at_mark(self) -> bool:
        """Whether the byte out of band is next (SIOCATMARK).

        Raises:
            Errno: ENOTTY or, of the family of streams, EOPNOTSUPP: it has none.
        """
        raise Errno(E.EOPNOTSUPP if self.passes_rights else E.ENOTTY)

    def unsent(self) -> int:
        """Bytes sent that nobody has received yet (SIOCOUTQ).

        Raises:
            Errno: ENOTTY, it cannot tell; EINVAL, it listens.
        """
        raise Errno(E.ENOTTY)

    def set_send_buffer(self, size: int) -> None:
        """Changes how many bytes may be under way."""
        self.send_buffer = size
        self.waiters.wake()

    def set_receive_buffer(self, size: int) -> None:
        """Changes how many bytes may wait to be received."""
        self.receive_buffer = size

    def bind_to_device(self, name: bytes, caller: Caller) -> None:
        """Binds it to a network interface, or to none for an empty name.

        Raises:
            Errno: ENODEV, there is none of that name; EPERM, it is bound already.
        """
        if name and self.network.interfaces.named(name) is None:
            raise Errno(E.ENODEV)
        if self.device and not caller.may(CAP_NET_RAW):
            raise Errno(E.EPERM)
        self.device = name

    def set_filter(self, wanted: PacketFilter | None) -> None:
        """Gives it another filter, or takes it away.

        Raises:
            Errno: EPERM, it is to stay; ENOENT, there is none to take away.
        """
        if self.filter_is_locked:
            raise Errno(E.EPERM)
        if wanted is None and self.filter is None:
            raise Errno(E.ENOENT)
        self.filter = wanted

    @property
    def is_stream(self) -> bool:
        """Whether it carries bytes without bounds between messages."""
        return False

    @property
    def listens(self) -> bool:
        """Whether it accepts connections."""
        return self.state == State.LISTEN

    def peer_credentials(self) -> tuple[Ucred, tuple[int, ...]] | None:
        """Who is at the other end, with supplementary groups; None if that is not known."""
        return None

    # -- what its file does ----------------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        """What recv(2) gives without flags; files that came with it are closed."""
        if not size:
            return b""
        received = self.recv(size)
        for file in received.rights:
            file.drop()
        return received.data

    def write(self, data: bytes | memoryview) -> int:
        """What send(2) does without flags."""
        return self.send(Message(bytes(data)), self.network.caller())

    def patience(self, events: int) -> int | None:
        """Nanoseconds for which a call waits at most (SO_RCVTIMEO, SO_SNDTIMEO)."""
        return self.receive_timeout if events & READABLE else self.send_timeout

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when something has changed."""
        return self.waiters.listen(callback, events)

    @property
    def attributes(self) -> Inode:
        """What chmod(2) and others change; the kernel goes by `owner`."""
        if self._attributes is None:
            from ring3.fs.unnamed import UnnamedInode  # noqa: PLC0415 - hardly a program changes them

            self._attributes = UnnamedInode("sockfs", self.stat(), self.network.vfs.now)
        return self._attributes

    @property
    def lockable(self) -> Inode:
        """The inode that it has to itself."""
        return self.attributes

    @property
    def locks(self) -> Locks | None:
        """Those on the inode, if it has been needed."""
        return None if self._attributes is None else self._attributes.locks

    def stat(self) -> Stat:
        """A socket's attributes; it is born without times (sock_alloc in net/socket.c)."""
        if self._attributes is not None:
            return self._attributes.stat()
        return Stat(self.network.dev, self.ino, stat.S_IFSOCK | 0o777, 1, *self.owner, 0, 0, 4096, 0, 0, 0, 0)

    def path(self) -> bytes:
        """``socket:[N]``."""
        return b"socket:[%d]" % self.ino

    def value(self, option: int) -> int:
        """A plain option's value."""
        return self.options.get(option, 0)

    def held_bytes(self) -> int:
        """What waits in it, for `Room`."""
        return 0

    # -- for the families ------------------------------------------------------------------------------------------

    def arrival(self) -> int:
        """When it is, in nanoseconds since 1970, for what comes now and has to tell; 0 for what has not."""
        return self.network.clocks().realtime() if self.stamping else 0

    def stamp(self, arrived: int) -> tuple[Control, ...]:
        """What a control message tells of when something came, which may not have been noted then."""
        return (options.stamp(self.stamping, arrived or self.arrival()),) if self.stamping else ()

    def take_error(self) -> E | None:
        """The pending error, which is none afterwards."""
        error, self.error = self.error, None
        return error

    def waits(self, flags: int) -> bool:
        """Whether a call with these flags waits for what is not there."""
        return not (flags & MSG_DONTWAIT or self.flags & O_NONBLOCK)

    def would_block(self, events: int, *, for_one: bool = False) -> WouldBlock:
        """What to raise where it has to wait, as `WouldBlock` says."""
        return WouldBlock(self, events, for_one=for_one)

    def raise_error(self) -> None:
        """Raises the pending error, if there is one."""
        if self.error is not None:
            raise Errno(self.take_error() or E.EIO)

    def fail(self, error: E) -> None:
        """Something went wrong that the next call shall hear of."""
        self.error = error
        self.waiters.wake()

    @property
    def hears_no_more(self) -> bool:
        """Whether receiving was shut down."""
        return self.shut & RCV_SHUTDOWN != 0

    @property
    def says_no_more(self) -> bool:
        """Whether sending was shut down."""
        return self.shut & SEND_SHUTDOWN != 0

    @property
    def is_shut(self) -> bool:
        """Whether both directions were shut down."""
        return self.shut == SHUTDOWN_MASK
