"""What is done before and after a call that somebody asks for: a tracer, seccomp(2), the program's own dispatch.

It is imported with the first such call.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from ring3.abi.signals import Sig, TrapCode
from ring3.image.linux.boot import L
from ring3.kernel.regs import UserRegs
from ring3.kernel.wait import Rest
from ring3.linux.entry.traps import remember
from ring3.linux.filters import seccomp, user_dispatch
from ring3.linux.model.task import LinuxTask
from ring3.linux.model.trace import At
from ring3.linux.signals.send import force_sig_fault
from ring3.linux.tracing import stops as tracing
from ring3.machine.registers import Vector

_WORK: Final = L["TASK_SYSCALL_WORK"] >> 3


def trace_enter(task: LinuxTask, regs: UserRegs, argument: int) -> int | Coroutine[Any, Any, int]:
    """The work before a traced call (syscall_trace_enter): the number to make."""
    work = task.kernel.machine.ram.q[task.struct + _WORK]
    if task.dispatch is not None and user_dispatch.syscall_user_dispatch(task, regs, task.dispatch):
        return -1
    if work & (tracing.SYSCALL_WORK_TRACE | tracing.SYSCALL_WORK_EMU):
        return _traced_enter(task, regs, work)
    return regs.orig_ax if task.seccomp is None else seccomp.secure_computing(task, regs, task.seccomp)


async def _traced_enter(task: LinuxTask, regs: UserRegs, work: int) -> int:
    """The stop for a tracer, and then what seccomp(2) says of the call that the tracer leaves."""
    with Rest(task, partial(_traced_enter, task, regs, work)):
        number = await tracing.syscall_enter(task, regs, work)
    if number & 0xFFFF_FFFF == 0xFFFF_FFFF or task.seccomp is None:
        return number
    answer = seccomp.secure_computing(task, regs, task.seccomp)
    return answer if isinstance(answer, int) else await answer


def trace_exit(task: LinuxTask, regs: UserRegs, argument: int) -> int | Coroutine[Any, Any, int]:
    """The work after a traced call (syscall_exit_work)."""
    work = task.kernel.machine.ram.q[task.struct + _WORK]
    if task.stepping and not work & tracing.SYSCALL_WORK_EMU:  # report_single_step
        remember(task, int(Vector.DB), 0, task.fault_address)
        force_sig_fault(task, Sig.SIGTRAP, int(TrapCode.TRAP_BRKPT), regs.ip)  # user_single_step_report
    elif work & tracing.SYSCALL_WORK_TRACE:
        return tracing.ptrace_report_syscall(task, regs, At.EXIT)
    return 0
