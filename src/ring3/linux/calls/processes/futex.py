"""futex(2), futex_waitv and the calls that make one of each of its operations.

Follows kernel/futex/syscalls.c, waitwake.c and requeue.c of Linux 6.x. Operations on locks with an owner are in
`futex_pi`. Left out: futexes of another size than 32 bits and those bound to a NUMA node, which are EINVAL.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.processes import FUTEX_WAITV
from ring3.kernel.functions import function
from ring3.kernel.wait import deadline_after
from ring3.linux.definition import syscall
from ring3.linux.futexes import pi as futex_pi
from ring3.linux.futexes.waitwake import futex_requeue, futex_wait, futex_wait_multiple, futex_wake
from ring3.linux.futexes.wake_op import futex_wake_op, signed
from ring3.linux.futexes.word import Deadline, get_futex_key
from ring3.linux.timers.clocks import CLOCK_MONOTONIC, CLOCK_REALTIME
from ring3.linux.timers.timespec import FOREVER, read_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Result = int | Coroutine[Any, Any, int]

FUTEX_WAIT: Final = 0
FUTEX_WAKE: Final = 1
FUTEX_REQUEUE: Final = 3
FUTEX_CMP_REQUEUE: Final = 4
FUTEX_WAKE_OP: Final = 5
FUTEX_LOCK_PI: Final = 6
FUTEX_UNLOCK_PI: Final = 7
FUTEX_TRYLOCK_PI: Final = 8
FUTEX_WAIT_BITSET: Final = 9
FUTEX_WAKE_BITSET: Final = 10
FUTEX_WAIT_REQUEUE_PI: Final = 11
FUTEX_CMP_REQUEUE_PI: Final = 12
FUTEX_LOCK_PI2: Final = 13
FUTEX_PRIVATE_FLAG: Final = 128
FUTEX_CLOCK_REALTIME: Final = 256
_COMMAND: Final = ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)

_TIMED: Final = frozenset(
    (FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_WAIT_REQUEUE_PI)
)
_BY_EITHER_CLOCK: Final = frozenset((FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2))

FUTEX2_SIZE_U32: Final = 2
FUTEX2_PRIVATE: Final = FUTEX_PRIVATE_FLAG
FUTEX_WAITV_MAX: Final = 128
_WAITV: Final = FUTEX_WAITV.form(64)


# -- futex(2) ----------------------------------------------------------------------------------------------------


class _Request(NamedTuple):
    """The arguments of futex(2): ``counts`` are the second and third as numbers, ``third`` is the last one."""

    task: LinuxTask
    address: int
    shared: bool
    value: int
    deadline: Deadline | None
    counts: tuple[int, int]
    target: int
    third: int


_BY_COMMAND: Final[dict[int, Callable[[_Request], Result]]] = {
    FUTEX_WAIT_BITSET: lambda r: futex_wait(r.task, r.address, r.shared, r.value, r.deadline, r.third),
    FUTEX_WAKE_BITSET: lambda r: futex_wake(r.task, r.address, r.shared, r.counts[0], r.third),
    FUTEX_REQUEUE: lambda r: futex_requeue(r.task, r.address, r.target, (r.shared, r.shared), r.counts, None),
    FUTEX_CMP_REQUEUE: lambda r: futex_requeue(
        r.task, r.address, r.target, (r.shared, r.shared), r.counts, r.third
    ),
    FUTEX_WAKE_OP: lambda r: futex_wake_op(r.task, r.address, r.target, r.shared, r.counts, r.third),
    FUTEX_LOCK_PI: lambda r: futex_pi.futex_lock_pi(r.task, r.address, r.shared, r.deadline),
    FUTEX_LOCK_PI2: lambda r: futex_pi.futex_lock_pi(r.task, r.address, r.shared, r.deadline),
    FUTEX_TRYLOCK_PI: lambda r: futex_pi.try_lock(r.task, r.address, r.shared),
    FUTEX_UNLOCK_PI: lambda r: futex_pi.futex_unlock_pi(r.task, r.address, r.shared),
    FUTEX_WAIT_REQUEUE_PI: lambda r: futex_pi.futex_wait_requeue_pi(
        r.task, r.address, r.shared, r.value, r.deadline, r.target
    ),
    FUTEX_CMP_REQUEUE_PI: lambda r: futex_pi.requeue(
        r.task, r.address, r.target, r.shared, r.counts, r.third
    ),
}


@function(
    "long do_futex(u32 __user *uaddr, int op, u32 val, ktime_t *timeout, u32 __user *uaddr2, "
    "u32 val2, u32 val3)",
    calls={
        "futex_lock_pi",
        "futex_requeue",
        "futex_unlock_pi",
        "futex_wait",
        "futex_wait_requeue_pi",
        "futex_wake",
        "futex_wake_op",
        "get_futex_key",
    },
)
def do_futex(
    task: LinuxTask, address: int, op: int, value: int, utime: int, target: int, third: int, bits: int
) -> Result:
    """Does an operation of futex(2)."""
    command, shared = op & _COMMAND, not op & FUTEX_PRIVATE_FLAG
    deadline = None
    if utime and command in _TIMED:
        deadline = _deadline(task, command, op, read_timespec(task, utime, bits))
    if op & FUTEX_CLOCK_REALTIME and command not in _BY_EITHER_CLOCK:
        raise Errno(E.ENOSYS)
    if command == FUTEX_WAIT:
        return futex_wait(task, address, shared, value, deadline)
    if command == FUTEX_WAKE:
        return task.kernel.futexes.wake(get_futex_key(task, address, shared), signed(value))
    operation = _BY_COMMAND.get(command)
    if operation is None:
        raise Errno(E.ENOSYS)
    counts = signed(value), signed(utime)
    return operation(_Request(task, address, shared, value, deadline, counts, target, third))


def _deadline(task: LinuxTask, command: int, op: int, time: int) -> Deadline:
    """When an operation times out: FUTEX_WAIT's time is an interval, FUTEX_LOCK_PI's always one of the wall clock."""
    if command == FUTEX_WAIT:
        return min(deadline_after(task, time), FOREVER), False
    return _at(task, time, wall=command == FUTEX_LOCK_PI or bool(op & FUTEX_CLOCK_REALTIME))


def _at(task: LinuxTask, time: int, *, wall: bool) -> Deadline:
    """The deadline at a time of the wall clock, or of the monotonic clock of the task's namespace."""
    return (time, True) if wall else (time - task.namespaces.time.monotonic, False)


@syscall(
    "partial",
    "no priority inheritance: FUTEX_LOCK_PI and its relatives do not change who runs when",
    sys_futex_time32=32,
)
def sys_futex(
    task: LinuxTask,
    uaddr: Pointer,
    op: Int,
    val: UnsignedInt,
    utime: Pointer,
    uaddr2: Pointer,
    val3: UnsignedInt,
    *,
    bits: int = 64,
) -> Result:
    """Waits on a word of memory, or wakes those who do."""
    return do_futex(task, uaddr, op, val, utime, uaddr2, val3, bits)


# -- one call an operation ---------------------------------------------------------------------------------------


def _is_private(flags: int, *values: int) -> bool:
    """Checks the flags of a futex and the values that must fit into it; returns whether it is private.

    Raises:
        Errno: EINVAL, unknown flags, a size other than 32 bits, or a value that does not fit.
    """
    if flags & ~(FUTEX2_PRIVATE | 3) or flags & 3 != FUTEX2_SIZE_U32 or any(value >> 32 for value in values):
        raise Errno(E.EINVAL)
    return bool(flags & FUTEX2_PRIVATE)


def _timeout_by(task: LinuxTask, timeout: int, clock: int) -> Deadline | None:
    if not timeout:
        return None
    if clock not in (CLOCK_REALTIME, CLOCK_MONOTONIC):
        raise Errno(E.EINVAL)
    return _at(task, read_timespec(task, timeout), wall=clock == CLOCK_REALTIME)


@syscall("full")
def sys_futex_wake(task: LinuxTask, uaddr: Pointer, mask: UnsignedLong, nr: Int, flags: UnsignedInt) -> int:
    """Wakes waiters on a word."""
    shared = not _is_private(flags, mask)
    if not mask:
        raise Errno(E.EINVAL)
    key = get_futex_key(task, uaddr, shared)
    return task.kernel.futexes.wake(key, nr, mask) if nr else 0


@syscall("full")
def sys_futex_wait(
    task: LinuxTask,
    uaddr: Pointer,
    val: UnsignedLong,
    mask: UnsignedLong,
    flags: UnsignedInt,
    timeout: Pointer,
    clockid: Int,
) -> Result:
    """Waits on a word."""
    shared = not _is_private(flags, val, mask)
    deadline = _timeout_by(task, timeout, clockid)
    waiting = futex_wait(task, uaddr, shared, val, deadline, mask)
    return waiting if isinstance(waiting, int) else _restarted_whole(waiting)


async def _restarted_whole(waiting: Coroutine[Any, Any, int]) -> int:
    """A wait whose deadline is absolute and stands in the arguments: it is simply made again."""
    try:
        return await waiting
    except Errno as error:
        raise Errno(E.ERESTARTSYS if error.number is E.ERESTART_RESTARTBLOCK else error.number) from None


def _vector(task: LinuxTask, address: int, count: int) -> list[tuple[int, int, bool]]:
    """The value, address and sharing of each futex in an array of ``struct futex_waitv``."""
    found = []
    for at in range(address, address + count * _WAITV.size, _WAITV.size):
        value, uaddr, flags, reserved = _WAITV.unpack(task.memory.read(at, _WAITV.size))
        if reserved:
            raise Errno(E.EINVAL)
        found.append((value, uaddr, not _is_private(flags, value)))
    return found


@syscall("full")
def sys_futex_waitv(
    task: LinuxTask,
    waiters: Pointer,
    nr_futexes: UnsignedInt,
    flags: UnsignedInt,
    timeout: Pointer,
    clockid: Int,
) -> Result:
    """Waits on several words at once; returns the index of one that was woken."""
    if flags or not 1 <= nr_futexes <= FUTEX_WAITV_MAX or not waiters:
        raise Errno(E.EINVAL)
    deadline = _timeout_by(task, timeout, clockid)
    vector = _vector(task, waiters, nr_futexes)
    keys = [get_futex_key(task, uaddr, shared) for _, uaddr, shared in vector]
    for value, uaddr, _ in vector:
        if task.memory.read_u32(uaddr) != value:
            raise Errno(E.EAGAIN)
    return futex_wait_multiple(task, keys, deadline)


@syscall("full")
def sys_futex_requeue(
    task: LinuxTask, waiters: Pointer, flags: UnsignedInt, nr_wake: Int, nr_requeue: Int
) -> int:
    """Wakes some waiters and moves others to another word, if the word has the value."""
    if flags or not waiters:
        raise Errno(E.EINVAL)
    (value, source, shared), (_, target, target_shared) = _vector(task, waiters, 2)
    return futex_requeue(task, source, target, (shared, target_shared), (nr_wake, nr_requeue), value)
