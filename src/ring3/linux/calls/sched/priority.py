"""Nice values and priorities of input and output: getpriority(2), setpriority(2), nice(2), ioprio_set(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.linux.calls.sched.scheduling import can_nice, check_nice_security
from ring3.linux.definition import syscall
from ring3.linux.model.scheduling import REALTIME, Policy
from ring3.linux.tasks.scheduling import set_scheduling

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Whose(IntEnum):
    """Whom a call means (PRIO_PROCESS and its like); those of ioprio_set are one higher."""

    PROCESS = 0
    PGRP = 1
    USER = 2


class IoClass(IntEnum):
    """The class in an I/O priority, its bits 13 to 15 (include/uapi/linux/ioprio.h)."""

    NONE = 0
    RT = 1
    BE = 2
    IDLE = 3


IO_LEVEL: Final = 7
IO_CLASS_SHIFT: Final = 13


def _targets(task: LinuxTask, whose: int, who: int) -> list[LinuxTask]:
    """The threads that are meant, those that nobody has waited for included; none may exist.

    Raises:
        Errno: EINVAL, an unknown kind.
    """
    kernel = task.kernel
    if whose == Whose.PROCESS:
        found = kernel.unreaped(task.pid_ns.found(who)) if who else task
        return [] if found is None else [found]
    threads = kernel.threads() + [p.remains for p in kernel.processes if p.remains is not None]
    if whose == Whose.PGRP:
        group = task.pid_ns.found(who) if who else task.process.pgid
        return [thread for thread in threads if thread.process.pgid == group]
    if whose == Whose.USER:
        user = who & 0xFFFF_FFFF if who else task.credentials.uid
        return [t for t in threads if t.credentials.uid == user and task.pid_ns.shown(t.tid)]
    raise Errno(E.EINVAL)


def _set_each(targets: list[LinuxTask], change: Callable[[LinuxTask], None]) -> None:
    """Changes each; the failure of one does not keep the others from being changed, and is told of at the end.

    Raises:
        Errno: ESRCH, there is none; what the last one that failed did of.
    """
    failure: Errno | None = None
    for target in targets:
        try:
            change(target)
        except Errno as error:
            failure = error
    if failure is not None:
        raise failure
    if not targets:
        raise Errno(E.ESRCH)


@syscall("full")
def sys_getpriority(task: LinuxTask, which: Int, who: Int) -> int:
    """The lowest nice value of those meant, as 20 minus it: 1 to 40."""
    targets = _targets(task, which, who)
    if not targets:
        raise Errno(E.ESRCH)
    return 20 - min(target.scheduling.nice for target in targets)


@syscall("partial", "a nice value has no effect on how much of the CPU a thread gets")
def sys_setpriority(task: LinuxTask, which: Int, who: Int, niceval: Int) -> int:
    """Sets nice values."""
    nice = min(max(niceval, -20), 19)

    def change(target: LinuxTask) -> None:
        mine = task.credentials
        if mine.euid not in (target.credentials.uid, target.credentials.euid) and not mine.capable(
            Cap.SYS_NICE
        ):
            raise Errno(E.EPERM)
        if nice < target.scheduling.nice and not can_nice(task, target, nice):
            raise Errno(E.EACCES)
        check_nice_security(task, target)
        set_scheduling(target, target.scheduling._replace(nice=nice))

    _set_each(_targets(task, which, who), change)
    return 0


@syscall("partial", "as setpriority")
def sys_nice(task: LinuxTask, increment: Int) -> int:
    """Adds to the caller's nice value."""
    step = min(max(increment, -40), 40)
    nice = min(max(task.scheduling.nice + step, -20), 19)
    if step < 0 and not can_nice(task, task, nice):
        raise Errno(E.EPERM)
    set_scheduling(task, task.scheduling._replace(nice=nice))
    return 0


def _check_io_priority(task: LinuxTask, ioprio: int) -> None:
    kind, level = ioprio >> IO_CLASS_SHIFT & 7, ioprio & IO_LEVEL
    if kind == IoClass.RT:
        who = task.credentials
        if not who.capable(Cap.SYS_ADMIN) and not who.capable(Cap.SYS_NICE):
            raise Errno(E.EPERM)
    elif kind == IoClass.NONE:
        if level:
            raise Errno(E.EINVAL)
    elif kind not in (IoClass.BE, IoClass.IDLE):
        raise Errno(E.EINVAL)


@syscall("partial", "remembered: input and output are done in the order they are asked for")
def sys_ioprio_set(task: LinuxTask, which: Int, who: Int, ioprio: Int) -> int:
    """Sets I/O priorities."""
    _check_io_priority(task, ioprio)

    targets = _targets(task, which - 1, who)
    if not targets:
        raise Errno(E.ESRCH)
    mine = task.credentials
    for target in targets:
        if target.credentials.uid not in (mine.euid, mine.uid) and not mine.capable(Cap.SYS_NICE):
            raise Errno(E.EPERM)
        set_scheduling(target, target.scheduling._replace(ioprio=ioprio & 0xFFFF))
    return 0


def _io_priority(target: LinuxTask) -> int:
    """A thread's I/O priority; where none is set, what follows from its nice value."""
    now = target.scheduling
    if now.ioprio >> IO_CLASS_SHIFT:
        return now.ioprio
    others = IoClass.RT if now.policy in REALTIME else IoClass.BE
    kind = IoClass.IDLE if now.policy == Policy.IDLE else others
    return kind << IO_CLASS_SHIFT | (now.nice + 20) // 5


@syscall("full")
def sys_ioprio_get(task: LinuxTask, which: Int, who: Int) -> int:
    """The I/O priority of a thread, or the best one of those meant."""
    targets = _targets(task, which - 1, who)
    if not targets:
        raise Errno(E.ESRCH)
    if which - 1 == Whose.PROCESS:
        return targets[0].scheduling.ioprio
    return min(_io_priority(target) for target in targets)
