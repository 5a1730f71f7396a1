"""What a tracer and its tracee share: the stops of ptrace(2).

A traced thread stops by awaiting in one of the places below; the tracer hears of it by wait(2), looks at the thread and
lets it go on, perhaps with another signal. Traced threads leave and enter the kernel through ring 0 only, so that their
registers lie on their kernel stack whenever they are stopped.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import SIG_IGN, CldCode, SaFlags, SiCode, Sig
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.kernel.task import GivenUp
from ring3.kernel.wait import Rest
from ring3.linux.model.process import Process, wants_no_zombies
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.signal_state import bit
from ring3.linux.model.trace import At, Option, Outside, Trace
from ring3.linux.signals.send import (
    TIF_SIGPENDING,
    do_send_specific,
    group_send_sig_info,
    is_killed,
    recalc_sigpending,
    signal_wake_up,
)

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
def ptrace_attach(
    task: LinuxTask,
    by: LinuxTask | None,
    *,
    seized: bool = False,
    options: int = 0,
    outside: Outside | None = None,
) -> Trace:
    """Makes a thread, or a debugger outside of the machine, the tracer of another one."""
    task.trace = Trace(by, seized, options, outside)
    if by is not None:
        by.process.tracees.append(task)
    task.kernel.machine.ram.q[task.struct + _WORK] |= SYSCALL_WORK_TRACED
    return task.trace


@function(
    "int ptrace_detach(struct task_struct *child, unsigned int data)",
    calls={"signal_wake_up"},
)
def ptrace_detach(task: LinuxTask, signal: int = 0) -> None:
    """Ends tracing: a stopped thread goes on, with a signal if one is given, or stops with its group."""
    trace = task.trace
    if trace is None:
        return
    from ring3.linux.tracing import stepping  # noqa: PLC0415 -- few programs are traced

    stepping.disable(task)
    task.trace = None
    if trace.tracer is not None and task in trace.tracer.tracees:
        trace.tracer.tracees.remove(task)
    task.kernel.machine.ram.q[task.struct + _WORK] &= ~(
        SYSCALL_WORK_TRACE | SYSCALL_WORK_EMU | SYSCALL_WORK_TRACED
    )
    if task.process.stopped and not task.process.dead:
        task.must_stop = True
        signal_wake_up(task)
    trace.inject = signal
    trace.status = None
    trace.resumed.wake()


def trace_calls(task: LinuxTask, work: int) -> None:
    """Says whether a traced thread stops at its next call: `SYSCALL_WORK_TRACE`, `SYSCALL_WORK_EMU` or 0."""
    at = task.struct + _WORK
    q = task.kernel.machine.ram.q
    q[at] = q[at] & ~(SYSCALL_WORK_TRACE | SYSCALL_WORK_EMU) | work


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
    trace_calls(task, work)
    trace.inject = signal
    trace.status = None
    trace.unreported = False
    trace.resumed.wake()


@function(
    "int ptrace_stop(int exit_code, int why, unsigned long message, kernel_siginfo_t *info)",
    calls={"group_send_sig_info", "recalc_sigpending"},
)
async def ptrace_stop(task: LinuxTask, status: int, info: SigInfo | None, at: At = At.OUTSIDE) -> int:
    """Stops a traced thread until its tracer lets it go on (ptrace_stop).

    Args:
        task: The running thread.
        status: What wait(2) reports, without the low byte 0x7f.
        info: What PTRACE_GETSIGINFO tells of it, None for nothing: a group's stop under PTRACE_ATTACH.
        at: Where in a call it is.

    Returns:
        The signal that the tracer lets it go on with, 0 for none.
    """
    trace = _stop_again(task)
    if trace is None:
        trace = task.trace
        if trace is None or is_killed(task):
            return 0
        trace.status, trace.info, trace.at, trace.inject, trace.changed = status, info, at, 0, None
        trace.unreported = True
        trace.trap = False
        if status >> 8 == EVENT_STOP:
            trace.notify = False
        if trace.outside is not None:
            trace.outside.traced_stop(task)
        elif trace.tracer is not None:
            _tell_tracer(task, trace.tracer, status & 0x7F)
    try:
        while (
            trace.is_stopped
            and not is_killed(task)
            and not (trace.listening and (trace.notify or trace.renewed))
        ):
            await trace.resumed.wait(task)
    except GivenUp:
        if task.progress is not None:
            task.progress.stop = trace
        raise
    trace.status, trace.info, trace.at, trace.message = None, None, At.OUTSIDE, 0
    trace.listening = trace.renewed = False
    recalc_sigpending(task)
    return trace.inject


def _stop_again(task: LinuxTask) -> Trace | None:
    """The stop that a thread was in when its call was given up: its tracer has heard of it."""
    if task.progress is None:
        return None
    trace: Trace | None
    trace, task.progress.stop = task.progress.stop, None
    return trace


def _tell_tracer(task: LinuxTask, tracer: Process, status: int) -> None:
    """Tells a tracer that a thread has stopped (do_notify_parent_cldstop)."""
    action = tracer.actions[Sig.SIGCHLD]
    if action.handler != SIG_IGN and not action.flags & SaFlags.SA_NOCLDSTOP:
        uid, number = task.credentials.uid, tracer.pid_ns.shown(task.tid)
        code = int(CldCode.CLD_TRAPPED)
        group_send_sig_info(tracer, SigInfo(int(Sig.SIGCHLD), code, Layout.CHILD, number, uid, status))
    tracer.child_changed.wake()


@function(
    "void ptrace_event(int event, unsigned long message)",
    calls={"ptrace_stop"},
)
async def ptrace_event(task: LinuxTask, number: int, message: int) -> int:
    """Stops for an event that the tracer asked for (PTRACE_EVENT_*), whatever signal it answers with."""
    if task.trace is not None:
        task.trace.message = message
    code = int(Sig.SIGTRAP) | number << 8
    with Rest(task, partial(ptrace_event, task, number, message)):
        await ptrace_stop(task, code, _notice(task, int(Sig.SIGTRAP), code))
    return 0


def number_for_tracer(task: LinuxTask, number: int) -> int:
    """What a thread's tracer calls one of the machine's numbers (ptrace_event_pid)."""
    tracer = None if task.trace is None else task.trace.tracer
    return number if tracer is None else tracer.pid_ns.shown(number)


async def step_stop(task: LinuxTask) -> None:
    """Stops a thread that its tracer steps, at the first instruction of a signal's handler (signal_delivered)."""
    await ptrace_stop(task, int(Sig.SIGTRAP), _notice(task, int(Sig.SIGTRAP), int(Sig.SIGTRAP)))


async def job_stop(task: LinuxTask) -> None:
    """Stops for the group's stop, for PTRACE_INTERRUPT, or because the group's stop is over (do_jobctl_trap)."""
    trace, signal = task.trace, task.stop_signal
    task.must_stop = False
    if trace is None or not trace.seized:
        await ptrace_stop(task, signal, None)
        return
    if not task.process.stopped:
        signal = int(Sig.SIGTRAP)
    code = signal | EVENT_STOP << 8
    await ptrace_stop(task, code, _notice(task, signal, code))


async def signal_stop(task: LinuxTask, info: SigInfo) -> SigInfo | None:
    """Shows a tracer a signal that is about to be delivered; returns what is, None for nothing (ptrace_signal)."""
    trace = task.trace if task.progress is None or task.progress.stop is None else task.progress.stop
    assert trace is not None
    task.may_stop = True
    signal = await ptrace_stop(task, info.signo, info)
    if trace.changed is not None:
        info, trace.changed = trace.changed, None
    if not signal:
        return None
    if signal != info.signo:
        parent = task.process.parent
        pid, uid = (0, 0) if parent is None else (parent.pid, parent.leader.credentials.uid)
        info = SigInfo(signal, pid=task.pid_ns.shown(pid), uid=uid)
    if task.blocked & bit(signal):
        if trace.of_process:
            group_send_sig_info(task.process, info)
        else:
            do_send_specific(task, info)
        return None
    return info


@function(
    "int ptrace_report_syscall(unsigned long message)",
    calls={"do_send_specific", "ptrace_stop"},
)
async def ptrace_report_syscall(task: LinuxTask, regs: UserRegs, at: At) -> int:
    """The stop at a call's entry or exit; returns the number of the call to make, which may have been changed."""
    trace = task.trace
    if task.progress is not None and task.progress.stop is not None:
        trace = task.progress.stop
    if trace is not None:
        good = 0x80 if trace.options & Option.TRACESYSGOOD else 0
        code = int(Sig.SIGTRAP) | good
        trace.message = at.value
        with Rest(task, partial(ptrace_report_syscall, task, regs, at)):
            signal = await ptrace_stop(task, code, _notice(task, int(Sig.SIGTRAP), code), at)
        if signal:
            do_send_specific(task, SigInfo(signal, int(SiCode.SI_KERNEL)))
    return regs.orig_ax


def _notice(task: LinuxTask, signal: int, code: int) -> SigInfo:
    """What a tracer reads of a stop that is no signal's (ptrace_do_notify)."""
    return SigInfo(signal, code, Layout.KILL, task.vtid, task.credentials.uid)


async def syscall_enter(task: LinuxTask, regs: UserRegs, work: int) -> int:
    """The stop at a call's entry; with PTRACE_SYSEMU, or after a deadly signal, the call itself is not made."""
    emulated = work & SYSCALL_WORK_EMU
    number = await ptrace_report_syscall(task, regs, At.ENTRY)
    return -1 if emulated or is_killed(task) else number


def wants(task: LinuxTask, option: int) -> bool:
    """Whether a traced thread's tracer asked for an event."""
    return task.trace is not None and bool(task.trace.options & option)


def is_suspended(task: LinuxTask) -> bool:
    """Whether its tracer has suspended what seccomp(2) forbids a thread."""
    return wants(task, Option.SUSPEND_SECCOMP)


def follow_child(task: LinuxTask, child: LinuxTask) -> None:
    """Traces a new child as its parent is traced (ptrace_init_task); it starts with a stop."""
    trace = task.trace
    assert trace is not None
    new = ptrace_attach(child, trace.by, seized=trace.seized, options=trace.options, outside=trace.outside)
    if trace.seized:
        new.trap = True
    else:
        child.signals.add(SigInfo(int(Sig.SIGSTOP)))
    child.set_flag(TIF_SIGPENDING)


def thread_ended(task: LinuxTask, code: int) -> None:
    """A thread has ended: its tracer hears of it, unless it will as the parent of the whole process.

    A process's first thread is reported when the process has ended; that of an execve by another one never is.
    """
    process, trace = task.process, task.trace
    is_first = task.tid == process.pid
    if trace is not None:
        tracer = trace.tracer
        ptrace_detach(task)
        if tracer is None:
            pass  # who is outside sees the end of tasks otherwise
        elif is_first:
            process.first_traced_by = tracer if process.executing in (None, task) else None
        else:
            _report_end(tracer, task.tid, code)
    tracer = process.first_traced_by
    if process.threads or tracer is None or tracer is process.parent or tracer.dead:
        return
    process.seen_first_by = tracer
    _report_end(tracer, process.pid, code if process.ending is None else process.ending)


def _report_end(tracer: Process, number: int, code: int) -> None:
    tracer.tracee_exits.append((number, code))
    if not wants_no_zombies(tracer):
        tid = tracer.pid_ns.shown(number)
        group_send_sig_info(
            tracer, SigInfo(int(Sig.SIGCHLD), int(CldCode.CLD_EXITED), Layout.CHILD, tid, status=code >> 8)
        )
    tracer.child_changed.wake()


@function(
    "void exit_ptrace(struct task_struct *tracer, struct list_head *dead)",
    calls={"group_send_sig_info", "ptrace_detach"},
)
def exit_ptrace(by: LinuxTask) -> None:
    """A tracer has ended: its tracees go on, or die if it asked for that (exit_ptrace)."""
    for task in list(by.process.tracees):
        trace = task.trace
        if trace is None or trace.by is not by:
            continue
        ptrace_detach(task)
        if trace.options & Option.EXITKILL:
            group_send_sig_info(task.process, SigInfo(int(Sig.SIGKILL)))
