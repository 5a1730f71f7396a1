"""Reading clocks."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

NANOSECONDS: Final = 10**9
TICK: Final = 4_000_000
"""Nanoseconds between two ticks of the coarse clocks (CONFIG_HZ 250)."""

CLOCK_REALTIME: Final = 0
CLOCK_MONOTONIC: Final = 1
CLOCK_PROCESS_CPUTIME_ID: Final = 2
CLOCK_THREAD_CPUTIME_ID: Final = 3
CLOCK_MONOTONIC_RAW: Final = 4
CLOCK_REALTIME_COARSE: Final = 5
CLOCK_MONOTONIC_COARSE: Final = 6
CLOCK_BOOTTIME: Final = 7
CLOCK_REALTIME_ALARM: Final = 8
CLOCK_BOOTTIME_ALARM: Final = 9
CLOCK_TAI: Final = 11


def now(task: LinuxTask, clock: int) -> int:
    """A clock's time in nanoseconds.

    Raises:
        Errno: EINVAL, there is no such clock.
    """
    clocks = task.kernel.clocks
    if clock in (CLOCK_REALTIME, CLOCK_REALTIME_ALARM, CLOCK_TAI):
        return clocks.realtime()
    if clock in (CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_BOOTTIME_ALARM):
        return clocks.monotonic()
    if clock in (CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID):
        return clocks.cpu()
    if clock == CLOCK_REALTIME_COARSE:
        return clocks.realtime() // TICK * TICK
    if clock == CLOCK_MONOTONIC_COARSE:
        return clocks.monotonic() // TICK * TICK
    raise Errno(E.EINVAL)


@syscall("full")
def sys_clock_gettime(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock as ``struct timespec`` (64-bit seconds for 32-bit programs too: i386's clock_gettime64)."""
    task.memory.write(tp, struct.pack("<qq", *divmod(now(task, which_clock), NANOSECONDS)))
    return 0


@syscall("full")
def sys_clock_gettime32(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock as i386's first ``struct timespec``: 32-bit seconds, wrapped."""
    seconds, nanoseconds = divmod(now(task, which_clock), NANOSECONDS)
    task.memory.write(tp, struct.pack("<Ii", seconds & 0xFFFF_FFFF, nanoseconds))
    return 0


@syscall("full")
def sys_clock_getres(task: LinuxTask, which_clock: Int, tp: Pointer) -> int:
    """A clock's resolution."""
    now(task, which_clock)
    coarse = which_clock in (CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE)
    if tp:
        task.memory.write(tp, struct.pack("<qq", 0, TICK if coarse else 1))
    return 0


def _write_timezone(task: LinuxTask, tz: int) -> None:
    if tz:
        task.memory.write(tz, struct.pack("<ii", 0, 0))


@syscall("full")
def sys_gettimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """The wall clock in microseconds; the time zone is always UTC."""
    if tv:
        seconds, nanoseconds = divmod(task.kernel.clocks.realtime(), NANOSECONDS)
        task.memory.write(tv, struct.pack("<qq", seconds, nanoseconds // 1000))
    _write_timezone(task, tz)
    return 0


@syscall("full")
def compat_sys_gettimeofday(task: LinuxTask, tv: Pointer, tz: Pointer) -> int:
    """The wall clock for a 32-bit program."""
    if tv:
        seconds, nanoseconds = divmod(task.kernel.clocks.realtime(), NANOSECONDS)
        task.memory.write(tv, struct.pack("<Ii", seconds & 0xFFFF_FFFF, nanoseconds // 1000))
    _write_timezone(task, tz)
    return 0


@syscall("full")
def sys_time(task: LinuxTask, tloc: Pointer) -> int:
    """Seconds since 1970."""
    seconds = task.kernel.clocks.realtime() // NANOSECONDS
    if tloc:
        task.memory.write_u64(tloc, seconds)
    return seconds


@syscall("full")
def sys_time32(task: LinuxTask, tloc: Pointer) -> int:
    """Seconds since 1970, in 32 bits."""
    seconds = task.kernel.clocks.realtime() // NANOSECONDS & 0xFFFF_FFFF
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
