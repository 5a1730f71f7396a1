"""Resource limits: getrlimit(2), setrlimit(2), prlimit(2) (kernel/sys.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pid, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.processes import RLIMIT, RLIMIT64
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.model.limits import RLIM_INFINITY, RLIM_NLIMITS, Resource
from ring3.linux.tasks.limits import set_rlimit

if TYPE_CHECKING:
    from ring3.linux.model.limits import Limit
    from ring3.linux.model.task import LinuxTask


_OLD_INFINITY: Final = 0x7FFF_FFFF


def _get(target: LinuxTask, resource: int) -> Limit:
    if not 0 <= resource < RLIM_NLIMITS:
        raise Errno(E.EINVAL)
    return target.rlimits[resource]


@function(
    "int do_prlimit(struct task_struct *tsk, unsigned int resource, struct rlimit *new_rlim, "
    "struct rlimit *old_rlim)",
)
def do_prlimit(task: LinuxTask, target: LinuxTask, resource: int, new: Limit) -> None:
    """do_prlimit with a new limit; ``task`` asks for it."""
    soft, hard = new
    _, old_hard = _get(target, resource)
    if soft > hard:
        raise Errno(E.EINVAL)
    if resource == Resource.NOFILE and hard > task.kernel.nr_open:
        raise Errno(E.EPERM)
    if hard > old_hard and not task.credentials.capable(Cap.SYS_RESOURCE):
        raise Errno(E.EPERM)
    set_rlimit(target, resource, soft, hard)


def _read(task: LinuxTask, address: int) -> Limit:
    soft, hard = RLIMIT64.integers(task.memory, address, 64)
    return soft, hard


@syscall("full", compat_sys_getrlimit=32)
def sys_getrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer, *, bits: int = 64) -> int:
    """A limit of the caller; what does not fit is infinity."""
    infinity = (1 << bits) - 1
    soft, hard = _get(task, resource)
    RLIMIT.write(task.memory, rlim, bits, min(soft, infinity), min(hard, infinity))
    return 0


@syscall("full")
def compat_sys_old_getrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer) -> int:
    """A limit as i386's first getrlimit gives it: infinity is the largest signed number."""
    soft, hard = _get(task, resource)
    RLIMIT.write(task.memory, rlim, 32, min(soft, _OLD_INFINITY), min(hard, _OLD_INFINITY))
    return 0


@syscall(
    "partial",
    "CORE, RSS, LOCKS, MSGQUEUE and RTTIME are remembered and limit nothing",
    compat_sys_setrlimit=32,
)
def sys_setrlimit(task: LinuxTask, resource: UnsignedInt, rlim: Pointer, *, bits: int = 64) -> int:
    """Sets a limit of the caller."""
    infinite = {(1 << bits) - 1: RLIM_INFINITY}
    soft, hard = RLIMIT.integers(task.memory, rlim, bits)
    do_prlimit(task, task, resource, (infinite.get(soft, soft), infinite.get(hard, hard)))
    return 0


def _check_access(task: LinuxTask, target: LinuxTask) -> None:
    """Whether the caller may see and set the limits of another thread (check_prlimit_permission)."""
    mine, other = task.credentials, target.credentials
    users = {other.euid, other.suid, other.uid} == {mine.uid}
    groups = {other.egid, other.sgid, other.gid} == {mine.gid}
    if target is not task and not (users and groups) and not mine.capable(Cap.SYS_RESOURCE):
        raise Errno(E.EPERM)


@syscall("partial", "as setrlimit")
def sys_prlimit64(
    task: LinuxTask, pid: Pid, resource: UnsignedInt, new_rlim: Pointer, old_rlim: Pointer
) -> int:
    """Sets and gets a limit of any process of the same user."""
    new = _read(task, new_rlim) if new_rlim else None
    target = task.kernel.unreaped(task.pid_ns.found(pid)) if pid else task
    if target is None:
        raise Errno(E.ESRCH)
    _check_access(task, target)
    old = _get(target, resource)
    if new is not None:
        do_prlimit(task, target, resource, new)
    if old_rlim:
        RLIMIT64.write(task.memory, old_rlim, 64, *old)
    return 0
