"""``siginfo_t``: what is known about one signal, and its two layouts.

Layouts: include/uapi/asm-generic/siginfo.h and, for 32-bit programs, include/linux/compat.h; sigaction(2).
"""

from __future__ import annotations

from typing import Final, Protocol

from ring3.abi.c_types import INT, UNSIGNED_INT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import Enum, NamedTuple
from ring3.abi.linux.structs.signals import (
    SIGINFO_CHILD,
    SIGINFO_FAULT,
    SIGINFO_POLL,
    SIGINFO_QUEUE,
    SIGINFO_SYSCALL,
)
from ring3.abi.signals import SiCode, Sig

SIZE: Final = 128
_KERNEL_SIZE: Final = 48
"""``sizeof(kernel_siginfo_t)``: what the kernel keeps of it."""


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
        raw: The words as a 64-bit program wrote them, those between the fields too, where one did.
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
    raw: bytes = b""

    def pack(self, bits: int) -> bytes:
        """The 128 bytes that a program of a width sees."""
        if self.raw and bits == 64:
            return self.signo.to_bytes(4, "little", signed=True) + self.raw[4:] + bytes(SIZE - len(self.raw))
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


# The highest si_code that each of these signals has of its own: NSIGILL and so on of asm-generic/siginfo.h.
_LAST_CODE: Final[dict[int, tuple[int, Layout]]] = {
    Sig.SIGILL: (11, Layout.FAULT), Sig.SIGFPE: (15, Layout.FAULT), Sig.SIGSEGV: (10, Layout.FAULT),
    Sig.SIGBUS: (5, Layout.FAULT), Sig.SIGTRAP: (6, Layout.FAULT), Sig.SIGCHLD: (6, Layout.CHILD),
    Sig.SIGIO: (6, Layout.POLL), Sig.SIGSYS: (2, Layout.SYS),
}  # fmt: skip
_LAST_POLL: Final = 6


def layout_of(signo: int, code: int) -> Layout:
    """Which fields a signal with that ``si_code`` has: ``siginfo_layout`` of kernel/signal.c."""
    if SiCode.SI_USER < code < SiCode.SI_KERNEL:
        last, layout = _LAST_CODE.get(signo, (0, Layout.KILL))
        if code <= last:
            return layout
        return Layout.POLL if code <= _LAST_POLL else Layout.KILL
    if code == SiCode.SI_TIMER:
        return Layout.TIMER
    if code == SiCode.SI_SIGIO:
        return Layout.POLL
    return Layout.QUEUE if code < 0 else Layout.KILL


def _is_known(signo: int, code: int) -> bool:
    """Whether the kernel has a layout for it: ``known_siginfo_layout`` of kernel/signal.c."""
    if code <= SiCode.SI_USER:
        return code >= SiCode.SI_DETHREAD or code == SiCode.SI_ASYNCNL
    return code == SiCode.SI_KERNEL or code <= _LAST_CODE.get(signo, (_LAST_POLL, Layout.POLL))[0]


def unpack(raw: bytes, bits: int, signo: int | None = None) -> SigInfo:
    """What a program passes to rt_sigqueueinfo(2), pidfd_send_signal(2) or PTRACE_SETSIGINFO.

    Args:
        raw: The 128 bytes.
        bits: The program's width.
        signo: The signal that it is sent as, by default the one in the bytes.

    Raises:
        Errno: E2BIG if it is of a kind that no kernel knows and does not end with zeros
            (``copy_siginfo_from_user``).
    """
    number, errno, code, pid, uid, value = SIGINFO_QUEUE.form(bits).unpack(raw)
    signo = number if signo is None else signo
    kept = b""
    if bits == 64:  # what a 64-bit program wrote, another reads to the byte
        if any(raw[_KERNEL_SIZE:]) and not _is_known(signo, code):
            raise Errno(E.E2BIG)
        kept = raw[:_KERNEL_SIZE]
    found = SigInfo(signo, code, layout_of(signo, code), errno=errno, raw=kept)
    match found.layout:
        case Layout.FAULT:
            return found._replace(address=SIGINFO_FAULT.form(bits).unpack(raw)[3])
        case Layout.CHILD:
            child = SIGINFO_CHILD.form(bits).unpack(raw)
            return found._replace(pid=child[3], uid=child[4], status=child[5], utime=child[6], stime=child[7])
        case Layout.POLL:
            band, descriptor = SIGINFO_POLL.form(bits).unpack(raw)[3:5]
            return found._replace(address=band, value=descriptor)
        case Layout.SYS:
            address, call, arch = SIGINFO_SYSCALL.form(bits).unpack(raw)[3:6]
            return found._replace(address=address, value=UNSIGNED_INT.cast(call) | arch << 32)
        case Layout.KILL:
            return found._replace(pid=pid, uid=uid)
    return found._replace(pid=pid, uid=uid, value=value)
