"""Futexes: who waits on which word of memory, and who holds the locks with an owner.

A word is named by a key (see `UserMemory.sharing_key`): an address space and an address, or a memory object and an
offset. Waiters on a key are woken in the order in which they came. What the words hold is the callers' business.

A *lock with an owner* is what Linux calls a priority-inheritance futex: the kernel knows who holds it, hands it on when
the owner gives it up or ends, and refuses to wait in a circle. Here it exists only while somebody waits for it. Left
out: the inheritance itself, because all tasks have the same priority here.

Sources: futex(2); kernel/futex/ of Linux 6.x.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno

if TYPE_CHECKING:
    from ring3.kernel.task import Task

Key = tuple[object, int]
"""What names a word: two words are the same if their keys are equal."""

MATCH_ANY: Final = 0xFFFF_FFFF
"""The set of all 32 channels of a word."""


class FutexWaiter:
    """A task's wait on a word.

    Attributes:
        task: Who waits.
        key: The word where it is queued; requeueing changes it.
        bitset: The channels on which it can be woken.
        queued: It waits; false once it was woken.
        target: The word of the lock that it may be moved to, if it waits for that (FUTEX_WAIT_REQUEUE_PI).
        lock: The lock it waits for.
        address: Where its task has the lock's word in memory.
    """

    __slots__ = ("address", "bitset", "key", "lock", "queued", "target", "task")

    def __init__(
        self, task: Task, key: Key, bitset: int = MATCH_ANY, target: Key | None = None, address: int = 0
    ) -> None:
        self.task = task
        self.key = key
        self.bitset = bitset
        self.queued = False
        self.target = target
        self.lock: FutexLock | None = None
        self.address = address


class FutexLock:
    """A lock with an owner, while somebody waits for it.

    Attributes:
        key: Its word.
        owner: Who holds it.
    """

    __slots__ = ("key", "owner")

    def __init__(self, key: Key, owner: Task) -> None:
        self.key = key
        self.owner = owner


class Futexes:
    """All waits of a kernel, by word."""

    def __init__(self) -> None:
        self._queues: dict[Key, OrderedDict[FutexWaiter, None]] = {}
        self._locks: dict[Key, FutexLock] = {}
        self._lock_of: dict[Task, FutexLock] = {}

    def __len__(self) -> int:
        """How many waits there are."""
        return sum(map(len, self._queues.values()))

    # -- waiting and waking --------------------------------------------------------------------------------------

    def add(self, waiter: FutexWaiter) -> None:
        """Puts a waiter at the end of its queue."""
        waiter.queued = True
        queue = self._queues.get(waiter.key)
        if queue is None:
            queue = self._queues[waiter.key] = OrderedDict()
        queue[waiter] = None

    def remove(self, waiter: FutexWaiter) -> None:
        """Takes a waiter out that gives up; nothing happens if it was woken."""
        if waiter.queued:
            waiter.queued = False
            if waiter.lock is not None:
                del self._lock_of[waiter.task]
            queue = self._queues[waiter.key]
            del queue[waiter]
            if not queue:
                del self._queues[waiter.key]
                self._locks.pop(waiter.key, None)

    def first(self, key: Key) -> FutexWaiter | None:
        """Who has waited longest on a word."""
        queue = self._queues.get(key)
        return next(iter(queue)) if queue else None

    def wake(self, key: Key, count: int = 1, bitset: int = MATCH_ANY) -> int:
        """Wakes waiters on a word; returns how many.

        Args:
            key: The word.
            count: How many at most; one if it is less than that.
            bitset: Wake only those that wait on one of these channels.

        Raises:
            Errno: EINVAL, somebody waits there for a lock; those before him were woken.
        """
        queue = self._queues.get(key)
        if queue is None:
            return 0
        woken: list[FutexWaiter] = []
        try:
            for waiter in queue:
                if waiter.lock is not None or waiter.target is not None:
                    raise Errno(E.EINVAL)
                if waiter.bitset & bitset:
                    woken.append(waiter)
                    if len(woken) >= count:
                        break
        finally:
            for waiter in woken:
                self._let_go(waiter)
        return len(woken)

    def requeue(self, source: Key, target: Key, wake: int, move: int) -> int:
        """Wakes some waiters on a word and moves others to the queue of another word.

        Args:
            source: The word.
            target: The other word.
            wake: How many to wake at most.
            move: How many to move at most.

        Returns:
            How many were woken or moved.

        Raises:
            Errno: EINVAL, somebody waits there for a lock.
        """
        done = 0
        for waiter in list(islice(self._queues.get(source, ()), wake + move)):
            if waiter.lock is not None or waiter.target is not None:
                raise Errno(E.EINVAL)
            done += 1
            if done <= wake:
                self._let_go(waiter)
            elif source != target:
                self.move(waiter, target)
        return done

    def move(self, waiter: FutexWaiter, key: Key) -> None:
        """Puts a waiter at the end of another word's queue."""
        self.remove(waiter)
        waiter.key = key
        self.add(waiter)

    def _let_go(self, waiter: FutexWaiter) -> None:
        self.remove(waiter)
        waiter.task.kernel.ready(waiter.task)

    # -- locks with an owner -------------------------------------------------------------------------------------

    def lock_at(self, key: Key) -> FutexLock | None:
        """The lock at a word, if somebody waits for it."""
        return self._locks.get(key)

    def wait_for(self, waiter: FutexWaiter, key: Key, owner: Task) -> None:
        """Queues a waiter for the lock at a word, wherever he waited before; the first one says who holds it.

        Raises:
            Errno: EDEADLK, the owner waits for a lock that the waiter's task holds; the waiter stays where he was.
        """
        lock = self._locks.get(key) or FutexLock(key, owner)
        self._check_for_circle(waiter.task, lock)
        self.remove(waiter)
        waiter.key = key
        waiter.lock = self._locks[key] = self._lock_of[waiter.task] = lock
        self.add(waiter)

    def hand_over(self, lock: FutexLock) -> None:
        """Gives a lock to who has waited longest."""
        waiter = next(iter(self._queues[lock.key]))
        lock.owner = waiter.task
        self.grant(waiter)

    def grant(self, waiter: FutexWaiter) -> None:
        """Lets a waiter go on as the owner of the lock that it waits for."""
        self._let_go(waiter)

    def held_by(self, task: Task) -> list[FutexLock]:
        """The locks of a task that others wait for."""
        return [lock for lock in self._locks.values() if lock.owner is task]

    def _check_for_circle(self, task: Task, lock: FutexLock) -> None:
        next_lock: FutexLock | None = lock
        while next_lock is not None:
            if next_lock.owner is task:
                raise Errno(E.EDEADLK)
            next_lock = self._lock_of.get(next_lock.owner)
