"""Options of TCP (tcp(7), include/uapi/linux/tcp.h)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SO_OOBINLINE, SOL_TCP, State
from ring3.net.inet.base import MOST_OF_IP, InetSocket
from ring3.net.inet.cork import SEGMENT
from ring3.net.inet.numbers import INT_MAX
from ring3.net.interfaces import LO

if TYPE_CHECKING:
    from ring3.net.caller import Caller

TCP_NODELAY: Final = 1
TCP_MAXSEG: Final = 2
TCP_CORK: Final = 3
TCP_INFO: Final = 11
TCP_CONGESTION: Final = 13
TCP_TIMESTAMP: Final = 24
TCP_CC_INFO: Final = 26
TCP_SAVED_SYN: Final = 28
TCP_ULP: Final = 31
TCP_IS_MPTCP: Final = 43
ALGORITHMS: Final = (b"cubic", b"reno")
"""What congestion can be controlled by (net.ipv4.tcp_available_congestion_control)."""
DEFAULT_SEGMENT: Final = 536
ADVERTISED: Final = 65483
"""Bytes of one segment that the loopback interface could carry (its MTU of 65536 less the headers)."""
MILLISECOND: Final = 1_000_000


class TcpOptions(InetSocket):
    """What can be set and asked of a socket of TCP.

    Attributes:
        since: When it was connected, in monotonic nanoseconds.
        sent_bytes: Bytes sent, ...
        received_bytes: ... and received.
        sent_at: When it sent last, ...
        received_at: ... and when something came.
        algorithm: What congestion would be controlled by.
    """

    since = 0
    sent_bytes = 0
    received_bytes = 0
    sent_at = 0
    received_at = 0
    algorithm = ALGORITHMS[0]
    _send_buffer_locked = False

    @property
    def inline(self) -> bool:
        """Whether bytes out of band are in line."""
        return bool(self.options.get(SO_OOBINLINE))

    def inherit(self, listener: TcpOptions) -> None:
        """A connection begins with the options of the socket that listened."""
        self.options = dict(listener.options)
        self.levels = dict(listener.levels)
        self.send_buffer, self.receive_buffer = listener.send_buffer, listener.receive_buffer
        self.low_water, self.linger, self.algorithm = listener.low_water, listener.linger, listener.algorithm
        self.receive_timeout, self.send_timeout = listener.receive_timeout, listener.send_timeout
        self.filter, self.filter_is_locked = listener.filter, listener.filter_is_locked
        self._send_buffer_locked = listener._send_buffer_locked

    def set_send_buffer(self, size: int) -> None:
        """Changes how much may be under way; it stays so."""
        super().set_send_buffer(size)
        self._send_buffer_locked = True

    def expand_send_buffer(self, size: int) -> None:
        """Gives the buffer the size that a connection has, unless the program chose one."""
        if not self._send_buffer_locked:
            self.send_buffer = size

    @property
    def levels_known(self) -> tuple[int, ...]:
        """Those of its addresses, and TCP's own."""
        return (*super().levels_known, SOL_TCP)

    def uncork(self) -> None:
        """Sends what waits to be sent with more."""
        raise NotImplementedError

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of TCP, or of what is below."""
        if level == SOL_TCP:
            if name in (TCP_CONGESTION, TCP_ULP):
                self._choose(name, value)
                return
            if len(value) < 4:
                raise Errno(E.EINVAL)
            if name == TCP_MAXSEG:
                self._limit_segments(struct.unpack_from("<i", value)[0])
                return
            if name == TCP_TIMESTAMP:
                raise Errno(E.EPERM)  # for those alone that repair a connection
        super().set_option(level, name, value, caller)
        if level == SOL_TCP and (name, self.levels.get((level, name))) in ((TCP_CORK, 0), (TCP_NODELAY, 1)):
            self.uncork()

    def _choose(self, name: int, value: bytes) -> None:
        """Chooses how congestion is controlled, or what is between TCP and the program: there is nothing."""
        if not value:
            raise Errno(E.EINVAL)
        wanted = value.partition(b"\0")[0]
        if name == TCP_ULP or wanted not in ALGORITHMS:
            raise Errno(E.ENOENT)
        self.algorithm = wanted

    def _limit_segments(self, size: int) -> None:
        if size and not 88 <= size <= 32767:
            raise Errno(E.EINVAL)
        self.levels[SOL_TCP, TCP_MAXSEG] = size

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of TCP, or of what is below."""
        own = OWN.get(name) if level == SOL_TCP else None
        return own(self) if own is not None else super().get_option(level, name, size, caller)

    def segment(self) -> int:
        """Bytes of a segment at most."""
        limit = self.levels.get((SOL_TCP, TCP_MAXSEG))
        if self.state == State.ESTABLISHED:
            return min(limit or SEGMENT, SEGMENT)
        return limit or DEFAULT_SEGMENT

    def time_stamp(self) -> bytes:
        """Milliseconds, as a segment would have them."""
        return struct.pack("<I", self.network.clocks().monotonic() // MILLISECOND & 0xFFFF_FFFF)

    def info(self) -> bytes:
        """``struct tcp_info``, as far as a connection without packets has it."""
        waiting, most = self.queue_sizes() if self.listens else (0, 0)
        now = self.network.clocks().monotonic()
        since_sent, since_received = (
            (now - at) // MILLISECOND if at else 0 for at in (self.sent_at, self.received_at)
        )
        return TCP_INFO_FORM.pack(
            self.state, 0, 0, 0, 0, 7, 0x77 if self.since else 0, 0,
            200_000, 40_000 if self.since else 0, self.segment(), DEFAULT_SEGMENT, waiting, most, 0, 0, 0,
            since_sent, 0, since_received, since_sent,
            min(LO.mtu, MOST_OF_IP), ADVERTISED, 20, 10, INT_MAX, 10, ADVERTISED, 3, 0, ADVERTISED, 0,
            (1 << 64) - 1, (1 << 64) - 1, self.sent_bytes + bool(self.since), self.received_bytes,
            0, 0, 0, 20, 0, 0,
            0, 0, 0, 0,
            0, 0, self.sent_bytes, 0, 0, 0, 0, self.send_buffer,
        )  # fmt: skip


TCP_INFO_FORM: Final = struct.Struct("<8B24I4Q6I4Q2I2Q4I")
OWN: Final[dict[int, Callable[[TcpOptions], bytes]]] = {
    TCP_MAXSEG: lambda socket: struct.pack("<i", socket.segment()),
    TCP_INFO: TcpOptions.info,
    TCP_CONGESTION: lambda socket: socket.algorithm.ljust(16, b"\0"),
    TCP_TIMESTAMP: TcpOptions.time_stamp,
    TCP_CC_INFO: lambda socket: b"",
    TCP_SAVED_SYN: lambda socket: b"",
    TCP_ULP: lambda socket: b"",
    TCP_IS_MPTCP: lambda socket: bytes(4),
}
"""Options that are more than a number."""
