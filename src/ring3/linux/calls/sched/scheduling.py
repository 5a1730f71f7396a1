"""The calls that set and get what a thread asks of the scheduler: policy, priority, attributes, CPUs.

There is one CPU. Threads of SCHED_FIFO and SCHED_RR come before all others, by priority; a FIFO thread runs until it
waits or yields. The others take turns of equal length, whatever their nice value: Linux would give them shares of the
CPU. Rules and the order of errors: kernel/sched/syscalls.c of Linux 6.x, sched(7).

Left out: SCHED_DEADLINE is remembered and admitted, but treated as the highest priority; SCHED_EXT; utilization clamps.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, Int, Pid, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.processes import SCHED_ATTR
from ring3.kernel.functions import function
from ring3.linux.definition import syscall
from ring3.linux.model.limits import Resource
from ring3.linux.model.scheduling import FAIR, MAX_PRIORITY, REALTIME, Policy
from ring3.linux.tasks.scheduling import do_sched_yield, set_scheduling
from ring3.linux.timers.timespec import pack_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Len = Annotated[int, UNSIGNED_INT]


class SchedFlag(IntFlag):
    """``sched_flags`` of sched_setattr(2)."""

    RESET_ON_FORK = 1
    RECLAIM = 2
    DL_OVERRUN = 4
    KEEP_POLICY = 8
    KEEP_PARAMS = 16
    UTIL_CLAMP_MIN = 32
    UTIL_CLAMP_MAX = 64


RESET_ON_FORK: Final = 0x4000_0000
"""The same in the policy of sched_setscheduler(2)."""
SLICE: Final = 750_000
"""Nanoseconds that a thread of a fair policy runs before others do (base_slice_ns with one CPU)."""
RR_SLICE: Final = 100_000_000
"""Nanoseconds of a turn under SCHED_RR (sched_rr_timeslice_ms)."""
JIFFY: Final = 4_000_000
CPUS: Final = 1
MASK_BYTES: Final = 8
"""Bytes of a CPU mask as the kernel keeps it (cpumask_size)."""
ATTR_SIZE_VER0: Final = 48
ATTR_SIZE: Final = 56
_ATTR: Final = SCHED_ATTR.form(64)
_DL_MIN: Final = 1 << 10
_DL_PERIODS: Final = (100_000, (1 << 22) * 1000)
"""The shortest and longest period of a deadline, in nanoseconds (sysctl_sched_dl_period_min, _max)."""


class _Attr(NamedTuple):
    """``struct sched_attr`` as a call means it; policy -1 keeps the present one."""

    policy: int
    priority: int = 0
    nice: int = 0
    flags: int = 0
    runtime: int = 0
    deadline: int = 0
    period: int = 0


def _find(task: LinuxTask, pid: int) -> LinuxTask:
    """The thread that a call means, though it has ended: 0 is the caller.

    Raises:
        Errno: ESRCH.
    """
    found = task.kernel.unreaped(task.pid_ns.found(pid)) if pid else task
    if found is None:
        raise Errno(E.ESRCH)
    return found


# -- policy and priority -----------------------------------------------------------------------------------------


@function(
    "int __sched_setscheduler(struct task_struct *p, const struct sched_attr *attr, bool user, bool pi)",
)
def __sched_setscheduler(task: LinuxTask, target: LinuxTask, attr: _Attr) -> None:
    """__sched_setscheduler, for a program."""
    now = target.scheduling
    policy = now.policy if attr.policy < 0 else attr.policy
    reset = now.reset_on_fork if attr.policy < 0 else bool(attr.flags & SchedFlag.RESET_ON_FORK)
    _check(attr, policy)
    if _needs_privilege(task, target, attr, policy, reset) and not task.credentials.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)
    check_nice_security(task, target)
    if attr.flags & (SchedFlag.UTIL_CLAMP_MIN | SchedFlag.UTIL_CLAMP_MAX):
        raise Errno(E.EOPNOTSUPP)
    new = now._replace(policy=policy, priority=attr.priority, reset_on_fork=reset)
    if policy == Policy.DEADLINE:
        times = (attr.runtime, attr.deadline, attr.period or attr.deadline)
        flags = attr.flags & (SchedFlag.RECLAIM | SchedFlag.DL_OVERRUN)
        new = new._replace(deadline=times, deadline_flags=flags)
    elif policy in FAIR:
        asked = min(max(attr.runtime, 100_000), 100_000_000) if attr.runtime else 0
        new = new._replace(nice=attr.nice, slice=asked)
    set_scheduling(target, new)


def _check(attr: _Attr, policy: int) -> None:
    """Refuses what makes no sense, whoever asks for it."""
    wrong = (
        policy not in Policy.__members__.values()
        or attr.flags & ~sum(SchedFlag)
        or attr.priority > MAX_PRIORITY
        or (policy == Policy.DEADLINE and not _is_deadline(attr))
        or (policy in REALTIME) != (attr.priority != 0)
    )
    if wrong:
        raise Errno(E.EINVAL)


def _is_deadline(attr: _Attr) -> bool:
    """Whether the three times of SCHED_DEADLINE are possible (__checkparam_dl)."""
    period = attr.period or attr.deadline
    if not attr.deadline or attr.runtime < _DL_MIN or attr.deadline >> 63 or period >> 63:
        return False
    if period < attr.deadline or attr.deadline < attr.runtime:
        return False
    return _DL_PERIODS[0] <= period <= _DL_PERIODS[1]


def _needs_privilege(task: LinuxTask, target: LinuxTask, attr: _Attr, policy: int, reset: bool) -> bool:
    """Whether only CAP_SYS_NICE allows a change (user_check_sched_setscheduler)."""
    now = target.scheduling
    limit = target.rlimits[Resource.RTPRIO][0]
    if policy in FAIR and attr.nice < now.nice and not _within_nice_limit(target, attr.nice):
        return True
    if policy in REALTIME:
        if policy != now.policy and not limit:
            return True
        if attr.priority > now.priority and attr.priority > limit:
            return True
    if policy == Policy.DEADLINE:
        return True
    if now.policy == Policy.IDLE and policy != Policy.IDLE and not _within_nice_limit(target, now.nice):
        return True
    return not task.credentials.owns(target.credentials) or (now.reset_on_fork and not reset)


def _within_nice_limit(target: LinuxTask, nice: int) -> bool:
    """Whether RLIMIT_NICE allows a nice value (is_nice_reduction)."""
    return 20 - nice <= target.rlimits[Resource.NICE][0]


def can_nice(task: LinuxTask, target: LinuxTask, nice: int) -> bool:
    """Whether a thread may have a lower nice value."""
    return _within_nice_limit(target, nice) or task.credentials.capable(Cap.SYS_NICE)


def check_nice_security(task: LinuxTask, target: LinuxTask) -> None:
    """Refuses to change a thread that may do more than the caller (cap_safe_nice).

    Raises:
        Errno: EPERM.
    """
    mine, other = task.credentials, target.credentials
    if other.permitted & ~mine.permitted and not mine.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)


@syscall("full")
def sys_sched_yield(task: LinuxTask) -> int:
    """Lets all others of the same rank run first."""
    do_sched_yield(task)
    return 0


@function(
    "int do_sched_setscheduler(pid_t pid, int policy, struct sched_param __user *param)",
    calls={"__sched_setscheduler"},
)
def do_sched_setscheduler(task: LinuxTask, pid: int, policy: int, param: int) -> int:
    """Sets policy and priority of a thread."""
    if not param or pid < 0:
        raise Errno(E.EINVAL)
    priority = task.memory.read_u32(param)
    target = _find(task, pid)
    flags = 0
    if policy >= 0 and policy & RESET_ON_FORK:
        flags, policy = int(SchedFlag.RESET_ON_FORK), policy & ~RESET_ON_FORK
    __sched_setscheduler(
        task, target, _Attr(policy, priority, target.scheduling.nice, flags, runtime=target.scheduling.slice)
    )
    return 0


@syscall("full")
def sys_sched_setscheduler(task: LinuxTask, pid: Pid, policy: Int, param: Pointer) -> int:
    """Sets a thread's policy and priority."""
    if policy < 0:
        raise Errno(E.EINVAL)
    return do_sched_setscheduler(task, pid, policy, param)


@syscall("full")
def sys_sched_setparam(task: LinuxTask, pid: Pid, param: Pointer) -> int:
    """Sets a thread's priority."""
    return do_sched_setscheduler(task, pid, -1, param)


@syscall("full")
def sys_sched_getscheduler(task: LinuxTask, pid: Pid) -> int:
    """A thread's policy."""
    if pid < 0:
        raise Errno(E.EINVAL)
    now = _find(task, pid).scheduling
    return now.policy | (RESET_ON_FORK if now.reset_on_fork else 0)


@syscall("full")
def sys_sched_getparam(task: LinuxTask, pid: Pid, param: Pointer) -> int:
    """A thread's priority."""
    if not param or pid < 0:
        raise Errno(E.EINVAL)
    now = _find(task, pid).scheduling
    task.memory.write_u32(param, now.priority)
    return 0


def _read_attr(task: LinuxTask, uattr: int) -> _Attr:
    """``struct sched_attr`` from user memory (sched_copy_attr)."""
    size = task.memory.read_u32(uattr) or ATTR_SIZE_VER0
    if not ATTR_SIZE_VER0 <= size <= 4096:
        raise _size_error(task, uattr)
    try:
        fields = _ATTR.unpack(task.memory.read_extensible(uattr, size, ATTR_SIZE))
    except Errno as error:
        raise _size_error(task, uattr) if error.number is E.E2BIG else error from None
    _size, policy, flags, nice, priority, runtime, deadline, period, _low, _high = fields
    if flags & (SchedFlag.UTIL_CLAMP_MIN | SchedFlag.UTIL_CLAMP_MAX) and size < ATTR_SIZE:
        raise Errno(E.EINVAL)
    return _Attr(policy, priority, min(max(nice, -20), 19), flags, runtime, deadline, period)


def _size_error(task: LinuxTask, uattr: int) -> Errno:
    """E2BIG, with the size that would do stored."""
    with suppress(Errno):  # the store is only a favour
        task.memory.write_u32(uattr, ATTR_SIZE)
    return Errno(E.E2BIG)


@syscall("partial", "SCHED_DEADLINE is the highest priority; utilization clamps are EOPNOTSUPP")
def sys_sched_setattr(task: LinuxTask, pid: Pid, uattr: Pointer, flags: UnsignedInt) -> int:
    """Sets all that a thread asks of the scheduler."""
    if not uattr or pid < 0 or flags:
        raise Errno(E.EINVAL)
    attr = _read_attr(task, uattr)
    if attr.policy >> 31:
        raise Errno(E.EINVAL)
    if attr.flags & SchedFlag.KEEP_POLICY:
        attr = attr._replace(policy=-1)
    target = _find(task, pid)
    now = target.scheduling
    if attr.flags & SchedFlag.KEEP_PARAMS:
        attr = attr._replace(
            priority=now.priority, nice=now.nice, runtime=now.slice if now.policy in FAIR else now.deadline[0],
            deadline=now.deadline[1], period=now.deadline[2],
        )  # fmt: skip
    __sched_setscheduler(task, target, attr)
    return 0


@syscall("full")
def sys_sched_getattr(
    task: LinuxTask, pid: Pid, uattr: Pointer, usize: UnsignedInt, flags: UnsignedInt
) -> int:
    """All that a thread asks of the scheduler."""
    if not uattr or pid < 0 or not ATTR_SIZE_VER0 <= usize <= 4096 or flags:
        raise Errno(E.EINVAL)
    now = _find(task, pid).scheduling
    bits = int(SchedFlag.RESET_ON_FORK) if now.reset_on_fork else 0
    nice, priority, times = 0, 0, (0, 0, 0)
    if now.policy == Policy.DEADLINE:
        times, bits = now.deadline, bits | now.deadline_flags
    elif now.policy in REALTIME:
        priority = now.priority
    else:
        nice, times = now.nice, (now.slice or SLICE, 0, 0)
    raw = _ATTR.pack(min(usize, ATTR_SIZE), now.policy, bits, nice, priority, *times, 0, 0)
    task.memory.write(uattr, raw[:usize].ljust(usize, b"\0"))
    return 0


@syscall("full")
def sys_sched_get_priority_max(task: LinuxTask, policy: Int) -> int:
    """The highest priority of a policy."""
    return MAX_PRIORITY if _known(policy) in REALTIME else 0


@syscall("full")
def sys_sched_get_priority_min(task: LinuxTask, policy: Int) -> int:
    """The lowest priority of a policy."""
    return 1 if _known(policy) in REALTIME else 0


def _known(policy: int) -> int:
    if policy not in Policy.__members__.values():
        raise Errno(E.EINVAL)
    return policy


def _interval(task: LinuxTask, pid: int) -> int:
    """Nanoseconds of a thread's turn; those of a fair policy count whole ticks of the clock."""
    if pid < 0:
        raise Errno(E.EINVAL)
    now = _find(task, pid).scheduling
    if now.policy == Policy.RR:
        return RR_SLICE
    return (now.slice or SLICE) // JIFFY * JIFFY if now.policy in FAIR else 0


@syscall("full", sys_sched_rr_get_interval_time32=32)
def sys_sched_rr_get_interval(task: LinuxTask, pid: Pid, interval: Pointer, *, bits: int = 64) -> int:
    """The length of a thread's turn."""
    task.memory.write(interval, pack_timespec(_interval(task, pid), bits))
    return 0


# -- CPUs --------------------------------------------------------------------------------------------------------


@function("long sched_setaffinity(pid_t pid, const struct cpumask *in_mask)")
def sched_setaffinity(task: LinuxTask, pid: int, length: int, user_mask_ptr: int) -> int:
    """Sets the processors that a thread may run on."""
    mask = task.memory.read(user_mask_ptr, min(length, MASK_BYTES)) if length else b""
    target = _find(task, pid)
    who = task.credentials
    if not who.owns(target.credentials) and not who.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)
    check_nice_security(task, target)
    if not mask or not mask[0] & 1:
        raise Errno(E.EINVAL)
    return 0


@syscall("full", compat_sys_sched_setaffinity=64)
def sys_sched_setaffinity(task: LinuxTask, pid: Pid, length: Len, user_mask_ptr: Pointer) -> int:
    """Says on which CPUs a thread may run; CPU 0 must be among them, because there is no other."""
    return sched_setaffinity(task, pid, length, user_mask_ptr)


@function("long sched_getaffinity(pid_t pid, struct cpumask *mask)")
def sched_getaffinity(task: LinuxTask, pid: int, length: int, pointer: int, word: int) -> int:
    """Stores the processors that a thread may run on; returns the size of the mask."""
    if length * 8 % (1 << 32) < CPUS or length % word:  # the bits are counted in an unsigned int
        raise Errno(E.EINVAL)
    _find(task, pid)
    size = min(length, MASK_BYTES)
    task.memory.write(pointer, (1).to_bytes(size, "little"))
    return size


@syscall("full", compat_sys_sched_getaffinity=32)
def sys_sched_getaffinity(
    task: LinuxTask, pid: Pid, length: Len, user_mask_ptr: Pointer, *, bits: int = 64
) -> int:
    """On which CPUs a thread may run: CPU 0. Returns the bytes stored."""
    return sched_getaffinity(task, pid, length, user_mask_ptr, bits // 8)
