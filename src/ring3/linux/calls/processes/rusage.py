"""getrusage(2) and times(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.processes import RUSAGE
from ring3.abi.linux.structs.time import TMS
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.model.process import Rusage
from ring3.linux.timers.timespec import SECOND

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

RUSAGE_SELF: Final = 0
RUSAGE_CHILDREN: Final = -1
RUSAGE_THREAD: Final = 1
TICK: Final = 10**7
_NOT_COUNTED: Final = (0,) * 6


def pack_rusage(usage: Rusage, bits: int) -> bytes:
    """``struct rusage``; of its fourteen counters five are kept."""
    times = []
    for moment in (usage.utime, usage.stime):
        seconds, nanoseconds = divmod(moment, SECOND)
        times += [seconds, nanoseconds // 1000]
    faults, switches = (usage.minflt, usage.majflt), (usage.nvcsw, usage.nivcsw)
    return RUSAGE.pack(bits, *times, usage.maxrss, 0, 0, 0, *faults, *_NOT_COUNTED, *switches)


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
        total.add(task.process.usage)
        for thread in task.process.threads:
            total.add(thread.usage())
        total.maxrss = task.max_rss()
    elif who == RUSAGE_THREAD:
        total.add(task.usage())
        total.maxrss = task.max_rss()
    else:
        raise Errno(E.EINVAL)
    return total


@syscall(
    "partial",
    "all time counts as user time; of the counters, maxrss, minflt, majflt, nvcsw and nivcsw",
    compat_sys_getrusage=32,
)
def sys_getrusage(task: LinuxTask, who: Int, ru: Pointer, *, bits: int = 64) -> int:
    """Resources used."""
    task.memory.write(ru, pack_rusage(getrusage(task, who), bits))
    return 0


@syscall("full", compat_sys_times=32)
def sys_times(task: LinuxTask, tbuf: Pointer, *, bits: int = 64) -> int:
    """Times in clock ticks of a hundredth of a second."""
    if tbuf:
        own, children = getrusage(task, RUSAGE_SELF), task.process.children_usage
        ticks = (moment // TICK for moment in (own.utime, own.stime, children.utime, children.stime))
        TMS.write(task.memory, tbuf, bits, *ticks)
    return task.kernel.clocks.monotonic() // TICK
