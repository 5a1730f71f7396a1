"""How threads and processes end, and what becomes of the family (kernel/exit.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.kernel.functions import function
from ring3.kernel.task import TaskExited
from ring3.linux.model.process import exit_info, wants_no_zombies
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import group_send_sig_info, retarget_shared_pending
from ring3.linux.tasks.memory import exit_mm
from ring3.linux.timers import interval, posix
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.process import Process, Processes
    from ring3.linux.model.task import LinuxTask


@function(
    "void do_group_exit(int exit_code)",
    calls={"release_task"},
)
def do_group_exit(task: LinuxTask, code: int) -> NoReturn:
    """Ends the running task's whole process.

    Args:
        task: The running task.
        code: As wait(2) encodes it: the exit status times 256, or a signal's number.
    """
    process = task.process
    if process.ending is None:
        process.ending = code
    for thread in list(process.threads):
        if thread is not task:
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


@function(
    "void release_task(struct task_struct *p)",
    calls={
        "exit_mm",
        "exit_ptrace",
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
    if len(process.threads) > 1:
        process.usage.utime += kernel.cpu_time(task)  # what is counted by memory stays with the others
    else:
        process.usage.add(task.usage())
    exit_mm(task)
    task.files.release()
    if process.ending is None:
        retarget_shared_pending(task, ~task.blocked)
    process.threads.remove(task)
    tracing.thread_ended(task, code)
    kernel.end(task, code)
    process.ended.wake()
    if not process.threads:
        _end_process(process, task, code if process.ending is None else process.ending)


def _end_process(process: Process, last: LinuxTask, code: int) -> None:
    kernel = last.kernel
    process.dead = True
    process.exit_code = code
    interval.stop_all(process)
    posix.delete_all(process)
    for child in process.children:
        if child.threads and child.threads[0].parent_death_signal:
            group_send_sig_info(child, SigInfo(child.threads[0].parent_death_signal))
    tracing.exit_ptrace(process)
    forget_original_parent(kernel.processes, process)
    if process.sid == process.pid:
        pty = kernel.terminals.pop(process.sid, None)
        if pty is not None:
            pty.jobs.session_ended(pty, process.sid)
    kernel.processes.adopt_children(process)
    parent = process.parent
    if parent is None:
        kernel.processes.forget(process)
        return
    signal = process.exit_signal
    vanish = signal == Sig.SIGCHLD and wants_no_zombies(parent)
    if 0 < signal <= NSIG:  # clone(2) takes any byte
        info = exit_info(process)
        group_send_sig_info(parent, SigInfo(signal, info.code, info.layout, info.pid, info.uid, info.status))
    if vanish:
        kernel.processes.forget(process)
    parent.child_changed.wake()
    process.ended.wake()


@function(
    "void forget_original_parent(struct task_struct *father, struct list_head *dead)",
    calls={"kill_orphaned_pgrp"},
)
def forget_original_parent(processes: Processes, ended: Process) -> None:
    """Groups that a process orphaned by its end while they are stopped are told (kill_orphaned_pgrp)."""
    if ended.parent is not None:
        kill_orphaned_pgrp(processes, ended.pgid, ended.parent)
    for child in ended.children:
        kill_orphaned_pgrp(processes, child.pgid, ended)


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
