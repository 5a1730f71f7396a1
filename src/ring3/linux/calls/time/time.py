"""Reading clocks and setting them: clock_gettime(2), gettimeofday(2), time(2), adjtimex(2) and their relatives."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.timers.clocks import CLOCK_REALTIME, Clock, clock_of
from ring3.linux.timers.timespec import SECOND, pack_timespec, pack_timeval, read_timespec, unpack_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

TIME_ERROR: Final = 5
STA_UNSYNC: Final = 0x40
ADJ_OFFSET_SINGLESHOT: Final = 0x0001
ADJ_OFFSET_READONLY: Final = 0x2000
ADJ_ADJTIME: Final = 0x8000
_MAX_ERROR: Final = 16_000_000
_TIME_CONSTANT: Final = 2
_TOLERANCE: Final = 500 << 16
_TICK: Final = 10_000
_MINUTES_IN_WEST: Final = 15 * 60


# -- looking -----------------------------------------------------------------------------------------------------


@syscall("full")
def sys_clock_gettime(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock as ``struct timespec`` (64-bit seconds for 32-bit programs too: i386's clock_gettime64)."""
    task.memory.write(tp, pack_timespec(clock_of(task, which_clock).now()))
    return 0


@syscall("full")
def sys_clock_gettime32(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock as i386's first ``struct timespec``: 32-bit seconds, wrapped."""
    task.memory.write(tp, pack_timespec(clock_of(task, which_clock).now(), narrow=True))
    return 0


@syscall("full")
def sys_clock_getres(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock's resolution."""
    resolution = clock_of(task, which_clock).resolution
    if tp:
        task.memory.write(tp, pack_timespec(resolution))
    return 0


@syscall("full")
def sys_clock_getres_time32(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock's resolution as i386's first ``struct timespec``."""
    resolution = clock_of(task, which_clock).resolution
    if tp:
        task.memory.write(tp, pack_timespec(resolution, narrow=True))
    return 0


def _gettimeofday(task: LinuxTask, tv: int, tz: int, narrow: bool) -> int:
    if tv:
        task.memory.write(tv, pack_timeval(task.kernel.clocks.realtime(), narrow))
    if tz:
        task.memory.write(tz, struct.pack("<ii", 0, 0))
    return 0


@syscall("full")
def sys_gettimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """The wall clock in microseconds; the time zone is always UTC."""
    return _gettimeofday(task, tv, tz, False)


@syscall("full")
def compat_sys_gettimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """The wall clock for a 32-bit program."""
    return _gettimeofday(task, tv, tz, True)


@syscall("full")
def sys_time(task: LinuxTask, tloc: Pointer) -> int:
    """Seconds since 1970."""
    seconds = task.kernel.clocks.realtime() // SECOND
    if tloc:
        task.memory.write_u64(tloc, seconds)
    return seconds


@syscall("full")
def sys_time32(task: LinuxTask, tloc: Pointer) -> int:
    """Seconds since 1970, in 32 bits."""
    seconds = task.kernel.clocks.realtime() // SECOND & 0xFFFF_FFFF
    if tloc:
        task.memory.write_u32(tloc, seconds)
    return seconds


@syscall("full")
def sys_getcpu(task: LinuxTask, cpup: Pointer, nodep: Pointer, unused: Pointer) -> int:
    """The number of the CPU and of its node: there is one."""
    for pointer in (cpup, nodep):
        if pointer:
            task.memory.write_u32(pointer, 0)
    return 0


# -- setting -----------------------------------------------------------------------------------------------------


def _set(task: LinuxTask, now: int) -> None:
    """Sets the wall clock of the machine; the host's stays (do_settimeofday64).

    Raises:
        Errno: EPERM, the caller is not root.
    """
    if task.credentials.euid:
        raise Errno(E.EPERM)
    task.kernel.clocks.set_realtime(now)
    task.kernel.clock_was_set.wake()


def _settable(task: LinuxTask, number: int) -> Clock:
    clock = clock_of(task, number)
    if number != CLOCK_REALTIME:
        raise Errno(E.EINVAL if number >= 0 else E.EPERM)
    return clock


def _clock_settime(task: LinuxTask, number: int, tp: int, narrow: bool) -> int:
    _settable(task, number)
    _set(task, read_timespec(task, tp, narrow))
    return 0


@syscall("full")
def sys_clock_settime(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """Sets the wall clock."""
    return _clock_settime(task, which_clock, tp, False)


@syscall("full")
def sys_clock_settime32(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """Sets the wall clock, from i386's first ``struct timespec``."""
    return _clock_settime(task, which_clock, tp, True)


def _settimeofday(task: LinuxTask, tv: int, tz: int, narrow: bool) -> int:
    now = None
    if tv:
        seconds, microseconds = unpack_timespec(task, tv, narrow)
        if not 0 <= microseconds <= 10**6:
            raise Errno(E.EINVAL)
        now = seconds * SECOND + microseconds * 1000
        if seconds < 0 or microseconds == 10**6:
            raise Errno(E.EINVAL)
    west = struct.unpack("<i", task.memory.read(tz, 8)[:4])[0] if tz else 0
    if task.credentials.euid:
        raise Errno(E.EPERM)
    if abs(west) > _MINUTES_IN_WEST:
        raise Errno(E.EINVAL)
    if now is not None:
        _set(task, now)
    return 0


@syscall("partial", "the time zone is taken and forgotten: it stays UTC")
def sys_settimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """Sets the wall clock, in microseconds."""
    return _settimeofday(task, tv, tz, False)


@syscall("partial", "as settimeofday")
def compat_sys_settimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """Sets the wall clock for a 32-bit program."""
    return _settimeofday(task, tv, tz, True)


@syscall("full")
def sys_stime32(task: LinuxTask, tptr: Pointer) -> int:
    """Sets the wall clock, in seconds."""
    _set(task, task.memory.read_u32(tptr) * SECOND)
    return 0


# -- tuning ------------------------------------------------------------------------------------------------------


def _adjtimex(task: LinuxTask, number: int, address: int, narrow: bool) -> int:
    """Shows a clock that nothing has tuned (do_adjtimex); changing it is refused (timekeeping_validate_timex).

    ``struct timex``: modes, offset, freq, maxerror, esterror, status, constant, precision, tolerance, time, tick,
    eight counters of a pulse per second, tai, eleven reserved words.
    """
    size = 128 if narrow else 208
    modes = struct.unpack("<I", task.memory.read(address, size)[:4])[0]
    if number != CLOCK_REALTIME:
        clock_of(task, number)
        raise Errno(E.EOPNOTSUPP)
    if modes & ADJ_ADJTIME and not modes & ADJ_OFFSET_SINGLESHOT:
        raise Errno(E.EINVAL)
    if modes and modes & (ADJ_ADJTIME | ADJ_OFFSET_READONLY) != ADJ_ADJTIME | ADJ_OFFSET_READONLY:
        raise Errno(E.EPERM)
    seconds, nanoseconds = divmod(task.kernel.clocks.realtime(), SECOND)
    before = (0, 0, 0, _MAX_ERROR, _MAX_ERROR, STA_UNSYNC, _TIME_CONSTANT, 1, _TOLERANCE)
    after = (seconds, nanoseconds // 1000, _TICK)
    if narrow:
        raw = struct.pack("<5Ii3iIii", *before, after[0] & 0xFFFF_FFFF, *after[1:])
    else:
        raw = struct.pack("<I4x4qi4x3qqqq", *before, *after)
    task.memory.write(address, raw.ljust(size, b"\0"))
    return TIME_ERROR


@syscall("partial", "shows an untuned clock; changing it is EPERM")
def sys_adjtimex(task: LinuxTask, txc_p: Pointer) -> int:
    """Shows how the wall clock is tuned."""
    return _adjtimex(task, CLOCK_REALTIME, txc_p, False)


@syscall("partial", "as adjtimex")
def sys_adjtimex_time32(task: LinuxTask, utp: Pointer) -> int:
    """Shows how the wall clock is tuned, for a 32-bit program."""
    return _adjtimex(task, CLOCK_REALTIME, utp, True)


@syscall("partial", "as adjtimex")
def sys_clock_adjtime(task: LinuxTask, which_clock: Int, utx: Pointer) -> int:
    """Shows how a clock is tuned."""
    return _adjtimex(task, which_clock, utx, False)


@syscall("partial", "as adjtimex")
def sys_clock_adjtime32(task: LinuxTask, which_clock: Int, utp: Pointer) -> int:
    """Shows how a clock is tuned, for a 32-bit program."""
    return _adjtimex(task, which_clock, utp, True)
