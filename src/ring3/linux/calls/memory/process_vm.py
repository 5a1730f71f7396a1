"""process_vm_readv(2) and process_vm_writev(2): another process's memory (mm/process_vm_access.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pid, Pointer, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import Vectors, gather, import_iovec, scatter
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def _limited(vectors: Vectors, size: int) -> Vectors:
    """The first ``size`` bytes of some buffers."""
    found = []
    for base, length in vectors:
        found.append((base, min(length, size)))
        size -= found[-1][1]
    return found


@function(
    "ssize_t process_vm_rw(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt, "
    "const struct iovec __user *rvec, unsigned long riovcnt, unsigned long flags, int vm_write)",
    calls={"import_iovec"},
)
def process_vm_rw(
    task: LinuxTask, pid: int, local: tuple[int, int], remote: tuple[int, int], flags: int, write: bool
) -> int:
    """Copies between the caller's buffers and another's; less than all if memory ends before that.

    Raises:
        Errno: EINVAL, flags or vectors that make no sense; ESRCH; EPERM, it may not look into that process; EFAULT, not
            a byte could be copied.
    """
    if flags:
        raise Errno(E.EINVAL)
    narrow = task.in_ia32_syscall
    mine = import_iovec(task, *local, narrow)
    size = sum(length for _, length in mine)
    if not size:
        return 0
    theirs = _limited(import_iovec(task, *remote, narrow), size)
    if not any(length for _, length in theirs):
        return 0
    target = task.kernel.thread(pid)
    if target is None or target.mm is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, target):
        raise Errno(E.EPERM)
    if write:
        return scatter(target, theirs, gather(task, mine))
    return scatter(task, mine, gather(target, theirs))


@syscall("full")
def sys_process_vm_readv(
    task: LinuxTask,
    pid: Pid,
    lvec: Pointer,
    liovcnt: UnsignedLong,
    rvec: Pointer,
    riovcnt: UnsignedLong,
    flags: UnsignedLong,
) -> int:
    """Reads another process's memory."""
    return process_vm_rw(task, pid, (lvec, liovcnt), (rvec, riovcnt), flags, write=False)


@syscall("full")
def sys_process_vm_writev(
    task: LinuxTask,
    pid: Pid,
    lvec: Pointer,
    liovcnt: UnsignedLong,
    rvec: Pointer,
    riovcnt: UnsignedLong,
    flags: UnsignedLong,
) -> int:
    """Writes another process's memory, where it could write itself."""
    return process_vm_rw(task, pid, (lvec, liovcnt), (rvec, riovcnt), flags, write=True)
