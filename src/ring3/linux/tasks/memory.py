"""Who uses an address space, and what becomes of it when they leave (mm_release, mmput of kernel/fork.c)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ring3.abi.errno import Errno
from ring3.kernel.functions import function
from ring3.linux.model.settings import MmContext

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


def share_memory(kernel: LinuxSystem, mm: Mm, context: MmContext | None = None) -> None:
    """One more task uses an address space; if it is the first one, ``context`` belongs to it."""
    kernel.contexts.setdefault(mm, context or MmContext()).users += 1


@function(
    "void exit_mm(void)",
    calls={"exit_pi_state_list", "exit_robust_list", "mm_release"},
)
def exit_mm(task: LinuxTask) -> None:
    """Drops a task's address space: gives its locks up, lets a vfork parent go on, frees it if nobody else has it."""
    mm, kernel = task.mm, task.kernel
    if mm is None:
        return
    if task.robust_list or task.compat_robust_list:
        from ring3.linux.futexes.robust import exit_robust_list  # noqa: PLC0415 -- few programs have such locks

        exit_robust_list(task)
    if kernel.futexes.held_by(task):
        from ring3.linux.futexes.pi import exit_pi_state_list  # noqa: PLC0415 -- few programs have such locks

        exit_pi_state_list(task)
    if len(task.process.threads) == 1:
        task.process.usage.maxrss = task.max_rss()
    context = kernel.contexts[mm]
    if context.users > 1:
        mm_release(task)
    task.mm = None
    if task.vfork_done is not None:
        done, task.vfork_done = task.vfork_done, None
        done.wake()
    context.users -= 1
    if not context.users:
        del kernel.contexts[mm]
        context.destroy()
        kernel.forget_memory(mm.pmap)
        mm.destroy()


@function(
    "void mm_release(struct task_struct *tsk, struct mm_struct *mm)",
    calls={"futex_wake"},
)
def mm_release(task: LinuxTask) -> None:
    """Writes 0 where set_tid_address(2) or CLONE_CHILD_CLEARTID said, and wakes who waits for it there."""
    address = task.clear_child_tid
    task.clear_child_tid = 0
    if not address:
        return
    from ring3.linux.futexes.waitwake import futex_wake  # noqa: PLC0415 -- few programs have threads

    with contextlib.suppress(Errno):
        task.memory.write_u32(address, 0)
        futex_wake(task, address, shared=True, count=1)
