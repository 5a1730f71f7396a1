"""The alternate signal stack (sigaltstack(2))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pointer
from ring3.linux.definition import syscall
from ring3.linux.signals.altstack import do_sigaltstack, parse

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


def _sigaltstack(task: LinuxTask, new: int, old: int, narrow: bool) -> int:
    sp = task.regs.sp
    before = task.altstack.pack(task.altstack.flags(sp), narrow)
    if new:
        do_sigaltstack(task, *parse(task.memory.read(new, 12 if narrow else 24), narrow), sp)
    if old:
        task.memory.write(old, before)
    return 0


@syscall("full")
def sys_sigaltstack(task: LinuxTask, uss: Pointer, uoss: Pointer) -> int:
    """Sets and gets the alternate signal stack."""
    return _sigaltstack(task, uss, uoss, False)


@syscall("full")
def compat_sys_sigaltstack(task: LinuxTask, uss_ptr: Pointer, uoss_ptr: Pointer) -> int:
    """Sets and gets the alternate signal stack of a 32-bit program."""
    return _sigaltstack(task, uss_ptr, uoss_ptr, True)
