"""i386's first calls on the mask of blocked signals, sgetmask and ssetmask (kernel/signal.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int
from ring3.linux.definition import syscall
from ring3.linux.model.signal_state import UNBLOCKABLE
from ring3.linux.signals.send import set_current_blocked

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_OLD: Final = 0xFFFF_FFFF
"""The signals that these calls know."""


@syscall("full")
def sys_sgetmask(task: LinuxTask) -> int:
    """The first 32 blocked signals."""
    return task.blocked & _OLD


@syscall("full")
def sys_ssetmask(task: LinuxTask, newmask: Int) -> int:
    """Blocks these of the first 32 signals and none of the others; returns the first 32 of before."""
    before = task.blocked & _OLD
    set_current_blocked(task, newmask & _OLD & ~UNBLOCKABLE)
    return before
