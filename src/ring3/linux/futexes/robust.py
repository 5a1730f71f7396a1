"""Robust futexes: the locks that a thread holds, as it tells them the kernel, which gives them up for it.

The list lies in the program's memory and may hold anything; the kernel follows it as far as it makes sense. A thread
can have two, one in each width. Follows set_robust_list(2) and kernel/futex/core.c of Linux 6.x.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.kernel.functions import function
from ring3.kernel.mm.usercopy import BadAddress
from ring3.linux.futexes.waitwake import futex_wake
from ring3.linux.futexes.word import FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


ROBUST_LIST_LIMIT: Final = 2048
"""Locks that are followed at most."""


@function(
    "void exit_robust_list(struct task_struct *curr)",
    calls={"handle_futex_death"},
)
def exit_robust_list(task: LinuxTask) -> None:
    """Gives up the locks of a thread that ends or runs another program (futex_cleanup)."""
    lists = ((64, task.robust_list), (32, task.compat_robust_list))
    task.robust_list = task.compat_robust_list = 0
    for bits, head in lists:
        if head:
            with contextlib.suppress(BadAddress):
                _walk(task, head, bits)


def _walk(task: LinuxTask, head: int, bits: int) -> None:
    """Follows a list to its end, the limit, or the first thing that cannot be read (exit_robust_list)."""
    word = bits // 8
    mask = (1 << bits) - 1
    load = task.memory.read_u64 if bits == 64 else task.memory.read_u32

    def follow(address: int) -> tuple[int, bool]:
        """The entry that a pointer leads to, and whether its lock is one with an owner (its lowest bit)."""
        pointer = load(address)
        return pointer & ~1, bool(pointer & 1)

    entry, with_owner = follow(head)
    offset = load(head + word)
    pending, pending_with_owner = follow(head + 2 * word)
    for _ in range(ROBUST_LIST_LIMIT):
        if entry == head:
            break
        try:
            following = follow(entry)
        except BadAddress:
            following = None  # this lock is still given up, then the list is over
        if entry != pending:
            handle_futex_death(task, entry + offset & mask, with_owner)
        if following is None:
            return
        entry, with_owner = following
    if pending:
        handle_futex_death(task, pending + offset & mask, pending_with_owner, pending=True)


@function(
    "int handle_futex_death(u32 __user *uaddr, struct task_struct *curr, bool pi, bool pending_op)",
    calls={"futex_wake"},
)
def handle_futex_death(task: LinuxTask, address: int, with_owner: bool, pending: bool = False) -> None:
    """Marks the word of a lock whose owner ended, and wakes somebody who waits for it (handle_futex_death).

    Args:
        task: Who ended.
        address: The word.
        with_owner: The lock is one that the kernel hands on (see `futex_pi`), so that nobody is woken here.
        pending: The thread may have been about to take or give up this lock: a free one may have lost its wake-up.

    Raises:
        BadAddress: It cannot be changed.
    """
    if address & 3:
        raise BadAddress
    value = task.memory.read_u32(address)
    if pending and not with_owner and not value:
        _wake_one(task, address)
        return
    if value & FUTEX_TID_MASK != task.vtid:
        return
    task.memory.write_u32(address, value & FUTEX_WAITERS | FUTEX_OWNER_DIED)
    if not with_owner and value & FUTEX_WAITERS:
        _wake_one(task, address)


def _wake_one(task: LinuxTask, address: int) -> None:
    with contextlib.suppress(Errno):
        futex_wake(task, address, shared=True, count=1)
