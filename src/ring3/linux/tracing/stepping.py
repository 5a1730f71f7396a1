"""Single steps: whose the trap flag is, the program's or its tracer's (arch/x86/kernel/step.c of Linux 6.x).

A tracer that steps a thread sets TF in its flags and is not to see it there; what a program itself sets is seen.
`LinuxTask.stepping` is TIF_SINGLESTEP, `LinuxTask.forced_tf` is TIF_FORCED_TF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.machine.registers import Flags

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_TF: Final = int(Flags.TF)
_LONGEST: Final = 15
"""Bytes of the longest instruction."""
_PREFIXES: Final = frozenset(bytes.fromhex("26 2e 36 3e 64 65 66 67 f0 f2 f3"))
_POPF, _IRET = 0x9D, 0xCF


def enable(task: LinuxTask) -> None:
    """Makes a stopped thread execute one instruction (enable_single_step)."""
    regs = task.regs
    if task.stepping:
        regs.flags |= _TF  # it stands in a call that took the flag away
    task.stepping = True
    had = regs.flags & _TF
    regs.flags |= _TF
    if _sets_trap_flag(task):
        task.forced_tf = False
    elif not had:
        task.forced_tf = True


def disable(task: LinuxTask) -> None:
    """Ends that (user_disable_single_step)."""
    task.stepping = False
    if task.forced_tf:
        task.forced_tf = False
        task.regs.flags &= ~_TF


def shown_flags(task: LinuxTask) -> int:
    """A stopped thread's flags as its tracer sees them (get_flags of arch/x86/kernel/ptrace.c)."""
    flags = task.regs.flags
    return flags & ~_TF if task.forced_tf else flags


def set_flags(task: LinuxTask, value: int, settable: int) -> None:
    """Sets those flags that a tracer may (set_flags)."""
    if value & _TF:
        task.forced_tf = False
    elif task.forced_tf:
        value |= _TF
    task.regs.flags = task.regs.flags & ~settable | value & settable


def _sets_trap_flag(task: LinuxTask) -> bool:
    """Whether the next instruction loads the flags (is_setting_trap_flag)."""
    try:
        code = task.memory.peek(task.regs.ip, _LONGEST)
    except Errno:
        return False
    long_mode = not task.is_narrow
    for byte in code:
        if byte in (_POPF, _IRET):
            return True
        if byte not in _PREFIXES and not (long_mode and 0x40 <= byte <= 0x4F):
            return False
    return False
