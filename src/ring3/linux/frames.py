"""Signal frames: what a handler finds on its stack, and the way back.

`push` and the two sigreturns choose the layout by the width of the code that runs. A frame holds the registers, the
signal mask and the floating-point state in FXSAVE format; what the handler changes there is what the program goes on
with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.signals import SaFlags
from ring3.image.linux.boot import L
from ring3.kernel.regs import UserRegs
from ring3.linux import frame32, frame64
from ring3.linux.altstack import AltStack
from ring3.linux.siginfo import SigInfo
from ring3.linux.sigstate import Action

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

REDZONE: Final = 128
"""Bytes below the stack pointer that 64-bit code may use without moving it (System V ABI AMD64, 3.2.2)."""


def push(task: LinuxTask, regs: UserRegs, info: SigInfo, action: Action, mask: int) -> bool:
    """Writes the frame and points the registers at the handler; False if the stack cannot take it."""
    narrow = regs.cs == L["USER32_CS"]
    sp = regs.sp if narrow else regs.sp - REDZONE
    entering = False
    if action.flags & SaFlags.SA_ONSTACK and task.altstack.usable(regs.sp):
        sp = task.altstack.top
        entering = True
    elif narrow and regs.ss != L["USER_DS"] and not action.flags & SaFlags.SA_RESTORER and action.restorer:
        sp = action.restorer
    try:
        layout = frame32 if narrow else frame64
        at = layout.write(task, regs, sp, info, action, mask)
    except Errno:
        return False
    if entering and not task.altstack.contains(at):
        return False
    if entering and task.altstack.autodisarm:
        task.altstack = AltStack()
    return True
