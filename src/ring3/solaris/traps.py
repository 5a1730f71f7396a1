"""trap() and what stands before and after a system call: the C of Solaris that sys_syscall and cmntrap call.

Signals and codes: usr/src/uts/i86pc/os/trap.c. What a fault of the kernel itself does there, panic, it does here too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Long
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.regs import PS_C
from ring3.abi.solaris.signals import SolarisSig
from ring3.errors import KernelPanic
from ring3.image.solaris.boot import L
from ring3.kernel.mm.fault import FaultOutcome
from ring3.kernel.regs import describe
from ring3.machine.paging import PF_FETCH, PF_WRITE
from ring3.machine.registers import Flags, Vector
from ring3.solaris.definition import function
from ring3.solaris.signals import SA_RESTART, issig, next_signal, trapsig, tsignal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.kernel.regs import UserRegs
    from ring3.kernel.signature import Result
    from ring3.solaris.task import SolarisTask

T_DTRACE_RET: Final = L["T_DTRACE_RET"]

_FAULTS: Final = {
    Vector.DE: SolarisSig.SIGFPE,
    Vector.OF: SolarisSig.SIGFPE,
    Vector.BR: SolarisSig.SIGSEGV,
    Vector.UD: SolarisSig.SIGILL,
    Vector.TS: SolarisSig.SIGSEGV,
    Vector.NP: SolarisSig.SIGSEGV,
    Vector.SS: SolarisSig.SIGSEGV,
    Vector.GP: SolarisSig.SIGSEGV,
    Vector.MF: SolarisSig.SIGFPE,
    Vector.AC: SolarisSig.SIGBUS,
    Vector.XM: SolarisSig.SIGFPE,
}
_FAULT_CODES: Final = {Vector.DE: 1, Vector.OF: 2, Vector.MF: 7, Vector.XM: 7}
"""``si_code`` where it is not the first of its signal: FPE_INTDIV, FPE_INTOVF, FPE_FLTINV."""
_TRAPS: Final = {
    Vector.DB: SolarisSig.SIGTRAP,
    Vector.BP: SolarisSig.SIGTRAP,
    T_DTRACE_RET: SolarisSig.SIGILL,
}
"""What goes on behind the instruction if the signal is ignored."""

_OUTCOMES: Final = {
    FaultOutcome.SEGV_MAPERR: SolarisSig.SIGSEGV,
    FaultOutcome.SEGV_ACCERR: SolarisSig.SIGSEGV,
    FaultOutcome.BUS_ADRERR: SolarisSig.SIGBUS,
    FaultOutcome.OOM: SolarisSig.SIGBUS,
}


_CODES: Final = {
    FaultOutcome.SEGV_MAPERR: 1,
    FaultOutcome.SEGV_ACCERR: 2,
    FaultOutcome.BUS_ADRERR: 2,
    FaultOutcome.OOM: 3,
}
"""``si_code``: SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR, BUS_OBJERR (sys/machsig.h)."""


@function("unix")
def trap(task: SolarisTask, rp: Address, addr: Address, cpuid: Int) -> Result:
    """What every exception leads to.

    Args:
        task: The thread.
        rp: Address of the ``struct regs``.
        addr: What CR2 holds: the linear address, after a page fault.
        cpuid: Number of the CPU.

    Raises:
        KernelPanic: The kernel's own code failed.
    """
    kernel = task.kernel
    frame = rp - kernel.machine.direct_map
    regs = kernel.frame_at(frame)
    q = kernel.machine.ram.q
    vector, error = q[(frame + L["REGOFF_TRAPNO"]) >> 3], q[(frame + L["REGOFF_ERR"]) >> 3]
    if not regs.cs & 3:
        where = kernel.image.symbols.describe(regs.ip)
        raise KernelPanic(
            f"trap {vector} (error {error:#x}, address {addr:#x}) in ring 0 at {where}", describe(regs)
        )
    outcome = FaultOutcome.OK
    if vector == Vector.PF:
        outcome = pagefault(task, addr, error)
        if outcome is FaultOutcome.OK:
            regs.flags &= ~Flags.RF  # it is for one instruction; the emulator's pushf would show it to others
            return 0
    elif vector in (Vector.GP, Vector.NP) and task.ilp32 and _is_call(task, regs):
        return _call(task, regs)
    send = _sender(task, vector, regs.ip, addr, outcome)
    if send is None:
        raise KernelPanic(f"unexpected trap {vector} in ring 3", describe(regs))
    if task.process.tracing is not None:
        from ring3.solaris import tracing  # noqa: PLC0415 -- most programs are not controlled

        task.clear_post_sys()
        return tracing.at_fault(task, vector, send)
    send()
    task.clear_post_sys()
    issig(task)
    return 0


def _sender(
    task: SolarisTask, vector: int, ip: int, address: int, outcome: FaultOutcome
) -> Callable[[], None] | None:
    """What sends a trap's signal; None for a trap that has none."""
    if vector == Vector.PF:
        return partial(trapsig, task, _OUTCOMES[outcome], address, _CODES[outcome])
    if vector in _TRAPS:
        return partial(tsignal, task, _TRAPS[vector])
    if vector in _FAULTS:
        return partial(trapsig, task, _FAULTS[Vector(vector)], ip, _FAULT_CODES.get(Vector(vector), 1))
    return None


def _is_call(task: SolarisTask, regs: UserRegs) -> bool:
    from ring3.solaris.syscall32 import is_lcall  # noqa: PLC0415 -- it needs this module

    return is_lcall(task, regs.ip)


def _call(task: SolarisTask, regs: UserRegs) -> Result:
    from ring3.solaris.syscall32 import dosyscall  # noqa: PLC0415 -- it needs this module

    return dosyscall(task, regs)


def pagefault(task: SolarisTask, address: int, error: int) -> FaultOutcome:
    """Makes an access possible that faulted, or says why not.

    Args:
        task: Whose access it was.
        address: Linear address.
        error: The page fault's error code.
    """
    return task.memory.fault(address, write=bool(error & PF_WRITE), fetch=bool(error & PF_FETCH))


def _restarts(task: SolarisTask) -> bool:
    """Whether the signal that is about to be taken has a handler after which calls are made again: libc does that."""
    info = next_signal(task, take=False)
    return info is not None and bool(task.process.action(info.signo).flags & SA_RESTART)


@function("unix")
def pre_syscall(task: SolarisTask) -> Result:
    """The work before a call that somebody asked for with ``t_pre_sys``; not 0 if the call is not to be made."""
    if task.process.tracing is None:
        return 0
    from ring3.solaris import tracing  # noqa: PLC0415 -- most programs are not controlled

    return tracing.enter_call(task, task.regs.ax & 0xFFFF_FFFF)


@function("unix")
def post_syscall(task: SolarisTask, rval1: Long, rval2: Long) -> Result:
    """The work after a call that did not simply succeed: its error or results into the registers, then signals."""
    regs, errno = task.regs, task.errno
    task.clear_post_sys()
    if task.justreturn:
        task.justreturn = False
    elif errno:
        regs.ax = SolarisE.ERESTART if errno == SolarisE.EINTR and _restarts(task) else errno
        regs.flags |= PS_C
    else:
        regs.ax, regs.dx = rval1, rval2
        regs.flags &= ~PS_C
    task.errno = 0
    if task.process.tracing is not None:
        from ring3.solaris import tracing  # noqa: PLC0415 -- most programs are not controlled

        return tracing.leave_call(task, task.call_number)
    issig(task)
    return 0
