"""How threads and processes end, and what becomes of the family (kernel/exit.c of Linux 6.x)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ring3.abi.signals import NSIG, SIG_IGN, SiCode, Sig
from ring3.kernel.functions import function
from ring3.kernel.task import TaskExited
from ring3.kernel.wait import Rest
from ring3.linux.model.process import exit_info, wants_no_zombies
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import bit
from ring3.linux.model.trace import Option
from ring3.linux.signals.send import group_send_sig_info, kill_threads, retarget_shared_pending
from ring3.linux.tasks.memory import exit_mm
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.process import Process, Processes
    from ring3.linux.model.task import LinuxTask


@function(
    "void do_group_exit(int exit_code)",
    calls={"release_task", "signal_wake_up"},
)
def do_group_exit(task: LinuxTask, code: int) -> NoReturn:
    """Ends the running task's whole process; threads that stop once more for a tracer end when they have done that.

    Args:
        task: The running task.
        code: As wait(2) encodes it: the exit status times 256, or a signal's number.
    """
    process = task.process
    kill_threads(process, code, but=task)
    assert process.ending is not None
    for thread in list(process.threads):
        if thread is not task and not tracing.wants(thread, Option.TRACEEXIT):
            release_task(thread, process.ending)
    release_task(task, process.ending)
    raise TaskExited


@function(
    "void do_exit(long code)",
    calls={"release_task"},
)
def do_exit(task: LinuxTask, code: int) -> NoReturn:
    """Ends the running thread."""
    release_task(task, code)
    raise TaskExited


def is_ending(task: LinuxTask) -> bool:
    """Whether a thread is to end before it runs on: with its process, or because another thread runs execve(2)."""
    process = task.process
    return process.ending is not None or process.executing not in (None, task)


def end(task: LinuxTask) -> NoReturn:
    """Ends a thread of which `is_ending` holds."""
    if task.process.ending is not None:
        do_group_exit(task, task.process.ending)
    do_exit(task, 0)


async def end_with_event(task: LinuxTask) -> NoReturn:
    """The same after a last stop, if its tracer wants one (PTRACE_EVENT_EXIT)."""
    task.signals.set &= ~bit(Sig.SIGKILL)
    if tracing.wants(task, Option.TRACEEXIT):
        with Rest(task, partial(end_with_event, task)):
            await tracing.ptrace_event(task, tracing.EVENT_EXIT, task.process.ending or 0)
    end(task)


@function(
    "void release_task(struct task_struct *p)",
    calls={
        "exit_mm",
        "exit_ptrace",
        "exit_sem",
        "forget_original_parent",
        "group_send_sig_info",
        "ptrace_detach",
        "retarget_shared_pending",
    },
)
def release_task(task: LinuxTask, code: int) -> None:
    """Ends one thread, running or not; with the last one the process ends.

    Args:
        task: The thread.
        code: Its exit code, as wait(2) encodes it.
    """
    process, kernel = task.process, task.kernel
    if task not in process.threads:
        return
    process.usage.add(task.usage())
    if task.undo_list is not None:
        from ring3.linux.ipc.semaphores import exit_sem  # noqa: PLC0415 - few programs use them

        exit_sem(task)
    exit_mm(task)
    task.files.release()
    if task.debug_registers is not None:
        task.debug_registers.clear()
    if task.keyrings is not None:
        task.keyrings.close()
    if task.seccomp is not None:
        for listener in task.seccomp.listeners():
            listener.leave()
    if process.ending is None:
        retarget_shared_pending(task, ~task.blocked)
    process.threads.remove(task)
    if task.tid == process.pid:
        process.remains = task
    _leave_children(task)
    tracing.exit_ptrace(task)
    tracing.thread_ended(task, code)
    kernel.end(task, code)
    process.ended.wake()
    if not process.threads:
        _end_process(process, task, code if process.ending is None else process.ending)


def _leave_children(task: LinuxTask) -> None:
    """A thread ends: its children are another thread's, and get what they asked for (PR_SET_PDEATHSIG)."""
    process = task.process
    for child in process.children:
        if child.parent_thread is not task:
            continue
        child.parent_thread = process.leader if process.threads else None
        for thread in child.threads:
            if thread.parent_death_signal:
                sender = child.pid_ns.shown(task.tgid), task.credentials.uid
                group_send_sig_info(child, SigInfo(thread.parent_death_signal, pid=sender[0], uid=sender[1]))


def _end_process(process: Process, last: LinuxTask, code: int) -> None:
    kernel = last.kernel
    process.dead = True
    process.exit_code = code
    process.stop_timers()
    if process.pid_ns.init is process:
        _zap_pid_ns_processes(kernel.processes, process)
    if process.sid == process.pid:
        pty = kernel.terminals.pop(process.sid, None)
        if pty is not None:
            pty.jobs.session_ended(pty, process.sid)
    forget_original_parent(kernel.processes, process)
    for tid, _ in process.tracee_exits:
        seen_by_tracer(kernel.processes, process, tid)
    _notify_parent(kernel.processes, process)


def _zap_pid_ns_processes(processes: Processes, init: Process) -> None:
    """The first process of a namespace has ended: all others that were born in it or further down end as well."""
    init.pid_ns.close()
    for process in processes:
        if process is not init and process.pid_ns.is_within(init.pid_ns):
            kill_threads(process, int(Sig.SIGKILL))
            for thread in list(process.threads):
                release_task(thread, process.ending or 0)
    for child in list(init.children):
        if child.dead:
            processes.forget(child)


def seen_by_tracer(processes: Processes, tracer: Process, tid: int) -> None:
    """A tracer has waited for a tracee's end, or never will: a parent that is another one hears of it now."""
    process = processes.get(tid)
    if process is not None and process.seen_first_by is tracer:
        process.seen_first_by = None
        _notify_parent(processes, process)


def _notify_parent(processes: Processes, process: Process) -> None:
    """A process has ended: its parent hears of it, or it is gone (do_notify_parent)."""
    parent = process.parent
    if process.seen_first_by is not None:
        process.ended.wake()
        return
    if parent is None:
        processes.forget(process)
        return
    signal = process.exit_signal
    vanish = signal == Sig.SIGCHLD and wants_no_zombies(parent)
    unheard = signal == Sig.SIGCHLD and parent.actions[signal].handler == SIG_IGN  # even if it is blocked
    if 0 < signal <= NSIG and not unheard:  # clone(2) takes any byte
        info = exit_info(process)
        group_send_sig_info(parent, SigInfo(signal, info.code, info.layout, info.pid, info.uid, info.status))
    if vanish:
        processes.forget(process)
    parent.child_changed.wake()
    process.ended.wake()


@function(
    "void forget_original_parent(struct task_struct *father, struct list_head *dead)",
    calls={"kill_orphaned_pgrp"},
)
def forget_original_parent(processes: Processes, ended: Process) -> None:
    """Gives a process's children to another parent, which hears of those that are dead.

    Groups that lose their last link to their session by that while they are stopped are told.
    """
    for child in processes.adopt_children(ended):
        if child.dead:
            _notify_parent(processes, child)
        kill_orphaned_pgrp(processes, child.pgid, ended)
    if ended.parent is not None:
        kill_orphaned_pgrp(processes, ended.pgid, ended.parent)


@function(
    "void kill_orphaned_pgrp(struct task_struct *tsk, struct task_struct *parent)",
    calls={"group_send_sig_info"},
)
def kill_orphaned_pgrp(processes: Processes, pgid: int, parent: Process) -> None:
    """Sends SIGHUP and SIGCONT to a group whose last link to its session was this parent, if it is stopped."""
    group = processes.group(pgid)
    linked = parent.pgid != pgid and any(member.sid == parent.sid for member in group)
    if linked and any(member.stopped for member in group) and processes.is_orphaned(pgid):
        for member in group:
            group_send_sig_info(member, SigInfo(int(Sig.SIGHUP), int(SiCode.SI_KERNEL)))
            group_send_sig_info(member, SigInfo(int(Sig.SIGCONT), int(SiCode.SI_KERNEL)))
