"""Futexes that are locks with an owner: the PI operations of futex(2).

The word of such a lock holds its owner's number, and bits that say that somebody waits or that the owner ended. The
kernel looks at it and changes it: it hands a lock on by storing the new owner's number. Follows kernel/futex/pi.c and
requeue.c of Linux 6.x. Left out: the inheritance of priorities.
"""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.kernel.futex import FutexLock, FutexWaiter, Key
from ring3.kernel.mm.usercopy import BadAddress
from ring3.kernel.wait import UNTIL_READY, Bound, Timeout
from ring3.linux.futexes.word import FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, Deadline, get_futex_key

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]


def _owner(lock: FutexLock) -> LinuxTask:
    return cast("LinuxTask", lock.owner)


def _number(waiter: FutexWaiter) -> int:
    """What a waiter calls itself in the word."""
    return cast("LinuxTask", waiter.task).vtid


def _take(
    task: LinuxTask, address: int, key: Key, taker: LinuxTask, contended: bool = False
) -> LinuxTask | None:
    """Takes a lock that is free; marks it as contended otherwise (futex_lock_pi_atomic).

    Args:
        task: In whose memory the word is looked at.
        address: The word.
        key: Its name.
        taker: Who wants the lock.
        contended: Mark it as contended in any case.

    Returns:
        None if the taker has it now, else its owner.

    Raises:
        Errno: EDEADLK, the taker has it already; EINVAL, the word does not say who owns it, or others wait there for
            something else; ESRCH, its owner is gone; EFAULT.
    """
    futexes, memory = task.kernel.futexes, task.memory
    word = memory.read_u32(address)
    number = word & FUTEX_TID_MASK
    if number == taker.vtid:
        raise Errno(E.EDEADLK)
    if futexes.first(key) is not None:
        lock = futexes.lock_at(key)
        if lock is None or ((number or not word & FUTEX_OWNER_DIED) and number != _owner(lock).vtid):
            raise Errno(E.EINVAL)
        return _owner(lock)
    if not number:
        memory.write_u32(address, word & FUTEX_OWNER_DIED | taker.vtid | (FUTEX_WAITERS if contended else 0))
        return None
    memory.write_u32(address, word | FUTEX_WAITERS)
    owner = task.kernel.thread(task.pid_ns.found(number))
    if owner is None:
        raise Errno(E.ESRCH)
    return owner


@function(
    "int futex_lock_pi(u32 __user *uaddr, unsigned int flags, ktime_t *time, int trylock)",
    calls={"get_futex_key"},
)
def futex_lock_pi(task: LinuxTask, address: int, shared: bool, deadline: Deadline | None) -> int | Waiting:
    """Takes a lock, waiting for it.

    Raises:
        Errno: As `_take`; ETIMEDOUT; ERESTARTNOINTR, a signal came.
    """
    key = get_futex_key(task, address, shared, write=True)
    owner = _take(task, address, key, task)
    return 0 if owner is None else _wait(task, FutexWaiter(task, key, address=address), owner, deadline)


async def _wait(task: LinuxTask, waiter: FutexWaiter, owner: LinuxTask, deadline: Deadline | None) -> int:
    """Waits for a lock: who releases it stores the waiter's number in the word before he wakes him."""
    futexes = task.kernel.futexes
    futexes.wait_for(waiter, waiter.key, owner)
    timeout = None
    try:
        if deadline is not None:
            timeout = Timeout(task, *deadline)
        while waiter.queued:
            if timeout is not None and timeout.passed:
                raise Errno(E.ETIMEDOUT)
            if task.interrupted():
                raise Errno(E.ERESTARTNOINTR)
            await UNTIL_READY
    finally:
        futexes.remove(waiter)
        if timeout is not None:
            timeout.cancel()
    return 0


def try_lock(task: LinuxTask, address: int, shared: bool) -> int:
    """Takes a lock that is free although its word does not look so.

    Raises:
        Errno: EAGAIN, somebody has it; else as `_take`.
    """
    if _take(task, address, get_futex_key(task, address, shared, write=True), task) is not None:
        raise Errno(E.EAGAIN)
    return 0


@function(
    "int futex_unlock_pi(u32 __user *uaddr, unsigned int flags)",
    calls={"get_futex_key"},
)
def futex_unlock_pi(task: LinuxTask, address: int, shared: bool) -> int:
    """Gives a lock up: to who has waited longest, if somebody does.

    Raises:
        Errno: EPERM, the caller does not have it; EINVAL, others wait there for something else; EFAULT.
    """
    futexes, memory = task.kernel.futexes, task.memory
    word = memory.read_u32(address)
    if word & FUTEX_TID_MASK != task.vtid:
        raise Errno(E.EPERM)
    key = get_futex_key(task, address, shared, write=True)
    if futexes.first(key) is None:
        memory.write_u32(address, 0)
        return 0
    held = futexes.lock_at(key)
    if held is None or held.owner is not task:
        raise Errno(E.EINVAL)
    memory.write_u32(address, FUTEX_WAITERS | _number(_heir(task, held)))
    futexes.hand_over(held)
    return 0


def _heir(task: LinuxTask, held: FutexLock) -> FutexWaiter:
    first = task.kernel.futexes.first(held.key)
    assert first is not None, "a lock lasts as long as somebody waits for it"
    return first


@function("void exit_pi_state_list(struct task_struct *curr)")
def exit_pi_state_list(task: LinuxTask) -> None:
    """A thread ends: hands its locks on to those who wait for them (exit_pi_state_list)."""
    futexes = task.kernel.futexes
    for held in futexes.held_by(task):
        heir = _heir(task, held)
        with contextlib.suppress(BadAddress):  # the heir will find that he cannot use the word
            heir.task.memory.write_u32(heir.address, FUTEX_OWNER_DIED | FUTEX_WAITERS | _number(heir))
        futexes.hand_over(held)


# -- condition variables over such locks -------------------------------------------------------------------------


@function(
    "int futex_wait_requeue_pi(u32 __user *uaddr, unsigned int flags, u32 val, ktime_t *abs_time, "
    "u32 bitset, u32 __user *uaddr2)",
    calls={"get_futex_key"},
)
def futex_wait_requeue_pi(
    task: LinuxTask, address: int, shared: bool, value: int, deadline: Deadline | None, target: int
) -> Waiting:
    """Waits on a word to be moved to the queue of a lock (FUTEX_WAIT_REQUEUE_PI).

    Raises:
        Errno: EINVAL, both are the same; EAGAIN, the word has another value, or a signal came after the move;
            ERESTARTNOINTR, a signal came before; ETIMEDOUT; EFAULT.
    """
    if address == target:
        raise Errno(E.EINVAL)
    target_key = get_futex_key(task, target, shared, write=True)
    key = get_futex_key(task, address, shared)
    if task.memory.read_u32(address) != value:
        raise Errno(E.EAGAIN)
    if key == target_key:
        raise Errno(E.EINVAL)
    return _wait_to_be_moved(task, FutexWaiter(task, key, target=target_key, address=target), deadline)


async def _wait_to_be_moved(task: LinuxTask, waiter: FutexWaiter, deadline: Deadline | None) -> int:
    futexes = task.kernel.futexes
    timeout = None if deadline is None else Timeout(task, *deadline)
    futexes.add(waiter)
    try:
        while waiter.queued:
            if timeout is not None and timeout.passed:
                raise Errno(E.ETIMEDOUT)
            if task.interrupted():
                raise Errno(E.ERESTARTNOINTR if waiter.lock is None else E.EAGAIN)
            with Bound(task):  # once it was moved, its arguments say the wrong thing
                await UNTIL_READY
    finally:
        futexes.remove(waiter)
        if timeout is not None:
            timeout.cancel()
    return 0


def requeue(
    task: LinuxTask, address: int, target: int, shared: bool, counts: tuple[int, int], value: int
) -> int:
    """Gives a lock to the first waiter, or queues him for it, and queues more (FUTEX_CMP_REQUEUE_PI).

    Returns:
        How many got the lock or were queued for it.

    Raises:
        Errno: EINVAL, not one is to be woken, or somebody does not wait to be moved there; EAGAIN, the word has another
            value; else as `_take`.
    """
    if min(counts) < 0 or address == target or counts[0] != 1:
        raise Errno(E.EINVAL)
    futexes = task.kernel.futexes
    key, target_key = get_futex_key(task, address, shared), get_futex_key(task, target, shared, write=True)
    if key == target_key:
        raise Errno(E.EINVAL)
    if task.memory.read_u32(address) != value:
        raise Errno(E.EAGAIN)
    done = 0
    while done < 1 + counts[1]:
        waiter = futexes.first(key)
        if waiter is None:
            break
        if waiter.target != target_key:
            raise Errno(E.EINVAL)
        _move(task, waiter, target, target_key, bool(counts[1]))
        done += 1
    return done


def _move(task: LinuxTask, waiter: FutexWaiter, address: int, key: Key, contended: bool) -> None:
    futexes = task.kernel.futexes
    owner = _take(task, address, key, cast("LinuxTask", waiter.task), contended)
    if owner is None:
        futexes.grant(waiter)
        return
    futexes.wait_for(waiter, key, owner)
