"""Process groups and sessions: setpgid(2), setsid(2) and their relatives (kernel/sys.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pid
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.model.process import Process

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def _process(task: LinuxTask, pid: int) -> Process:
    return task.kernel.process_with(task.pid_ns.found(pid)) if pid else task.process


@syscall("full")
def sys_setpgid(task: LinuxTask, pid: Pid, pgid: Pid) -> int:
    """Moves the caller or a child to a process group."""
    if (pgid or pid) < 0:
        raise Errno(E.EINVAL)
    process = _process(task, pid)
    group = task.pid_ns.found(pgid) if pgid else process.pid
    if pid and task.pid_ns.found(pid) != process.pid:  # the number of another thread than the first
        raise Errno(E.EINVAL)
    if process is not task.process:
        if process.parent is not task.process:
            raise Errno(E.ESRCH)
        if process.sid != task.process.sid:
            raise Errno(E.EPERM)
        if process.has_execed:
            raise Errno(E.EACCES)
    if process.sid == process.pid:
        raise Errno(E.EPERM)
    if group != process.pid and not any(
        member.sid == task.process.sid for member in task.kernel.processes.group(group)
    ):
        raise Errno(E.EPERM)
    process.pgid = group
    return 0


@syscall("full")
def sys_getpgid(task: LinuxTask, pid: Pid) -> int:
    """The process group of a process."""
    return task.pid_ns.shown(_process(task, pid).pgid)


@syscall("full")
def sys_getpgrp(task: LinuxTask) -> int:
    """The caller's process group."""
    return task.pid_ns.shown(task.process.pgid)


@syscall("full")
def sys_getsid(task: LinuxTask, pid: Pid) -> int:
    """The session of a process."""
    return task.pid_ns.shown(_process(task, pid).sid)


@syscall("full")
def sys_setsid(task: LinuxTask) -> int:
    """Makes a session, with the caller as its leader and without a terminal."""
    process = task.process
    if task.kernel.processes.group(process.pid):
        raise Errno(E.EPERM)
    process.sid = process.pgid = process.pid
    task.kernel.terminals[process.sid] = None
    return task.vtgid
