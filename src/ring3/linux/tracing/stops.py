"""What a tracer and its tracee share: the stops of ptrace(2).

A traced thread stops by awaiting in one of the places below; the tracer hears of it by wait(2), looks at the thread and
lets it go on, perhaps with another signal. Traced threads leave and enter the kernel through ring 0 only, so that their
registers lie on their kernel stack whenever they are stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.signals import CldCode, Sig, TrapCode
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.kernel.wait import Bound
from ring3.linux.model.process import Process
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.signal_state import bit
from ring3.linux.model.trace import At, Option, Trace
from ring3.linux.signals.send import do_send_specific, group_send_sig_info

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SYSCALL_WORK_TRACE: Final = 1 << 2
SYSCALL_WORK_EMU: Final = 1 << 3
"""Bits of ``thread_info.syscall_work`` (include/linux/thread_info.h)."""
SYSCALL_WORK_TRACED: Final = 1 << 31
"""Ours: the thread has a tracer, and enters the kernel by the full path."""
_WORK: Final = L["TASK_SYSCALL_WORK"] >> 3


EVENT_FORK: Final = 1
EVENT_VFORK: Final = 2
EVENT_CLONE: Final = 3
EVENT_EXEC: Final = 4
EVENT_VFORK_DONE: Final = 5
EVENT_EXIT: Final = 6
EVENT_SECCOMP: Final = 7
EVENT_STOP: Final = 128


@function(
    "int ptrace_attach(struct task_struct *task, long request, unsigned long addr, unsigned long flags)",
)
def ptrace_attach(task: LinuxTask, tracer: Process, *, seized: bool = False, options: int = 0) -> Trace:
    """Makes a process the tracer of a thread."""
    task.trace = Trace(tracer, seized, options)
    tracer.tracees.append(task)
    task.kernel.machine.ram.q[task.struct + _WORK] |= SYSCALL_WORK_TRACED
    return task.trace


@function("int ptrace_detach(struct task_struct *child, unsigned int data)")
def ptrace_detach(task: LinuxTask, signal: int = 0) -> None:
    """Ends tracing; a stopped thread goes on, with a signal if one is given."""
    trace = task.trace
    if trace is None:
        return
    task.trace = None
    if task in trace.tracer.tracees:
        trace.tracer.tracees.remove(task)
    task.kernel.machine.ram.q[task.struct + _WORK] &= ~(
        SYSCALL_WORK_TRACE | SYSCALL_WORK_EMU | SYSCALL_WORK_TRACED
    )
    trace.inject = signal
    trace.status = None
    trace.resumed.wake()


@function("int ptrace_resume(struct task_struct *child, long request, unsigned long data)")
def ptrace_resume(task: LinuxTask, signal: int, work: int) -> None:
    """Lets a stopped thread go on.

    Args:
        task: The thread.
        signal: The signal to deliver, 0 for none.
        work: `SYSCALL_WORK_TRACE`, `SYSCALL_WORK_EMU` or 0: whether it stops at its next call.
    """
    trace = task.trace
    assert trace is not None
    at = task.struct + _WORK
    q = task.kernel.machine.ram.q
    q[at] = q[at] & ~(SYSCALL_WORK_TRACE | SYSCALL_WORK_EMU) | work
    trace.inject = signal
    trace.status = None
    trace.unreported = False
    trace.resumed.wake()


@function(
    "int ptrace_stop(int exit_code, int why, unsigned long message, kernel_siginfo_t *info)",
    calls={"group_send_sig_info"},
)
async def ptrace_stop(task: LinuxTask, status: int, info: SigInfo, at: At = At.OUTSIDE) -> int:
    """Stops a traced thread until its tracer lets it go on; returns the signal to go on with, 0 for none."""
    trace = task.trace
    if trace is None:
        return status & 0xFF if status < 1 << 8 and at is At.OUTSIDE else 0
    trace.status, trace.info, trace.at, trace.inject = status, info, at, 0
    trace.unreported = True
    owner = task.process
    report = SigInfo(
        int(Sig.SIGCHLD),
        int(CldCode.CLD_TRAPPED),
        Layout.CHILD,
        task.tid,
        task.credentials.uid,
        status & 0x7F,
    )
    group_send_sig_info(trace.tracer, report)
    trace.tracer.child_changed.wake()
    while trace.is_stopped:
        if owner.ending is not None or (task.signals.set | owner.pending.set) & bit(Sig.SIGKILL):
            trace.status = None
            return int(Sig.SIGKILL)
        with Bound(task):  # the tracer has heard of the stop
            await trace.resumed.wait(task)
    trace.at = At.OUTSIDE
    return trace.inject


@function(
    "void ptrace_event(int event, unsigned long message)",
    calls={"do_send_specific", "ptrace_stop"},
)
async def ptrace_event(task: LinuxTask, number: int, message: int) -> int:
    """Stops for an event that the tracer asked for (PTRACE_EVENT_*)."""
    if task.trace is not None:
        task.trace.message = message
    code = int(Sig.SIGTRAP) | number << 8
    signal = await ptrace_stop(task, code, _notice(task, code))
    _send_again(task, signal)
    return 0


@function(
    "int ptrace_report_syscall(unsigned long message)",
    calls={"do_send_specific", "ptrace_stop"},
)
async def ptrace_report_syscall(task: LinuxTask, regs: UserRegs, at: At) -> int:
    """The stop at a call's entry or exit; returns the number of the call to make, which may have been changed."""
    trace = task.trace
    if trace is not None:
        good = 0x80 if trace.options & Option.TRACESYSGOOD else 0
        code = int(Sig.SIGTRAP) | good
        trace.message = at.value
        _send_again(task, await ptrace_stop(task, code, _notice(task, code), at))
    return regs.orig_ax


def _notice(task: LinuxTask, code: int) -> SigInfo:
    """What a tracer reads of a stop that is no signal's (ptrace_do_notify)."""
    return SigInfo(int(Sig.SIGTRAP), code, Layout.KILL, task.tid, task.credentials.uid)


async def syscall_enter(task: LinuxTask, regs: UserRegs) -> int:
    """The stop at a call's entry; with PTRACE_SYSEMU the call itself is not made."""
    emulated = task.kernel.machine.ram.q[task.struct + _WORK] & SYSCALL_WORK_EMU
    number = await ptrace_report_syscall(task, regs, At.ENTRY)
    return -1 if emulated else number


def _send_again(task: LinuxTask, signal: int) -> None:
    if signal:
        do_send_specific(task, SigInfo(signal, int(TrapCode.TRAP_BRKPT), Layout.KILL, task.tgid))


def wants(task: LinuxTask, option: int) -> bool:
    """Whether a traced thread's tracer asked for an event."""
    return task.trace is not None and bool(task.trace.options & option)


def follow_child(task: LinuxTask, child: LinuxTask) -> None:
    """Traces a new child as its parent is traced (ptrace_init_task); it starts with a stop."""
    trace = task.trace
    assert trace is not None
    new = ptrace_attach(child, trace.tracer, seized=trace.seized, options=trace.options)
    if trace.seized:
        new.interrupt = True
        child.set_flag(L["TIF_SIGPENDING"])
    else:
        child.signals.add(SigInfo(int(Sig.SIGSTOP)))
        child.set_flag(L["TIF_SIGPENDING"])


def thread_ended(task: LinuxTask, code: int) -> None:
    """A thread has ended: its tracer hears of it, unless it will as the parent of the whole process."""
    trace = task.trace
    if trace is None:
        return
    tracer = trace.tracer
    ptrace_detach(task)
    if tracer is not task.process.parent or task.process.threads:
        tracer.tracee_exits.append((task.tid, code))
        tracer.child_changed.wake()


@function(
    "void exit_ptrace(struct task_struct *tracer, struct list_head *dead)",
    calls={"group_send_sig_info", "ptrace_detach"},
)
def exit_ptrace(process: Process) -> None:
    """A tracer has ended: its tracees go on, or die if it asked for that."""
    for task in list(process.tracees):
        trace = task.trace
        kill = trace is not None and trace.options & Option.EXITKILL
        ptrace_detach(task)
        if kill:
            group_send_sig_info(task.process, SigInfo(int(Sig.SIGKILL)))
