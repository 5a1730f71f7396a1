"""What D's variables say of a task, on each system; a task of 0 is the kernel itself, or dtrace at BEGIN and END."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ring3.kernel.task import Task
from ring3.trace.dtrace.machine.described import (
    CPUINFO_ADDRESS,
    files_address,
    lwpsinfo_address,
    psinfo_address,
    thread_address,
)
from ring3.trace.dtrace.machine.outsiders import Outsider

Fact = Callable[[Any], int | bytes]
DEFAULT_PRIO = 120
"""The priority of each task of Linux here, for nice values change nothing (linux/sched/prio.h)."""
TS_PRIORITY = 59
"""That of a thread of Solaris's class TS which nobody has lowered (ts_dptbl(5))."""


def user_frames(
    task: Task,
    limit: int,
    registers: Any = None,  # noqa: ANN401 - registers by name
    *,
    at_entry: bool = False,
) -> list[int]:
    """The program's stack by frame pointers: where it is, then the return addresses.

    Args:
        task: The task.
        limit: The most addresses.
        registers: The program's registers, None for the task's own.
        at_entry: The function it is in has no frame yet: its return address is on top of the stack.
    """
    from ring3.kernel.mm.usercopy import BadAddress  # noqa: PLC0415 - a stack is seldom asked for

    regs, mm = registers or task.regs, task.mm
    if mm is None:
        return []
    width = 8 if mm.task_size > 1 << 32 else 4
    frames, frame = [regs.ip], regs.bp
    if at_entry:
        with suppress(BadAddress):
            frames.append(int.from_bytes(mm.peek(regs.sp, width), "little"))
    while len(frames) < limit and frame:
        try:
            data = mm.peek(frame, 2 * width)
        except BadAddress:
            break
        following, address = (int.from_bytes(data[at : at + width], "little") for at in (0, width))
        if not address:
            break
        frames.append(address)
        if following <= frame:
            break
        frame = following
    return frames[:limit]


def _ancestors(task: Any) -> bytes:  # noqa: ANN401 - a task of Linux
    """The numbers of a process and of those it descends from, four bytes each."""
    process, found = task.process, []
    while process is not None:
        found.append(process.pid)
        process = process.parent
    return b"".join(number.to_bytes(4, "little") for number in [*found, 1])


def _linux_arguments(task: Any) -> bytes:  # noqa: ANN401 - a task of Linux
    """The program's arguments with blanks between them."""
    from ring3.linux.proc.process import cmdline  # noqa: PLC0415 - only those who ask pay for it

    return cmdline(task).rstrip(b"\0").replace(b"\0", b" ")


def _ancestors_on_solaris(task: Any) -> bytes:  # noqa: ANN401 - a task of Solaris
    """The numbers of a process and those it descends from, as `_ancestors`."""
    found = [task.process.pid]
    parents = {other.process.pid: other.process.ppid for other in task.kernel.tasks.values()}
    while found[-1] in parents and parents[found[-1]] not in found:
        found.append(parents[found[-1]])
    return b"".join(number.to_bytes(4, "little") for number in found)


COMMON: dict[str, Fact] = {
    "tid": lambda task: task.tid,
    "execname": lambda task: task.name.encode("utf-8", "surrogateescape"),
    "curpsinfo": lambda task: psinfo_address(task.tid),
    "curlwpsinfo": lambda task: lwpsinfo_address(task.tid),
    "curcpu": lambda _task: CPUINFO_ADDRESS,
    "curthread": lambda task: thread_address(task.tid),
    "fds": lambda task: files_address(task.tid),
    "vtimestamp": lambda task: task.kernel.cpu_time(task) or 1,  # who is at a probe has run
}
LINUX: dict[str, Fact] = COMMON | {
    "psargs": _linux_arguments,
    "pgid": lambda task: task.process.pgid,
    "sid": lambda task: task.process.sid,
    "nlwp": lambda task: len(task.process.threads),
    "pid": lambda task: task.tgid,
    "ppid": lambda task: task.process.parent.pid if task.process.parent else 1,
    "uid": lambda task: task.credentials.uid,
    "gid": lambda task: task.credentials.gid,
    "euid": lambda task: task.credentials.euid,
    "egid": lambda task: task.credentials.egid,
    "cwd": lambda task: task.fs.cwd.path(task.fs.root),
    "root": lambda task: task.fs.root.path(),
    "started": lambda task: task.process.started,
    "ancestors": _ancestors,
    "priority": lambda _task: DEFAULT_PRIO,
}
SOLARIS: dict[str, Fact] = COMMON | {
    "pid": lambda task: task.pid,
    "ppid": lambda task: task.process.ppid,
    "tid": lambda task: task.lwpid,
    "pgid": lambda task: task.process.pgid,
    "sid": lambda task: task.process.sid,
    "nlwp": lambda task: len(task.process.lwps),
    "psargs": lambda task: task.process.args,
    "uid": lambda task: task.cred.ruid,
    "gid": lambda task: task.cred.rgid,
    "euid": lambda task: task.cred.uid,
    "egid": lambda task: task.cred.gid,
    "cwd": lambda task: task.process.fs.cwd.path(task.process.fs.root),
    "root": lambda task: task.process.fs.root.path(),
    "started": lambda task: task.process.started,
    "ancestors": _ancestors_on_solaris,
    "zonename": lambda _task: b"global",
    "taskid": lambda task: task.process.task,
    "projid": lambda task: task.process.project,
    "priority": lambda _task: TS_PRIORITY,
    "class": lambda _task: b"TS",
}
_PLACES = {
    "curpsinfo": psinfo_address,
    "curlwpsinfo": lwpsinfo_address,
    "curcpu": lambda _tid: CPUINFO_ADDRESS,
    "curthread": thread_address,
    "fds": files_address,
}


def of_outsider(who: Outsider, name: str) -> int | bytes:
    """The value of a variable where no task runs: what is said of dtrace, or of process 0."""
    place = _PLACES.get(name)
    return who.facts.get(name, 0) if place is None else place(who.tid)
