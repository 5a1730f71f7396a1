"""The work that a thread's system calls bring with them: bits of ``thread_info.syscall_work`` in guest RAM.

While any is set, the thread's calls go through ring 0's code, which stops in ``syscall_trace_enter`` before each and in
``syscall_exit_work`` after it (include/linux/thread_info.h).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.image.linux.boot import L

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SECCOMP: Final = 1 << 0
USER_DISPATCH: Final = 1 << 5
_WORK: Final = L["TASK_SYSCALL_WORK"] >> 3


def work(task: LinuxTask) -> int:
    """The bits that are set."""
    return task.kernel.machine.ram.q[task.struct + _WORK]


def set_work(task: LinuxTask, bits: int) -> None:
    """Sets bits."""
    task.kernel.machine.ram.q[task.struct + _WORK] |= bits


def clear_work(task: LinuxTask, bits: int) -> None:
    """Clears bits."""
    task.kernel.machine.ram.q[task.struct + _WORK] &= ~bits
