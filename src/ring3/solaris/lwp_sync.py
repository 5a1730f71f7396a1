"""Mutexes, conditions and semaphores that the kernel knows: those that processes share (lwp_mutex_t and its like).

Their words lie in programs' memory, where libc works on them too; here are those that wait. What is shared is found by
the object that is mapped, so that each process may have it at another address. A robust mutex whose owner's process has
ended is given to who asks next, with EOWNERDEAD.

Source: usr/src/uts/common/syscall/lwp_sobj.c, sys/synch.h and sys/synch32.h of illumos-gate.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Address, Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.wait import WaitQueue, wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import timespec

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

MUTEX_SIZE: Final = 24
_FLAG1, _TYPE, _OWNERPID, _WAITERS, _LOCKW = 0, 4, 8, 14, 15
"""Where things are in a lwp_mutex_t."""
LOCK_OWNERDEAD: Final = 1
LOCK_NOTRECOVERABLE: Final = 2
LOCK_ROBUST: Final = 0x40
_COND_WAITERS: Final = 3
"""cond_waiters_kernel in a lwp_cond_t."""
_SEMA_WAITERS: Final = 15
SEM_VALUE_MAX: Final = 0x7FFF_FFFF

Key = tuple[Any, int]


class Sleeper:
    """One lwp that waits at a word.

    Attributes:
        queue: What wakes it.
        woken: It was chosen to go on.
    """

    __slots__ = ("queue", "woken")

    def __init__(self) -> None:
        self.queue = WaitQueue()
        self.woken = False


class Sleepers:
    """All that wait, by what they wait at, in the order in which they came."""

    def __init__(self) -> None:
        self._at: dict[Key, deque[Sleeper]] = {}

    async def sleep(self, task: SolarisTask, key: Key, deadline: int | None) -> bool:
        """Waits to be chosen; whether it was, before the time was over.

        Raises:
            Errno: EINTR.
        """
        sleeper = Sleeper()
        queue = self._at.setdefault(key, deque())
        queue.append(sleeper)
        try:
            return await wait_event(task, sleeper.queue, lambda: sleeper.woken, deadline)
        finally:
            if sleeper in queue:
                queue.remove(sleeper)
            if not queue and self._at.get(key) is queue:
                del self._at[key]

    def wake(self, key: Key, most: int) -> bool:
        """Lets those go on that have waited longest; whether others still wait."""
        queue = self._at.get(key)
        while queue and most:
            sleeper = queue.popleft()
            sleeper.woken = True
            sleeper.queue.wake()
            most -= 1
        return bool(queue)

    def wake_all(self) -> None:
        """Lets everybody look again."""
        for key in list(self._at):
            self.wake(key, -1)


def _key(task: SolarisTask, address: int) -> Key:
    if address & 3:
        raise Errno(SolarisE.EINVAL)
    task.memory.physical(address, write=True)
    owner, offset = task.memory.sharing_key(address)
    return (owner, address) if owner is task.memory else (owner, offset)


def _byte(task: SolarisTask, address: int) -> int:
    return task.memory.read(address, 1)[0]


def _deadline(task: SolarisTask, tsp: int) -> int | None:
    return task.kernel.clocks.monotonic() + timespec(task, tsp) if tsp else None


def _owner_is_gone(kernel: SolarisKernel, pid: int) -> bool:
    owner = kernel.processes.get(pid)
    return owner is None or owner.exited


def _take(task: SolarisTask, lp: int) -> bool:
    """Takes a mutex if it is free.

    Raises:
        Errno: EOWNERDEAD, it was taken from a process that has ended; ENOTRECOVERABLE; EFAULT.
    """
    memory = task.memory
    robust = _byte(task, lp + _TYPE) & LOCK_ROBUST
    flags = int.from_bytes(memory.read(lp + _FLAG1, 2), "little")
    if robust and flags & LOCK_NOTRECOVERABLE:
        raise Errno(SolarisE.ENOTRECOVERABLE)
    held = _byte(task, lp + _LOCKW)
    dead = robust and held and _owner_is_gone(task.kernel, memory.read_u32(lp + _OWNERPID))
    if held and not dead:
        return False
    memory.write(lp + _LOCKW, b"\1")
    memory.write_u32(lp + _OWNERPID, task.pid)
    if dead:
        memory.write(lp + _FLAG1, (flags | LOCK_OWNERDEAD).to_bytes(2, "little"))
    if dead or (robust and flags & LOCK_OWNERDEAD):
        raise Errno(SolarisE.EOWNERDEAD)
    return True


def _release(task: SolarisTask, lp: int) -> None:
    memory, key = task.memory, _key(task, lp)
    flags = int.from_bytes(memory.read(lp + _FLAG1, 2), "little")
    everybody = 1
    if flags & LOCK_OWNERDEAD and _byte(task, lp + _TYPE) & LOCK_ROBUST:
        flags = flags & ~LOCK_OWNERDEAD | LOCK_NOTRECOVERABLE  # nobody has made it consistent
        memory.write(lp + _FLAG1, flags.to_bytes(2, "little"))
        everybody = -1
    memory.write_u32(lp + _OWNERPID, 0)
    memory.write(lp + _LOCKW, b"\0")
    others = task.kernel.sleepers.wake(key, everybody)
    memory.write(lp + _WAITERS, bytes([others]))


@syscall("full")
async def lwp_mutex_timedlock(task: SolarisTask, lp: Address, tsp: Address, owner: UnsignedLong) -> int:
    """Locks a mutex, waiting for that as long as a time says."""
    key, deadline = _key(task, lp), _deadline(task, tsp)
    while not _take(task, lp):
        task.memory.write(lp + _WAITERS, b"\1")
        if not await task.kernel.sleepers.sleep(task, key, deadline):
            raise Errno(SolarisE.ETIME)
    return 0


@syscall("full")
def lwp_mutex_trylock(task: SolarisTask, lp: Address, owner: UnsignedLong) -> int:
    """Locks a mutex if it is free."""
    if not _take(task, lp):
        raise Errno(SolarisE.EBUSY)
    return 0


@syscall("full")
def lwp_mutex_unlock(task: SolarisTask, lp: Address) -> int:
    """Gives a mutex up, and lets one who waits for it look again."""
    _release(task, lp)
    return 0


@syscall("full")
def lwp_mutex_wakeup(task: SolarisTask, lp: Address, release_all: Int) -> int:
    """Lets one who waits for a mutex that libc has given up look again, or all."""
    others = task.kernel.sleepers.wake(_key(task, lp), -1 if release_all else 1)
    task.memory.write(lp + _WAITERS, bytes([others]))
    return 0


@syscall("full")
def lwp_mutex_register(task: SolarisTask, lp: Address, uaddr: UnsignedLong) -> int:
    """Tells the kernel of a robust mutex; it is known by its type, too, when its owner has ended."""
    task.memory.read(lp, MUTEX_SIZE)
    return 0


@syscall("full")
async def lwp_cond_wait(task: SolarisTask, cv: Address, mp: Address, tsp: Address, check_park: Int) -> int:
    """Gives a mutex up and waits for a condition; who goes on locks the mutex anew."""
    key, deadline = _key(task, cv), _deadline(task, tsp)
    if mp:
        _release(task, mp)
    task.memory.write(cv + _COND_WAITERS, b"\1")
    if not await task.kernel.sleepers.sleep(task, key, deadline):
        raise Errno(SolarisE.ETIME)
    return 0


def _signal(task: SolarisTask, cv: int, most: int) -> int:
    others = task.kernel.sleepers.wake(_key(task, cv), most)
    task.memory.write(cv + _COND_WAITERS, bytes([others]))
    return 0


@syscall("full")
def lwp_cond_signal(task: SolarisTask, cv: Address) -> int:
    """Lets one go on that waits for a condition."""
    return _signal(task, cv, 1)


@syscall("full")
def lwp_cond_broadcast(task: SolarisTask, cv: Address) -> int:
    """Lets all go on."""
    return _signal(task, cv, -1)


def _take_one(task: SolarisTask, lsp: int) -> bool:
    count = task.memory.read_u32(lsp)
    if count:
        task.memory.write_u32(lsp, count - 1)
    return bool(count)


@syscall("full")
async def lwp_sema_timedwait(task: SolarisTask, lsp: Address, tsp: Address, check_park: Int) -> int:
    """Takes one of a semaphore's, waiting for that as long as a time says."""
    key, deadline = _key(task, lsp), _deadline(task, tsp)
    while not _take_one(task, lsp):
        task.memory.write(lsp + _SEMA_WAITERS, b"\1")
        if not await task.kernel.sleepers.sleep(task, key, deadline):
            raise Errno(SolarisE.ETIME)
    return 0


@syscall("full")
def lwp_sema_trywait(task: SolarisTask, lsp: Address) -> int:
    """Takes one if there is one."""
    _key(task, lsp)
    if not _take_one(task, lsp):
        raise Errno(SolarisE.EBUSY)
    return 0


@syscall("full")
def lwp_sema_post(task: SolarisTask, lsp: Address) -> int:
    """Gives a semaphore one more."""
    key, count = _key(task, lsp), task.memory.read_u32(lsp)
    if count >= SEM_VALUE_MAX:
        raise Errno(SolarisE.EOVERFLOW)
    task.memory.write_u32(lsp, count + 1)
    others = task.kernel.sleepers.wake(key, 1)
    task.memory.write(lsp + _SEMA_WAITERS, bytes([others]))
    return 0
