"""Restartable sequences: rseq(2), and what preemption and signals do to them (kernel/rseq.c of Linux 6.x).

A thread registers a ``struct rseq`` in its memory. The kernel stores there on which CPU it runs (0, there is one), and
when it takes the CPU away from the thread or delivers a signal inside the critical section that the struct points at,
the thread goes on at the section's abort address.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import Sig
from ring3.image.linux.boot import L
from ring3.kernel.regs import UserRegs
from ring3.linux.definition import syscall
from ring3.linux.model.signal_state import DEFAULT
from ring3.linux.signals.send import force_kernel

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

RSEQ_FLAG_UNREGISTER: Final = 1
ORIGINAL_SIZE: Final = 32
FEATURE_SIZE: Final = 28
"""Bytes of ``struct rseq`` that have a meaning, what AT_RSEQ_FEATURE_SIZE says."""
ALIGNMENT: Final = 32
UNINITIALIZED: Final = 0xFFFF_FFFF
_RSEQ_CS: Final = 8
_FLAGS: Final = 16
_SECTION: Final = struct.Struct("<IIQQQ")


class Registration:
    """A thread's ``struct rseq``.

    Attributes:
        address: Where it lies.
        size: Its bytes.
        signature: The word before each abort address.
        interrupted: The CPU was taken away, or a signal is being delivered, since the last look at it.
        due: It is to be looked at before ring 3 runs, with TIF_NOTIFY_RESUME.
    """

    __slots__ = ("address", "due", "interrupted", "signature", "size")

    def __init__(self, address: int, size: int, signature: int) -> None:
        self.address = address
        self.size = size
        self.signature = signature
        self.interrupted = False
        self.due = True

    def copy(self) -> Registration:
        """That of a forked child, whose memory is a copy."""
        return Registration(self.address, self.size, self.signature)

    def switched_to(self, task: LinuxTask) -> None:
        """The thread gets the CPU back: if it may be in a critical section, that is looked at before ring 3 runs."""
        if task.mm is None:
            return
        try:
            if not task.mm.read_u64(self.address + _RSEQ_CS):
                return
        except Errno:
            pass  # the look at it finds the same, and ends the program
        self.interrupted = self.due = True
        task.set_flag(L["TIF_NOTIFY_RESUME"])

    def deliver_signal(self, task: LinuxTask, regs: UserRegs, signal: int) -> None:
        """A handler is about to be set up: leaves the critical section first (rseq_signal_deliver)."""
        self.interrupted = True
        self._look(task, regs, signal)

    def resume(self, task: LinuxTask, regs: UserRegs) -> None:
        """Part of the exit work: leaves a critical section that was interrupted, and stores the CPU's number."""
        if self.due:
            self.due = False
            self._look(task, regs, 0)

    def store_cpu(self, task: LinuxTask, cpu: int) -> None:
        """Stores the numbers of CPU, node and concurrency; all but the CPU's are always 0."""
        task.memory.write(self.address, struct.pack("<II", 0, cpu))
        task.memory.write(self.address + 20, struct.pack("<II", 0, 0))

    def _look(self, task: LinuxTask, regs: UserRegs, signal: int) -> None:
        try:
            self._fix_ip(task, regs)
            self.store_cpu(task, 0)
        except Errno:
            if signal == Sig.SIGSEGV:
                task.process.actions[signal] = DEFAULT
            force_kernel(task, Sig.SIGSEGV)

    def _fix_ip(self, task: LinuxTask, regs: UserRegs) -> None:
        """Goes to the abort address if the thread was interrupted in a critical section (rseq_ip_fixup).

        Raises:
            Errno: What the program says about its section cannot be read, or is wrong.
        """
        section = _section(task, self)
        if section is None or not section.contains(regs.ip):
            task.memory.write_u64(self.address + _RSEQ_CS, 0)
            return
        if section.flags or task.memory.read_u32(self.address + _FLAGS):
            raise Errno(E.EINVAL)
        if self.interrupted:
            self.interrupted = False
            task.memory.write_u64(self.address + _RSEQ_CS, 0)
            regs.ip = section.abort


class Section(NamedTuple):
    """A critical section (struct rseq_cs)."""

    flags: int
    start: int
    length: int
    abort: int

    def contains(self, ip: int) -> bool:
        """Whether an instruction lies in it."""
        return 0 <= ip - self.start < self.length


@syscall("full")
def sys_rseq(task: LinuxTask, rseq: Pointer, rseq_len: UnsignedInt, flags: Int, sig: UnsignedInt) -> int:
    """Registers the calling thread's ``struct rseq``, or takes that back."""
    now = task.rseq
    if flags & RSEQ_FLAG_UNREGISTER:
        if flags & ~RSEQ_FLAG_UNREGISTER or now is None or now.address != rseq or now.size != rseq_len:
            raise Errno(E.EINVAL)
        if now.signature != sig:
            raise Errno(E.EPERM)
        now.store_cpu(task, UNINITIALIZED)
        task.rseq = None
        return 0
    if flags:
        raise Errno(E.EINVAL)
    if now is not None:
        if now.address != rseq or now.size != rseq_len:
            raise Errno(E.EINVAL)
        raise Errno(E.EBUSY if now.signature == sig else E.EPERM)
    if rseq_len < ORIGINAL_SIZE or rseq % ALIGNMENT:
        raise Errno(E.EINVAL)
    if rseq + rseq_len > task.memory.task_size:
        raise Errno(E.EFAULT)
    task.memory.write_u64(rseq + _RSEQ_CS, 0)
    task.rseq = Registration(rseq, rseq_len, sig)
    task.set_flag(L["TIF_NOTIFY_RESUME"])
    return 0


def _section(task: LinuxTask, registration: Registration) -> Section | None:
    """The section that the struct points at, checked (rseq_get_rseq_cs)."""
    memory = task.memory
    at = memory.read_u64(registration.address + _RSEQ_CS)
    if not at:
        return None
    limit = memory.task_size
    if at >= limit:
        raise Errno(E.EINVAL)
    version, flags, start, length, abort = _SECTION.unpack(memory.read(at, _SECTION.size))
    section = Section(flags, start, length, abort)
    if version or max(start, abort) >= limit or start + length >= limit or section.contains(abort):
        raise Errno(E.EINVAL)
    if memory.read_u32(abort - 4) != registration.signature:
        raise Errno(E.EINVAL)
    return section
