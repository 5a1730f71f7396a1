"""``siginfo_t``: what is known about one signal, and its two layouts.

Layouts: include/uapi/asm-generic/siginfo.h and, for 32-bit programs, include/linux/compat.h; sigaction(2).
"""

from __future__ import annotations

import struct
from typing import Final, Protocol

from ring3.abi.kinds import Enum, NamedTuple
from ring3.abi.signals import SiCode

SIZE: Final = 128


class Layout(Enum):
    """Which fields follow the first three."""

    KILL = "pid, uid"
    QUEUE = "pid, uid, value"
    TIMER = "timer, overrun, value"
    CHILD = "pid, uid, status, utime, stime"
    FAULT = "address"
    POLL = "band, fd"
    SYS = "call address, number, architecture"


class Source(Protocol):
    """What wants to know what becomes of a signal that it has sent: a timer."""

    def taken(self, info: SigInfo) -> SigInfo:
        """It is about to be delivered; returns what is."""

    def dropped(self) -> None:
        """It was forgotten."""


class SigInfo(NamedTuple):
    """One signal.

    Attributes:
        signo: Its number.
        code: ``si_code``.
        layout: Which of the fields below mean something.
        pid: Sender, child, or the timer's number.
        uid: The sender's or child's user, or a timer's overrun count.
        status: A child's exit status or signal.
        value: ``si_value``, 64 bits; for POLL the descriptor; for SYS the number and architecture.
        address: ``si_addr``; for POLL the band.
        utime: A child's user time, in clock ticks.
        stime: A child's system time.
        errno: ``si_errno``.
        source: Who wants to know what becomes of it.
    """

    signo: int
    code: int = int(SiCode.SI_USER)
    layout: Layout = Layout.KILL
    pid: int = 0
    uid: int = 0
    status: int = 0
    value: int = 0
    address: int = 0
    utime: int = 0
    stime: int = 0
    errno: int = 0
    source: Source | None = None

    def pack(self, narrow: bool) -> bytes:
        """The 128 bytes a program sees."""
        return _pack32(self) if narrow else _pack64(self)


def _head(info: SigInfo) -> bytes:
    return struct.pack("<iii", info.signo, info.errno, info.code)


def _pack64(info: SigInfo) -> bytes:
    kind, m64 = info.layout, (1 << 64) - 1
    if kind is Layout.FAULT:
        rest = struct.pack("<Q", info.address & m64)
    elif kind is Layout.CHILD:
        rest = struct.pack("<iIi4xqq", info.pid, info.uid, info.status, info.utime, info.stime)
    elif kind is Layout.POLL:
        rest = struct.pack("<qi", info.address, info.value)
    elif kind is Layout.SYS:
        rest = struct.pack("<QQ", info.address & m64, info.value & m64)
    else:
        rest = struct.pack("<iIQ", info.pid, info.uid, info.value & m64)
    return (_head(info) + bytes(4) + rest).ljust(SIZE, b"\0")


def _pack32(info: SigInfo) -> bytes:
    kind, m32 = info.layout, (1 << 32) - 1
    if kind is Layout.FAULT:
        rest = struct.pack("<I", info.address & m32)
    elif kind is Layout.CHILD:
        rest = struct.pack("<iIiii", info.pid, info.uid, info.status, info.utime, info.stime)
    elif kind is Layout.POLL:
        rest = struct.pack("<ii", info.address, info.value)
    elif kind is Layout.SYS:
        rest = struct.pack("<IQ", info.address & m32, info.value & (1 << 64) - 1)
    else:
        rest = struct.pack("<iII", info.pid, info.uid, info.value & m32)
    return (_head(info) + rest).ljust(SIZE, b"\0")


def unpack(raw: bytes, narrow: bool) -> SigInfo:
    """What a program passes to rt_sigqueueinfo(2)."""
    signo, errno, code = struct.unpack_from("<iii", raw)
    pid, uid, value = struct.unpack_from("<iII", raw, 12) if narrow else struct.unpack_from("<iIQ", raw, 16)
    return SigInfo(signo, code, Layout.QUEUE, pid, uid, value=value, errno=errno)
