"""Leaving the short path: the user registers go to the kernel stack, and ring 0's own way out is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.image.linux.boot import L
from ring3.kernel.regs import NAMES, copy_regs

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.task import LinuxTask


def leave_through(task: LinuxTask, symbol: str) -> None:
    """Moves the user registers to the kernel stack and goes on in ring 0, with the stack pointer at them."""
    window, frame = task.kernel.window, task.frame
    window.by_iret = task.by_sysenter = False
    copy_regs(window, frame)
    task.regs = frame
    _go_on(task, symbol)


def undo_iret(task: LinuxTask, regs: UserRegs) -> UserRegs:
    """After ``iret`` refused what it was to give back, as a bad selector: the exception is ring 3's own.

    So it is on Linux (fixup_bad_iret of arch/x86/kernel/traps.c): sigreturn(2) and ptrace(2) can ask for anything.

    Args:
        task: The running task.
        regs: The registers in ring 0, which but for the five that ``iret`` takes are the user's already.

    Returns:
        The user registers, on the kernel stack; ring 0 goes on with the way out that leads there.
    """
    frame = task.frame
    for name in NAMES[: NAMES.index("orig_ax")]:
        setattr(frame, name, getattr(regs, name))
    frame.orig_ax = (1 << 64) - 1
    task.regs = frame
    _go_on(task, "error_return")
    return frame


def _go_on(task: LinuxTask, symbol: str) -> None:
    """Has ring 0 go on at a symbol, with the stack pointer at the task's saved registers."""
    kernel = task.kernel
    stack = task.stack_top - kernel.frame_size
    kernel.enter_ring0(kernel.image.symbols[symbol], stack, L["KERNEL_CS"], L["KERNEL_DS"])
