"""Files of /proc/PID that can be written: proc_pid_oom_score_adj(5) and others (fs/proc/base.c of Linux 6.x)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.model.settings import ALL_KINDS
from ring3.linux.tasks.access import may_look_into

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

OOM_SCORE_ADJ_MIN: Final = -1000
OOM_SCORE_ADJ_MAX: Final = 1000
_OOM_DISABLE: Final = -17
_OOM_ADJUST_MAX: Final = 15
_SOFT_DIRTY: Final = 4


def number(data: bytes) -> int:
    """The number that was written, in any of C's notations.

    Raises:
        Errno: EINVAL, it is none.
    """
    text = data.split(b"\0")[0].strip().decode("ascii", "replace")
    sign, digits = (text[0], text[1:]) if text[:1] in ("-", "+") else ("", text)
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[:1] == "0" else 10
    try:
        return int(sign + digits, base)
    except ValueError:
        raise Errno(E.EINVAL) from None


def unsigned(data: bytes, bits: int) -> int:
    """The same for numbers of so many bits that cannot be negative (kstrtoull).

    Raises:
        Errno: EINVAL, it is none; ERANGE, it is too large.
    """
    if data.lstrip()[:1] == b"-":
        raise Errno(E.EINVAL)
    value = number(data)
    if value >> bits:
        raise Errno(E.ERANGE)
    return value


# -- which process ends first where memory ends ------------------------------------------------------------------------


def oom_score(task: LinuxTask) -> bytes:
    """What decides which process is ended when there is no memory left: from 0 to 2000 (oom_badness)."""
    pages = task.kernel.machine.ram.size >> 12
    resident = 0 if task.mm is None else task.mm.rss().total
    points = resident + task.process.oom_score_adj * pages // 1000
    if task.mm is None or task.process.oom_score_adj == OOM_SCORE_ADJ_MIN:
        return b"0\n"
    return b"%d\n" % max(0, (1000 + points * 1000 // pages) * 2 // 3)


def oom_score_adj(task: LinuxTask) -> bytes:
    """What is added to that, in thousandths of memory."""
    return b"%d\n" % task.process.oom_score_adj


def set_oom_score_adj(task: LinuxTask, data: bytes) -> None:
    """Sets it; to lower it below what a privileged program has set takes a capability (__set_oom_adj)."""
    value = number(data)
    if not OOM_SCORE_ADJ_MIN <= value <= OOM_SCORE_ADJ_MAX:
        raise Errno(E.EINVAL)
    process, privileged = task.process, _is_privileged(task)
    if value < process.oom_score_adj_min and not privileged:
        raise Errno(E.EACCES)
    process.oom_score_adj = value
    if privileged:
        process.oom_score_adj_min = value


def oom_adj(task: LinuxTask) -> bytes:
    """The same in the old range, from -17 to 15."""
    value = task.process.oom_score_adj
    if value == OOM_SCORE_ADJ_MAX:
        return b"%d\n" % _OOM_ADJUST_MAX
    return b"%d\n" % (abs(value) * -_OOM_DISABLE // OOM_SCORE_ADJ_MAX * (1 if value > 0 else -1))


def set_oom_adj(task: LinuxTask, data: bytes) -> None:
    """Sets it in the old range; to lower it takes a capability."""
    value = number(data)
    if not (-16 <= value <= _OOM_ADJUST_MAX or value == _OOM_DISABLE):
        raise Errno(E.EINVAL)
    sign = 1 if value > 0 else -1
    wanted = abs(value) * OOM_SCORE_ADJ_MAX // -_OOM_DISABLE * sign
    if value == _OOM_ADJUST_MAX:
        wanted = OOM_SCORE_ADJ_MAX
    if wanted < task.process.oom_score_adj and not _is_privileged(task):
        raise Errno(E.EACCES)
    task.process.oom_score_adj = wanted


def _is_privileged(task: LinuxTask) -> bool:
    return task.kernel.running_task().credentials.capable(Cap.SYS_RESOURCE)


# -- others ------------------------------------------------------------------------------------------------------------


def comm(task: LinuxTask) -> bytes:
    """Its name."""
    return os.fsencode(task.name) + b"\n"


def set_comm(task: LinuxTask, data: bytes) -> None:
    """Gives a thread of the writer's own process another name."""
    if task.process is not task.kernel.running_task().process:
        raise Errno(E.EINVAL)
    task.name = data.split(b"\0")[0][:15].rstrip(b"\n").decode("utf-8", "surrogateescape")


def coredump_filter(task: LinuxTask) -> bytes:
    """Which kinds of mappings are in a core file, as bits."""
    return b"" if task.mm is None else b"%08x\n" % task.mm_context.coredump_filter


def set_coredump_filter(task: LinuxTask, data: bytes) -> None:
    """Chooses them."""
    value = unsigned(data, 32)
    if task.mm is None:
        raise Errno(E.ESRCH)
    task.mm_context.coredump_filter = value & ALL_KINDS


def timerslack_ns(task: LinuxTask) -> bytes:
    """By how many nanoseconds its timers may be late."""
    _require_nice(task)
    return b"%d\n" % task.settings.timer_slack


def set_timerslack_ns(task: LinuxTask, data: bytes) -> None:
    """Sets that; 0 is what it began with."""
    _require_nice(task)
    value = unsigned(data, 64)
    task.settings.timer_slack = value or task.settings.default_slack


def _require_nice(task: LinuxTask) -> None:
    current = task.kernel.running_task()
    if current is not task and not current.credentials.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)


def clear_refs(task: LinuxTask, data: bytes) -> None:
    """Forgets which pages were used: there is nothing to forget but the highest number of resident ones (5)."""
    value = number(data)
    if not 1 <= value <= 5 or value == _SOFT_DIRTY:  # soft-dirty bits are not kept (no CONFIG_MEM_SOFT_DIRTY)
        raise Errno(E.EINVAL)
    if not may_look_into(task.kernel.running_task(), task, by_fsids=True):
        raise Errno(E.EACCES)
    if value == 5 and task.mm is not None:
        task.mm.peak_anon = 0
