"""The list of robust futexes: the locks that a thread holds, as it tells them the kernel, which gives them up for it.

The list lies in the program's memory and may hold anything; the kernel follows it as far as it makes sense. A thread
can have two, one in each width. Follows set_robust_list(2) and kernel/futex/core.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

HEAD_SIZE: Final = {64: 24, 32: 12}
"""Bytes of ``struct robust_list_head``: the first entry, the distance from an entry to its word, a pending entry."""


@syscall("full")
def sys_set_robust_list(task: LinuxTask, head: Pointer, length: SizeT) -> int:
    """Names the list of robust futexes."""
    if length != HEAD_SIZE[64]:
        raise Errno(E.EINVAL)
    task.robust_list = head
    return 0


@syscall("full")
def compat_sys_set_robust_list(task: LinuxTask, head: Pointer, length: UnsignedInt) -> int:
    """Names the list of robust futexes of a 32-bit program."""
    if length != HEAD_SIZE[32]:
        raise Errno(E.EINVAL)
    task.compat_robust_list = head
    return 0


def _thread(task: LinuxTask, pid: int) -> LinuxTask:
    """A thread whose list the caller may see: one that it may look into (ptrace_may_access).

    Raises:
        Errno: ESRCH; EPERM.
    """
    if not pid:
        return task
    found = task.kernel.unreaped(task.pid_ns.found(pid))
    if found is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, found):
        raise Errno(E.EPERM)
    return found


@syscall("full")
def sys_get_robust_list(task: LinuxTask, pid: Int, head_ptr: Pointer, len_ptr: Pointer) -> int:
    """The list of robust futexes of a thread."""
    head = _thread(task, pid).robust_list
    task.memory.write_u64(len_ptr, HEAD_SIZE[64])
    task.memory.write_u64(head_ptr, head)
    return 0


@syscall("full")
def compat_sys_get_robust_list(task: LinuxTask, pid: Int, head_ptr: Pointer, len_ptr: Pointer) -> int:
    """The list of robust futexes of a thread of a 32-bit program."""
    head = _thread(task, pid).compat_robust_list
    task.memory.write_u32(len_ptr, HEAD_SIZE[32])
    task.memory.write_u32(head_ptr, head)
    return 0
