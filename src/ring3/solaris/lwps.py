"""lwps: parking, suspending, waiting for their end, giving way (usr/src/uts/common/syscall/lwp_*.c, os/lwp.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.wait import wait_event
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

_NANOSECONDS: Final = 10**9
_TIMESPEC: Final = {False: struct.Struct("<qq"), True: struct.Struct("<ii")}
"""Two longs, of 64 or (True) 32 bits."""


def timespec(task: SolarisTask, address: int) -> int:
    """A ``timespec_t`` of a program, in nanoseconds.

    Raises:
        Errno: EFAULT; EINVAL, it is negative or its nanoseconds are not below a second.
    """
    form = _TIMESPEC[task.ilp32]
    seconds, nanoseconds = form.unpack(task.memory.read(address, form.size))
    if seconds < 0 or not 0 <= nanoseconds < _NANOSECONDS:
        raise Errno(SolarisE.EINVAL)
    return int(seconds * _NANOSECONDS + nanoseconds)


def store_timespec(task: SolarisTask, address: int, nanoseconds: int) -> None:
    """Stores nanoseconds as a ``timespec_t``."""
    task.memory.write(address, pack_pair(task, divmod(nanoseconds, _NANOSECONDS)))


def pack_pair(task: SolarisTask, pair: tuple[int, int]) -> bytes:
    """Seconds and their fraction as a program's ``timespec_t`` or ``struct timeval``.

    Raises:
        Errno: EOVERFLOW, the seconds are too many for a 32-bit program.
    """
    try:
        return _TIMESPEC[task.ilp32].pack(*pair)
    except struct.error:
        raise Errno(SolarisE.EOVERFLOW) from None


async def _park(task: SolarisTask, timeout: int) -> int:
    clocks = task.kernel.clocks
    deadline = clocks.monotonic() + timespec(task, timeout) if timeout else None
    try:
        if not await wait_event(task, task.sleeping, lambda: task.unparked, deadline):
            raise Errno(SolarisE.ETIME)
    except Errno:
        if deadline is not None:
            store_timespec(task, timeout, max(0, deadline - clocks.monotonic()))
        raise
    finally:
        task.unparked = False
    if deadline is not None:
        store_timespec(task, timeout, max(0, deadline - clocks.monotonic()))
    return 0


def _unpark(task: SolarisTask, lwpid: int) -> int:
    lwp = task.process.lwps.get(lwpid)
    if lwp is None:
        raise Errno(SolarisE.ESRCH)
    lwp.unparked = True
    lwp.sleeping.wake()
    return 0


@syscall("full")
def syslwp_park(task: SolarisTask, which: Int, uaddr: UnsignedLong, arg: UnsignedLong) -> int | Waiting:
    """Parks the calling lwp (0), unparks one (1) or several (2); who was unparked before does not park."""
    if which == 0:
        if arg:
            _unpark(task, arg)
        if task.unparked:
            task.unparked = False
            return 0
        return _park(task, uaddr)
    if which == 1:
        return _unpark(task, uaddr)
    if which == 2:
        ids = memoryview(task.memory.read(uaddr, 4 * arg)).cast("i")
        for lwpid in ids:
            if lwpid in task.process.lwps:
                _unpark(task, lwpid)
        return 0
    raise Errno(SolarisE.EINVAL)


@syscall("full")
def lwp_self(task: SolarisTask) -> int:
    """The calling lwp's number."""
    return task.lwpid


@syscall("full")
def yield_(task: SolarisTask) -> int:
    """Lets others run."""
    if task.kernel.has_others():
        task.kernel.preempt(task)
    return 0


@syscall("full")
def lwp_detach(task: SolarisTask, lwpid: Int) -> int:
    """Nobody will wait for an lwp's end."""
    process = task.process
    lwp = process.lwps.get(lwpid)
    if lwp is not None:
        if lwp.detached:
            raise Errno(SolarisE.EINVAL)
        lwp.detached = True
    elif process.zombies.pop(lwpid, None) is None:
        raise Errno(SolarisE.ESRCH)
    return 0


@syscall("full")
async def lwp_wait(task: SolarisTask, lwpid: Int, departed: Address) -> int:
    """Waits until an lwp has ended, or any (0), and stores its number."""
    process = task.process

    def ended() -> int:
        if lwpid:
            return lwpid if lwpid in process.zombies else 0
        return next(iter(process.zombies), 0)

    if lwpid == task.lwpid:
        raise Errno(SolarisE.EDEADLK)
    lwp = process.lwps.get(lwpid)
    if lwpid and not ended():
        if lwp is None:
            raise Errno(SolarisE.ESRCH)
        if lwp.detached:
            raise Errno(SolarisE.EINVAL)
    await wait_event(task, process.changed, lambda: bool(ended()))
    found = ended()
    del process.zombies[found]
    if departed:
        task.memory.write_u32(departed, found)
    return 0


@syscall("full")
def syslwp_continue(task: SolarisTask, tid: Int) -> int:
    """Lets a suspended lwp run."""
    lwp = task.process.lwps.get(tid)
    if lwp is None:
        raise Errno(SolarisE.ESRCH)
    if lwp.suspended:
        lwp.suspended = False
        task.kernel.unsuspend(lwp)
    return 0


@syscall("full")
def syslwp_suspend(task: SolarisTask, tid: Int) -> int:
    """Takes an lwp from the processor until it is continued; one that waits goes on waiting."""
    lwps = task.process.lwps
    lwp = lwps.get(tid)
    if lwp is None:
        raise Errno(SolarisE.ESRCH)
    if lwp is task and all(other.suspended for other in lwps.values() if other is not task):
        raise Errno(SolarisE.EDEADLK)
    if not lwp.suspended:
        lwp.suspended = True
        task.kernel.suspend(lwp)
    return 0


@syscall("partial", "the time that the lwp had the processor, all of it user time")
def lwp_info(task: SolarisTask, tvp: Address) -> int:
    """Stores the user and the system time of the lwp."""
    store_timespec(task, tvp, task.kernel.cpu_time(task))
    store_timespec(task, tvp + task.bits // 4, 0)
    return 0
