"""How threads and processes end, and what becomes of the family (kernel/exit.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.kernel.task import TaskExited
from ring3.linux.model.process import exit_info, wants_no_zombies
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.signals.send import retarget, send_to_process
from ring3.linux.tasks.memory import leave_memory
from ring3.linux.timers import interval, posix
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.process import Process, Processes
    from ring3.linux.model.task import LinuxTask


def exit_group(task: LinuxTask, code: int) -> NoReturn:
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
            release_thread(thread, process.ending)
    release_thread(task, process.ending)
    raise TaskExited


def exit_thread(task: LinuxTask, code: int) -> NoReturn:
    """Ends the running thread."""
    release_thread(task, code)
    raise TaskExited


def release_thread(task: LinuxTask, code: int) -> None:
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
    leave_memory(task)
    task.files.release()
    if process.ending is None:
        retarget(task, ~task.blocked)
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
            send_to_process(child, SigInfo(child.threads[0].parent_death_signal))
    tracing.tracer_ended(process)
    _tell_orphans(kernel.processes, process)
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
        send_to_process(parent, SigInfo(signal, info.code, info.layout, info.pid, info.uid, info.status))
    if vanish:
        kernel.processes.forget(process)
    parent.child_changed.wake()
    process.ended.wake()


def _tell_orphans(processes: Processes, ended: Process) -> None:
    """Groups that a process orphaned by its end while they are stopped are told (kill_orphaned_pgrp)."""
    if ended.parent is not None:
        _tell_orphaned(processes, ended.pgid, ended.parent)
    for child in ended.children:
        _tell_orphaned(processes, child.pgid, ended)


def _tell_orphaned(processes: Processes, pgid: int, parent: Process) -> None:
    """Sends SIGHUP and SIGCONT to a group whose last link to its session was this parent, if it is stopped."""
    group = processes.group(pgid)
    linked = parent.pgid != pgid and any(member.sid == parent.sid for member in group)
    if linked and any(member.stopped for member in group) and processes.is_orphaned(pgid):
        for member in group:
            send_to_process(member, SigInfo(int(Sig.SIGHUP), int(SiCode.SI_KERNEL)))
            send_to_process(member, SigInfo(int(Sig.SIGCONT), int(SiCode.SI_KERNEL)))
