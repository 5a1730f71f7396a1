"""``siginfo_t``: what is known about one signal, and its two layouts.

Layouts: include/uapi/asm-generic/siginfo.h and, for 32-bit programs, include/linux/compat.h; sigaction(2).
"""

from __future__ import annotations

from typing import Final, Protocol

from ring3.abi.c_types import INT
from ring3.abi.kinds import Enum, NamedTuple
from ring3.abi.linux.structs.signals import (
    SIGINFO_CHILD,
    SIGINFO_FAULT,
    SIGINFO_POLL,
    SIGINFO_QUEUE,
    SIGINFO_SYSCALL,
)
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

    def pack(self, bits: int) -> bytes:
        """The 128 bytes that a program of a width sees."""
        mask = (1 << bits) - 1
        address, value = self.address & mask, self.value & mask
        head = (self.signo, self.errno, self.code)
        match self.layout:
            case Layout.FAULT:
                return SIGINFO_FAULT.pack(bits, *head, address, 0)
            case Layout.CHILD:
                return SIGINFO_CHILD.pack(
                    bits, *head, self.pid, self.uid, self.status, self.utime, self.stime
                )
            case Layout.POLL:
                return SIGINFO_POLL.pack(bits, *head, self.address, self.value)
            case Layout.SYS:
                number, arch = INT.cast(self.value), self.value >> 32 & 0xFFFF_FFFF
                return SIGINFO_SYSCALL.pack(bits, *head, address, number, arch)
        return SIGINFO_QUEUE.pack(bits, *head, self.pid, self.uid, value)


def unpack(raw: bytes, bits: int) -> SigInfo:
    """What a program passes to rt_sigqueueinfo(2)."""
    signo, errno, code, pid, uid, value = SIGINFO_QUEUE.form(bits).unpack(raw)
    return SigInfo(signo, code, Layout.QUEUE, pid, uid, value=value, errno=errno)
