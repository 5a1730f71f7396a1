"""Waiting on a word of memory, and waking who does (kernel/futex/waitwake.c and requeue.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.futex import MATCH_ANY, FutexWaiter
from ring3.kernel.task import GivenUp
from ring3.kernel.wait import UNTIL_READY, Timeout, keep_deadline
from ring3.linux.futexes.word import Deadline, get_futex_key

if TYPE_CHECKING:
    from ring3.kernel.futex import Key
    from ring3.kernel.signature import Result
    from ring3.linux.model.task import LinuxTask


@function(
    "int futex_wait(u32 __user *uaddr, unsigned int flags, u32 val, ktime_t *abs_time, u32 bitset)",
    calls={"get_futex_key"},
)
def futex_wait(
    task: LinuxTask,
    address: int,
    shared: bool,
    value: int,
    deadline: Deadline | None,
    bitset: int = MATCH_ANY,
) -> Result:
    """Waits until the word is woken on one of the channels, if it has the value.

    Raises:
        Errno: EINVAL, no channel or a bad address; EAGAIN, the word has another value; EFAULT; ETIMEDOUT;
            ERESTARTSYS or (with a deadline) ERESTART_RESTARTBLOCK, a signal came.
    """
    if not bitset:
        raise Errno(E.EINVAL)
    key = get_futex_key(task, address, shared)
    if task.memory.read_u32(address) != value:
        raise Errno(E.EAGAIN)
    waiter = FutexWaiter(task, key, bitset)
    if deadline is None:
        return _sleep_untimed(task, waiter)
    return _sleep_until(
        task, waiter, deadline, lambda: futex_wait(task, address, shared, value, deadline, bitset)
    )


async def _sleep_untimed(task: LinuxTask, waiter: FutexWaiter) -> int:
    futexes = task.kernel.futexes
    futexes.add(waiter)
    try:
        while waiter.queued:
            if task.interrupted():
                raise Errno(E.ERESTARTSYS)
            await UNTIL_READY
    finally:
        futexes.remove(waiter)
    return 0


async def _sleep_until(
    task: LinuxTask, waiter: FutexWaiter, deadline: Deadline, again: Callable[[], Result]
) -> int:
    futexes = task.kernel.futexes
    timeout = Timeout(task, *deadline)
    futexes.add(waiter)
    try:
        while waiter.queued:
            if timeout.passed:
                raise Errno(E.ETIMEDOUT)
            if task.interrupted():
                task.restart = again
                raise Errno(E.ERESTART_RESTARTBLOCK)
            await UNTIL_READY
    except GivenUp:
        keep_deadline(task, deadline[0])
        raise
    finally:
        futexes.remove(waiter)
        timeout.cancel()
    return 0


@function("int futex_wait_multiple(struct futex_vector *vs, unsigned int count, struct hrtimer_sleeper *to)")
async def futex_wait_multiple(task: LinuxTask, keys: list[Key], deadline: Deadline | None) -> int:
    """Waits until one of several words is woken; returns the index of the last such.

    Raises:
        Errno: ETIMEDOUT; ERESTARTSYS, a signal came.
    """
    futexes = task.kernel.futexes
    waiters = [FutexWaiter(task, key) for key in keys]
    timeout = None if deadline is None else Timeout(task, *deadline)
    for waiter in waiters:
        futexes.add(waiter)
    try:
        while True:
            woken = [index for index, waiter in enumerate(waiters) if not waiter.queued]
            if woken:
                return woken[-1]
            if timeout is not None and timeout.passed:
                raise Errno(E.ETIMEDOUT)
            if task.interrupted():
                raise Errno(E.ERESTARTSYS)
            await UNTIL_READY
    finally:
        for waiter in waiters:
            futexes.remove(waiter)
        if timeout is not None:
            timeout.cancel()


@function(
    "int futex_wake(u32 __user *uaddr, unsigned int flags, int nr_wake, u32 bitset)",
    calls={"get_futex_key"},
)
def futex_wake(task: LinuxTask, address: int, shared: bool, count: int, bitset: int = MATCH_ANY) -> int:
    """Wakes waiters on a word; returns how many.

    Raises:
        Errno: EINVAL, no channel, a bad address, or somebody waits there for a lock; EFAULT.
    """
    if not bitset:
        raise Errno(E.EINVAL)
    return task.kernel.futexes.wake(get_futex_key(task, address, shared), count, bitset)


@function(
    "int futex_requeue(u32 __user *uaddr1, unsigned int flags1, u32 __user *uaddr2, "
    "unsigned int flags2, int nr_wake, int nr_requeue, u32 *cmpval, int requeue_pi)",
    calls={"get_futex_key"},
)
def futex_requeue(
    task: LinuxTask,
    address: int,
    target: int,
    shared: tuple[bool, bool],
    counts: tuple[int, int],
    value: int | None,
) -> int:
    """Wakes some waiters and moves others to another word, if the word has the value."""
    if min(counts) < 0:
        raise Errno(E.EINVAL)
    keys = get_futex_key(task, address, shared[0]), get_futex_key(task, target, shared[1])
    if value is not None and task.memory.read_u32(address) != value:
        raise Errno(E.EAGAIN)
    return task.kernel.futexes.requeue(*keys, *counts)
