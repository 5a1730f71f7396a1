"""What preemption and signals do to restartable sequences (kernel/rseq.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.processes import RSEQ_CS
from ring3.abi.signals import Sig
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.linux.model.signal_state import DEFAULT
from ring3.linux.signals.send import force_sig

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.rseq import Registration
    from ring3.linux.model.task import LinuxTask


RSEQ_CS_AT: Final = 8
_FLAGS: Final = 16
_NODE_ID: Final = 20
"""Where ``rseq_cs``, ``flags`` and ``node_id`` lie in ``struct rseq``."""


def switched_to(task: LinuxTask, registration: Registration) -> None:
    """The thread gets the CPU back: if it may be in a critical section, that is looked at before ring 3 runs."""
    if task.mm is None:
        return
    try:
        if not task.mm.read_u64(registration.address + RSEQ_CS_AT):
            return
    except Errno:
        pass  # the look at it finds the same, and ends the program
    registration.interrupted = registration.due = True
    task.set_flag(L["TIF_NOTIFY_RESUME"])


@function(
    "void rseq_signal_deliver(struct ksignal *ksig, struct pt_regs *regs)",
    calls={"force_sig"},
)
def rseq_signal_deliver(task: LinuxTask, regs: UserRegs, registration: Registration, signal: int) -> None:
    """A handler is about to be set up: leaves the critical section first (rseq_signal_deliver)."""
    registration.interrupted = True
    _look(task, regs, registration, signal)


@function(
    "void rseq_handle_notify_resume(struct pt_regs *regs)",
    calls={"force_sig"},
)
def rseq_handle_notify_resume(task: LinuxTask, regs: UserRegs, registration: Registration) -> None:
    """Part of the exit work: leaves a critical section that was interrupted, and stores the CPU's number."""
    if registration.due:
        registration.due = False
        _look(task, regs, registration, 0)


def store_cpu(task: LinuxTask, registration: Registration, cpu: int) -> None:
    """Stores the numbers of CPU, node and concurrency; all but the CPU's are always 0."""
    task.memory.write_u64(registration.address, cpu << 32)
    task.memory.write_u64(registration.address + _NODE_ID, 0)


def _look(task: LinuxTask, regs: UserRegs, registration: Registration, signal: int) -> None:
    try:
        _fix_ip(task, regs, registration)
        store_cpu(task, registration, 0)
    except Errno:
        if signal == Sig.SIGSEGV:
            task.process.actions[signal] = DEFAULT
        force_sig(task, Sig.SIGSEGV)


def _fix_ip(task: LinuxTask, regs: UserRegs, registration: Registration) -> None:
    """Goes to the abort address if the thread was interrupted in a critical section (rseq_ip_fixup).

    Raises:
        Errno: What the program says about its section cannot be read, or is wrong.
    """
    section = _section(task, registration)
    if section is None or not section.contains(regs.ip):
        task.memory.write_u64(registration.address + RSEQ_CS_AT, 0)
        return
    if section.flags or task.memory.read_u32(registration.address + _FLAGS):
        raise Errno(E.EINVAL)
    if registration.interrupted:
        registration.interrupted = False
        task.memory.write_u64(registration.address + RSEQ_CS_AT, 0)
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


def _section(task: LinuxTask, registration: Registration) -> Section | None:
    """The section that the struct points at, checked (rseq_get_rseq_cs)."""
    memory = task.memory
    at = memory.read_u64(registration.address + RSEQ_CS_AT)
    if not at:
        return None
    limit = memory.task_size
    if at >= limit:
        raise Errno(E.EINVAL)
    version, flags, start, length, abort = RSEQ_CS.integers(memory, at, 64)
    section = Section(flags, start, length, abort)
    if version or max(start, abort) >= limit or start + length >= limit or section.contains(abort):
        raise Errno(E.EINVAL)
    if memory.read_u32(abort - 4) != registration.signature:
        raise Errno(E.EINVAL)
    return section
