"""The alternate signal stack (sigaltstack(2))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Pointer
from ring3.abi.linux.structs.signals import STACK
from ring3.linux.definition import syscall
from ring3.linux.signals.altstack import do_sigaltstack

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


@syscall("full", compat_sys_sigaltstack=32)
def sys_sigaltstack(task: LinuxTask, uss: Pointer, uoss: Pointer, *, bits: int = 64) -> int:
    """Sets and gets the alternate signal stack."""
    sp = task.regs.sp
    before = task.altstack.pack(task.altstack.flags(sp), bits)
    if uss:
        base, flags, size = STACK.integers(task.memory, uss, bits)
        do_sigaltstack(task, base, flags, size, sp)
    if uoss:
        task.memory.write(uoss, before)
    return 0
