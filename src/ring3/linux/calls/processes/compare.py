"""kcmp(2): whether two processes share something (kernel/kcmp.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Int, Pid, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.kernel.task import TaskState
from ring3.linux.definition import syscall
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class What(IntEnum):
    """What is compared (include/uapi/linux/kcmp.h)."""

    FILE = 0
    VM = 1
    FILES = 2
    FS = 3
    SIGHAND = 4
    IO = 5
    SYSVSEM = 6
    EPOLL_TFD = 7


def _order(one: object, other: object) -> int:
    """0 for the same thing, else 1 or 2, in an order that stays."""
    return 0 if one is other else 1 if id(one) < id(other) else 2


def _without(kind: int, one: LinuxTask, other: LinuxTask) -> int:
    """Compares what a thread that has ended does not have any more."""
    if kind == What.FILE:
        raise Errno(E.EBADF)
    return 0 if one.state is other.state else _order(one, other)


@syscall("partial", "not KCMP_EPOLL_TFD (EOPNOTSUPP)")
def sys_kcmp(task: LinuxTask, pid1: Pid, pid2: Pid, kind: Int, idx1: UnsignedLong, idx2: UnsignedLong) -> int:
    """Compares one thing of two processes: 0 the same, 1 and 2 an order, without meaning but constant."""
    unreaped, numbers = task.kernel.unreaped, task.pid_ns
    one, other = unreaped(numbers.found(pid1)), unreaped(numbers.found(pid2))
    if one is None or other is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, one) or not may_look_into(task, other):
        raise Errno(E.EPERM)
    if kind in (What.FILE, What.FILES, What.FS) and TaskState.DEAD in (one.state, other.state):
        return _without(kind, one, other)
    if kind == What.FILE:
        return _order(one.files[idx1 & 0xFFFF_FFFF], other.files[idx2 & 0xFFFF_FFFF])
    if kind == What.VM:
        return _order(one.mm, other.mm)
    if kind == What.FILES:
        return _order(one.files, other.files)
    if kind == What.FS:
        return _order(one.fs, other.fs)
    if kind == What.SIGHAND:
        return _order(one.process.actions, other.process.actions)
    if kind in (What.IO, What.SYSVSEM):
        return 0 if one is other else _order(one.scheduling, other.scheduling)
    raise Errno(E.EOPNOTSUPP if kind == What.EPOLL_TFD else E.EINVAL)
