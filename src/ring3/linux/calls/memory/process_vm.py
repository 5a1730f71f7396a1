"""Another process's memory: process_vm_readv(2), process_madvise(2) (mm/process_vm_access.c, mm/madvise.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pid, Pointer, SizeT, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.kernel.functions import function
from ring3.kernel.mm.advise import Advice
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import Vectors, gather, import_iovec, scatter
from ring3.linux.tasks.access import may_look_into
from ring3.linux.tasks.pid_file import pid_file

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
    target = task.kernel.thread(task.pid_ns.found(pid))
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


_ON_OTHERS: Final = frozenset((Advice.COLD, Advice.PAGEOUT, Advice.WILLNEED))
_ON_ONESELF: Final = _ON_OTHERS | {Advice.DONTNEED, Advice.FREE}


@syscall("full")
def sys_process_madvise(
    task: LinuxTask, pidfd: Int, vec: Pointer, vlen: SizeT, behavior: Int, flags: UnsignedInt
) -> int:
    """Advises on ranges of a process's memory; returns how many bytes of them were done."""
    if flags:
        raise Errno(E.EINVAL)
    ranges = import_iovec(task, vec, vlen, task.in_ia32_syscall)
    target = pid_file(task, pidfd).thread
    if target is None or target.mm is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, target):
        raise Errno(E.EPERM)
    if behavior not in (_ON_ONESELF if target.mm is task.mm else _ON_OTHERS):
        raise Errno(E.EINVAL)
    if target.mm is not task.mm and not task.credentials.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)
    done = 0
    for start, length in ranges:
        try:
            target.mm.madvise(start, length, behavior)
        except Errno:
            if not done:
                raise
            break
        done += length
    return done


@syscall("full")
def sys_process_mrelease(task: LinuxTask, pidfd: Int, flags: UnsignedInt) -> int:
    """Frees the memory of a process that is ending: here that is done when it ends."""
    if flags:
        raise Errno(E.EINVAL)
    file = pid_file(task, pidfd)
    if file.thread is None:
        raise Errno(E.ESRCH)
    if file.process.ending is None:
        raise Errno(E.EINVAL)
    return 0
