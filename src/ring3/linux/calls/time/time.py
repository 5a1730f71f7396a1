"""Reading clocks and setting them: clock_gettime(2), gettimeofday(2), time(2), adjtimex(2) and their relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.time import TIMEVAL, TIMEX, TIMEX32, TIMEZONE
from ring3.linux.definition import syscall
from ring3.linux.timers.clocks import ALARMS, CLOCK_REALTIME, clock_of
from ring3.linux.timers.timespec import SECOND, pack_timespec, pack_timeval, read_timespec

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
_RESERVED: Final = (0,) * 11


# -- looking -----------------------------------------------------------------------------------------------------


@syscall("full", sys_clock_gettime32=32)
def sys_clock_gettime(task: LinuxTask, which_clock: Int, tp: Pointer, *, bits: int = 64) -> int:
    """A clock as ``struct timespec``; 32-bit seconds wrap."""
    task.memory.write(tp, pack_timespec(clock_of(task, which_clock).now(), bits))
    return 0


@syscall("full", sys_clock_getres_time32=32)
def sys_clock_getres(task: LinuxTask, which_clock: Int, tp: Pointer, *, bits: int = 64) -> int:
    """A clock's resolution."""
    resolution = clock_of(task, which_clock).resolution
    if tp:
        task.memory.write(tp, pack_timespec(resolution, bits))
    return 0


@syscall("full", compat_sys_gettimeofday=32)
def sys_gettimeofday(task: LinuxTask, tv: Pointer, tz: Pointer, *, bits: int = 64) -> int:
    """The wall clock in microseconds; the time zone is always UTC."""
    if tv:
        task.memory.write(tv, pack_timeval(task.kernel.clocks.realtime(), bits))
    if tz:
        TIMEZONE.write(task.memory, tz, bits, 0, 0)
    return 0


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


@syscall("full", sys_clock_settime32=32)
def sys_clock_settime(task: LinuxTask, which_clock: Int, tp: Pointer, *, bits: int = 64) -> int:
    """Sets the wall clock."""
    if which_clock > CLOCK_REALTIME:
        raise Errno(E.EINVAL)
    now = read_timespec(task, tp, bits)
    if which_clock < 0:  # a CPU's time cannot be set, nor that of nobody (posix_cpu_clock_set)
        clock_of(task, which_clock)
        raise Errno(E.EPERM)
    _set(task, now)
    return 0


@syscall("partial", "the time zone is taken and forgotten: it stays UTC", compat_sys_settimeofday=32)
def sys_settimeofday(task: LinuxTask, tv: Pointer, tz: Pointer, *, bits: int = 64) -> int:
    """Sets the wall clock, in microseconds."""
    now = None
    if tv:
        seconds, microseconds = TIMEVAL.integers(task.memory, tv, bits)
        if seconds < 0 or not 0 <= microseconds < 10**6:
            raise Errno(E.EINVAL)
        now = seconds * SECOND + microseconds * 1000
    west = TIMEZONE.integers(task.memory, tz, bits)[0] if tz else 0
    if task.credentials.euid:
        raise Errno(E.EPERM)
    if abs(west) > _MINUTES_IN_WEST:
        raise Errno(E.EINVAL)
    if now is not None:
        _set(task, now)
    return 0


@syscall("full")
def sys_stime32(task: LinuxTask, tptr: Pointer) -> int:
    """Sets the wall clock, in seconds."""
    _set(task, task.memory.read_u32(tptr) * SECOND)
    return 0


# -- tuning ------------------------------------------------------------------------------------------------------


def _adjtimex(task: LinuxTask, number: int, address: int, bits: int) -> int:
    """Shows a clock that nothing has tuned (do_adjtimex); changing it is refused (timekeeping_validate_timex)."""
    row = TIMEX32 if bits == 32 else TIMEX
    modes = row.integers(task.memory, address, bits)[0]
    if number != CLOCK_REALTIME:
        if number not in ALARMS:
            clock_of(task, number)
        raise Errno(E.EOPNOTSUPP)
    if modes & ADJ_ADJTIME and not modes & ADJ_OFFSET_SINGLESHOT:
        raise Errno(E.EINVAL)
    if modes and modes & (ADJ_ADJTIME | ADJ_OFFSET_READONLY) != ADJ_ADJTIME | ADJ_OFFSET_READONLY:
        raise Errno(E.EPERM)
    seconds, microseconds = TIMEVAL.unpack(bits, pack_timeval(task.kernel.clocks.realtime(), bits))
    tuned = (0, 0, 0, _MAX_ERROR, _MAX_ERROR, STA_UNSYNC, _TIME_CONSTANT, 1, _TOLERANCE)
    pulses = (0,) * 8
    row.write(task.memory, address, bits, *tuned, seconds, microseconds, _TICK, *pulses, 0, *_RESERVED)
    return TIME_ERROR


@syscall("partial", "shows an untuned clock; changing it is EPERM", sys_adjtimex_time32=32)
def sys_adjtimex(task: LinuxTask, txc_p: Pointer, *, bits: int = 64) -> int:
    """Shows how the wall clock is tuned."""
    return _adjtimex(task, CLOCK_REALTIME, txc_p, bits)


@syscall("partial", "as adjtimex", sys_clock_adjtime32=32)
def sys_clock_adjtime(task: LinuxTask, which_clock: Int, utx: Pointer, *, bits: int = 64) -> int:
    """Shows how a clock is tuned."""
    return _adjtimex(task, which_clock, utx, bits)
