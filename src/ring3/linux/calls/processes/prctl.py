"""prctl(2): what a thread tells the kernel about itself (kernel/sys.c, security/commoncap.c of Linux 6.x).

An option that Linux knows for other processors only is EINVAL, as on x86. Each option's function gets the thread and
the four other arguments; a table leads there.

Left out: PR_SET_MM for what only /proc shows, core scheduling, and perf events, of which there are none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.signals import NSIG
from ring3.linux.calls.processes.prctl_mm import get_auxv, set_anonymous_name, set_mm
from ring3.linux.calls.processes.prctl_option import Option, Pr, require_zero
from ring3.linux.calls.processes.prctl_rights import RIGHTS
from ring3.linux.cpu_context import set_no_tsc
from ring3.linux.definition import syscall
from ring3.linux.filters import user_dispatch
from ring3.linux.model.scheduling import REALTIME

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Mce(IntEnum):
    """Policies of PR_MCE_KILL."""

    LATE = 0
    EARLY = 1
    DEFAULT = 2


TSC_ENABLE: Final = 1
TSC_SIGSEGV: Final = 2
NAME: Final = 16
"""Bytes of a thread's name, the NUL included."""
REFUSE_EXEC_GAIN: Final = 1
NO_INHERIT: Final = 2
THP_EXCEPT_ADVISED: Final = 2
STORE_BYPASS: Final = 0
INDIRECT_BRANCH: Final = 1
L1D_FLUSH: Final = 2
SPEC_FORCE_DISABLE: Final = 8


# -- life and death ----------------------------------------------------------------------------------------------


def _set_pdeathsig(task: LinuxTask, signal: int, *_: int) -> int:
    if signal > NSIG:
        raise Errno(E.EINVAL)
    task.parent_death_signal = signal
    return 0


def _get_pdeathsig(task: LinuxTask, pointer: int, *_: int) -> int:
    task.memory.write_u32(pointer, task.parent_death_signal)
    return 0


def _set_subreaper(task: LinuxTask, on: int, *_: int) -> int:
    task.process.subreaper = bool(on)
    return 0


def _get_subreaper(task: LinuxTask, pointer: int, *_: int) -> int:
    task.memory.write_u32(pointer, int(task.process.subreaper))
    return 0


def _get_tid_address(task: LinuxTask, pointer: int, *_: int) -> int:
    task.memory.write_u64(pointer, task.clear_child_tid)
    return 0


def _set_name(task: LinuxTask, pointer: int, *_: int) -> int:
    name = bytearray()
    while len(name) < NAME - 1:
        letter = task.memory.read(pointer + len(name), 1)
        if letter == b"\0":
            break
        name += letter
    task.name = os.fsdecode(bytes(name))
    return 0


def _get_name(task: LinuxTask, pointer: int, *_: int) -> int:
    task.memory.write(pointer, os.fsencode(task.name)[: NAME - 1].ljust(NAME, b"\0"))
    return 0


def _set_mce_kill(task: LinuxTask, deed: int, policy: int, arg4: int, arg5: int) -> int:
    require_zero(arg4, arg5)
    if deed == 0:
        require_zero(policy)
        task.settings.machine_check = None
    elif deed == 1 and policy in Mce.__members__.values():
        task.settings.machine_check = policy
    else:
        raise Errno(E.EINVAL)
    return 0


def _get_mce_kill(task: LinuxTask, *arguments: int) -> int:
    require_zero(*arguments)
    policy = task.settings.machine_check
    return Mce.DEFAULT if policy is None else policy


# -- time and CPU ------------------------------------------------------------------------------------------------


def _get_timing(task: LinuxTask, *_: int) -> int:
    return 0


def _set_timing(task: LinuxTask, method: int, *_: int) -> int:
    require_zero(method)
    return 0


def _get_tsc(task: LinuxTask, pointer: int, *_: int) -> int:
    task.memory.write_u32(pointer, TSC_SIGSEGV if task.settings.no_tsc else TSC_ENABLE)
    return 0


def _set_tsc(task: LinuxTask, mode: int, *_: int) -> int:
    require_zero(mode & 0xFFFF_FFFF not in (TSC_ENABLE, TSC_SIGSEGV))
    set_no_tsc(task, mode & 0xFFFF_FFFF == TSC_SIGSEGV)
    return 0


def _get_timerslack(task: LinuxTask, *_: int) -> int:
    return task.settings.timer_slack


def _set_timerslack(task: LinuxTask, slack: int, *_: int) -> int:
    if task.scheduling.policy not in REALTIME:
        task.settings.timer_slack = slack or task.settings.default_slack
    return 0


def _no_perf_events(task: LinuxTask, *_: int) -> int:
    return 0


def _get_speculation(task: LinuxTask, which: int, *rest: int) -> int:
    """What an emulator says: it does not speculate."""
    require_zero(*rest)
    if which in (STORE_BYPASS, INDIRECT_BRANCH):
        return 0
    if which == L1D_FLUSH:
        return SPEC_FORCE_DISABLE
    raise Errno(E.ENODEV)


def _set_speculation(task: LinuxTask, which: int, _control: int, *rest: int) -> int:
    require_zero(*rest)
    if which == STORE_BYPASS:
        raise Errno(E.ENXIO)
    raise Errno(E.EPERM if which in (INDIRECT_BRANCH, L1D_FLUSH) else E.ENODEV)


# -- memory ------------------------------------------------------------------------------------------------------


def _set_huge_pages(task: LinuxTask, off: int, flags: int, *rest: int) -> int:
    require_zero(*rest, bool(flags) and not off, flags & ~THP_EXCEPT_ADVISED)
    task.mm_context.no_huge_pages = 1 | flags if off else 0
    return 0


def _get_huge_pages(task: LinuxTask, *arguments: int) -> int:
    require_zero(*arguments)
    return task.mm_context.no_huge_pages


def _set_mdwe(task: LinuxTask, bits: int, *rest: int) -> int:
    require_zero(*rest, bits & ~(REFUSE_EXEC_GAIN | NO_INHERIT), bits == NO_INHERIT)
    context = task.mm_context
    if context.deny_write_exec and context.deny_write_exec != bits:
        raise Errno(E.EPERM)
    context.deny_write_exec = bits
    return 0


def _get_mdwe(task: LinuxTask, *arguments: int) -> int:
    require_zero(*arguments)
    return task.mm_context.deny_write_exec


def _set_merge(task: LinuxTask, on: int, *rest: int) -> int:
    require_zero(*rest)
    task.mm_context.merge = bool(on)
    return 0


def _get_merge(task: LinuxTask, *arguments: int) -> int:
    require_zero(*arguments)
    return int(task.mm_context.merge)


OPTIONS: Final[dict[int, Option]] = {
    **RIGHTS,
    Pr.SET_PDEATHSIG: _set_pdeathsig,
    Pr.GET_PDEATHSIG: _get_pdeathsig,
    Pr.GET_TIMING: _get_timing,
    Pr.SET_TIMING: _set_timing,
    Pr.SET_NAME: _set_name,
    Pr.GET_NAME: _get_name,
    Pr.GET_TSC: _get_tsc,
    Pr.SET_TSC: _set_tsc,
    Pr.SET_TIMERSLACK: _set_timerslack,
    Pr.GET_TIMERSLACK: _get_timerslack,
    Pr.TASK_PERF_EVENTS_DISABLE: _no_perf_events,
    Pr.TASK_PERF_EVENTS_ENABLE: _no_perf_events,
    Pr.MCE_KILL: _set_mce_kill,
    Pr.MCE_KILL_GET: _get_mce_kill,
    Pr.SET_MM: set_mm,
    Pr.SET_CHILD_SUBREAPER: _set_subreaper,
    Pr.GET_CHILD_SUBREAPER: _get_subreaper,
    Pr.GET_TID_ADDRESS: _get_tid_address,
    Pr.SET_THP_DISABLE: _set_huge_pages,
    Pr.GET_THP_DISABLE: _get_huge_pages,
    Pr.GET_SPECULATION_CTRL: _get_speculation,
    Pr.SET_SPECULATION_CTRL: _set_speculation,
    Pr.SET_SYSCALL_USER_DISPATCH: user_dispatch.set_syscall_user_dispatch,
    Pr.SET_MDWE: _set_mdwe,
    Pr.GET_MDWE: _get_mdwe,
    Pr.SET_MEMORY_MERGE: _set_merge,
    Pr.GET_MEMORY_MERGE: _get_merge,
    Pr.GET_AUXV: get_auxv,
    Pr.SET_VMA: set_anonymous_name,
}
"""What each option does."""


@syscall("partial", "no core scheduling; PR_SET_MM only for heap, data and stack")
def sys_prctl(
    task: LinuxTask,
    option: Int,
    arg2: UnsignedLong,
    arg3: UnsignedLong,
    arg4: UnsignedLong,
    arg5: UnsignedLong,
) -> int:
    """Sets or gets one of many things about the calling thread or process."""
    function = OPTIONS.get(option)
    if function is None:
        raise Errno(E.EINVAL)
    return function(task, arg2, arg3, arg4, arg5)
