"""Options of TCP (tcp(7), include/uapi/linux/tcp.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SO_OOBINLINE, SOL_TCP, State
from ring3.net.inet.base import InetSocket

if TYPE_CHECKING:
    from ring3.net.caller import Caller

TCP_MAXSEG: Final = 2
TCP_INFO: Final = 11
TCP_CONGESTION: Final = 13
DEFAULTS: Final = {
    1: 0,  # TCP_NODELAY
    3: 0,  # TCP_CORK
    4: 7200,  # TCP_KEEPIDLE
    5: 75,  # TCP_KEEPINTVL
    6: 9,  # TCP_KEEPCNT
    7: 6,  # TCP_SYNCNT
    8: 60,  # TCP_LINGER2
    9: 0,  # TCP_DEFER_ACCEPT
    10: 0,  # TCP_WINDOW_CLAMP
    12: 1,  # TCP_QUICKACK
    18: 0,  # TCP_USER_TIMEOUT
    23: 0,  # TCP_FASTOPEN
    24: 0,  # TCP_TIMESTAMP
    25: 0xFFFF_FFFF,  # TCP_NOTSENT_LOWAT
    30: 0,  # TCP_FASTOPEN_CONNECT
    36: 0,  # TCP_INQ
}
"""Options that are numbers, and their values at first."""
LIMITS: Final = {4: (1, 32767), 5: (1, 32767), 6: (1, 127), 7: (1, 127)}
"""What some of them may be."""
SEGMENT: Final = 65483
"""Bytes of one segment on the loopback interface (its MTU of 65536 less the headers)."""


class TcpOptions(InetSocket):
    """What can be set and asked of a socket of TCP.

    Attributes:
        since: When it was connected, in monotonic nanoseconds.
        sent_bytes: Bytes sent.
    """

    since = 0
    sent_bytes = 0
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
        self.low_water, self.linger = listener.low_water, listener.linger
        self.receive_timeout, self.send_timeout = listener.receive_timeout, listener.send_timeout
        self._send_buffer_locked = listener._send_buffer_locked

    def set_send_buffer(self, size: int) -> None:
        """Changes how much may be under way; it stays so."""
        super().set_send_buffer(size)
        self._send_buffer_locked = True

    def expand_send_buffer(self, size: int) -> None:
        """Gives the buffer the size that a connection has, unless the program chose one."""
        if not self._send_buffer_locked:
            self.send_buffer = size

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of TCP, or of what is below."""
        if level != SOL_TCP:
            super().set_option(level, name, value, caller)
            return
        if name == TCP_CONGESTION:
            if value.partition(b"\0")[0] not in (b"cubic", b"reno"):
                raise Errno(E.ENOENT)
            return
        if len(value) < 4:
            raise Errno(E.EINVAL)
        (number,) = struct.unpack_from("<i", value)
        if name == TCP_MAXSEG and number and not 88 <= number <= 32767:
            raise Errno(E.EINVAL)
        if name not in DEFAULTS and name != TCP_MAXSEG:
            raise Errno(E.ENOPROTOOPT)
        low, high = LIMITS.get(name, (-(1 << 31), 1 << 31))
        if not low <= number <= high:
            raise Errno(E.EINVAL)
        if name in (1, 3):
            number = int(number != 0)
        self.levels[level, name] = number

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of TCP, or of what is below."""
        if level != SOL_TCP:
            return super().get_option(level, name, size, caller)
        if name == TCP_INFO:
            return self._info()
        if name == TCP_CONGESTION:
            return b"cubic" + bytes(11)
        if name == TCP_MAXSEG:
            value = SEGMENT if self.state == State.ESTABLISHED else self.levels.get((level, name), 536)
        elif name in DEFAULTS:
            value = self.levels.get((level, name), DEFAULTS[name])
        else:
            raise Errno(E.ENOPROTOOPT)
        return struct.pack("<I", value & 0xFFFF_FFFF)

    def _info(self) -> bytes:
        """``struct tcp_info``, as far as a connection without packets has it."""
        head = struct.pack("<8B", self.state, 0, 0, 0, 0, 0x7, 0x77, 0)
        numbers = [
            200000,
            40000,
            SEGMENT,
            536,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            SEGMENT,
            64076,
            20,
            10,
            (1 << 31) - 1,
            10,
        ]
        return head + struct.pack(f"<{len(numbers)}I", *numbers) + bytes(232 - 8 - 4 * len(numbers))
