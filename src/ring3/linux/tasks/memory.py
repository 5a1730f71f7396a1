"""Who uses an address space, and what becomes of it when they leave (mm_release, mmput of kernel/fork.c)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ring3.abi.errno import Errno
from ring3.linux.futexes.pi import release_all as release_locks
from ring3.linux.futexes.robust import release_robust_lists
from ring3.linux.futexes.waitwake import wake
from ring3.linux.model.settings import MmContext

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


def share_memory(kernel: LinuxSystem, mm: Mm, context: MmContext | None = None) -> None:
    """One more task uses an address space; if it is the first one, ``context`` belongs to it."""
    kernel.contexts.setdefault(mm, context or MmContext()).users += 1


def leave_memory(task: LinuxTask) -> None:
    """Drops a task's address space: gives its locks up, lets a vfork parent go on, frees it if nobody else has it."""
    mm, kernel = task.mm, task.kernel
    if mm is None:
        return
    release_robust_lists(task)
    release_locks(task)
    context = kernel.contexts[mm]
    if context.users > 1:
        clear_child_tid(task)
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


def clear_child_tid(task: LinuxTask) -> None:
    """Writes 0 where set_tid_address(2) or CLONE_CHILD_CLEARTID said, and wakes who waits for it there."""
    address = task.clear_child_tid
    task.clear_child_tid = 0
    if not address:
        return
    with contextlib.suppress(Errno):
        task.memory.write_u32(address, 0)
        wake(task, address, shared=True, count=1)
