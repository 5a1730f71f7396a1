"""What a thread tells the kernel about itself when it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask


def _set_robust_list(task: LinuxTask, head: int, size: int, expected: int) -> int:
    if size != expected:
        raise Errno(E.EINVAL)
    task.robust_list = head
    return 0


@syscall("partial", "the list is remembered; nothing walks it yet, because there is one thread")
def sys_set_robust_list(task: LinuxTask, head: Pointer, length: SizeT) -> int:
    """Names the list of robust futexes."""
    return _set_robust_list(task, head, length, 24)


@syscall("partial", "as set_robust_list")
def compat_sys_set_robust_list(task: LinuxTask, head: Pointer, length: UnsignedInt) -> int:
    """Names the list of robust futexes of a 32-bit program."""
    return _set_robust_list(task, head, length, 12)
