"""getrusage(2) and times(2)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.model.process import Rusage
from ring3.linux.timers.clocks import process_cpu_time

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

RUSAGE_SELF: Final = 0
RUSAGE_CHILDREN: Final = -1
RUSAGE_THREAD: Final = 1
TICK: Final = 10**7


def pack_rusage(usage: Rusage, narrow: bool) -> bytes:
    """``struct rusage``: two times, then fourteen counters, of which three are kept."""
    times = []
    for moment in (usage.utime, usage.stime):
        seconds, nanoseconds = divmod(moment, 10**9)
        times += [seconds, nanoseconds // 1000]
    counters = [usage.maxrss, 0, 0, 0, usage.minflt, usage.majflt, *([0] * 8)]
    return struct.pack(f"<18{'i' if narrow else 'q'}", *times, *counters)


@function("void getrusage(struct task_struct *p, int who, struct rusage *r)")
def getrusage(task: LinuxTask, who: int) -> Rusage:
    """The resources of the caller's process, its children, or the calling thread.

    Raises:
        Errno: EINVAL, nobody else can be asked for.
    """
    total = Rusage()
    if who == RUSAGE_CHILDREN:
        total.add(task.process.children_usage)
    elif who == RUSAGE_SELF:
        total.add(task.usage())  # threads have the memory in common
        total.utime = process_cpu_time(task.process)
    elif who == RUSAGE_THREAD:
        total.add(task.usage())
    else:
        raise Errno(E.EINVAL)
    return total


@syscall("partial", "all time counts as user time; of the counters, maxrss, minflt and majflt")
def sys_getrusage(task: LinuxTask, who: Int, ru: Pointer) -> int:
    """Resources used."""
    task.memory.write(ru, pack_rusage(getrusage(task, who), False))
    return 0


@syscall("partial", "as getrusage")
def compat_sys_getrusage(task: LinuxTask, who: Int, ru: Pointer) -> int:
    """Resources used, for a 32-bit program."""
    task.memory.write(ru, pack_rusage(getrusage(task, who), True))
    return 0


def _times(task: LinuxTask, tbuf: int, form: str) -> int:
    if tbuf:
        own, children = getrusage(task, RUSAGE_SELF), task.process.children_usage
        ticks = [moment // TICK for moment in (own.utime, own.stime, children.utime, children.stime)]
        task.memory.write(tbuf, struct.pack(form, *ticks))
    return task.kernel.clocks.monotonic() // TICK


@syscall("full")
def sys_times(task: LinuxTask, tbuf: Pointer) -> int:
    """Times in clock ticks of a hundredth of a second."""
    return _times(task, tbuf, "<4q")


@syscall("full")
def compat_sys_times(task: LinuxTask, tbuf: Pointer) -> int:
    """Times for a 32-bit program."""
    return _times(task, tbuf, "<4i")
