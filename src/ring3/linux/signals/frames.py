"""Signal frames: what a handler finds on its stack, and the way back.

The layout is that of the door by which the handler was set, not that of the code which the signal interrupts. A frame
holds the registers, the signal mask and the floating-point state as the CPU has it; what the handler changes there is
what the program goes on with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.signals import SaFlags
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.linux.model.altstack import PUT_AWAY, SS_AUTODISARM
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import SA_IA32_ABI, Action
from ring3.linux.signals import frame32, frame64
from ring3.machine.registers import Flags

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_KEPT: Final = ~int(Flags.DF | Flags.RF | Flags.TF)
_ONSTACK: Final = int(SaFlags.SA_ONSTACK)  # an IntFlag would cost a microsecond each time
REDZONE: Final = 128
"""Bytes below the stack pointer that 64-bit code may use without moving it (System V ABI AMD64, 3.2.2)."""


@function("int setup_rt_frame(struct ksignal *ksig, struct pt_regs *regs)")
def setup_rt_frame(task: LinuxTask, regs: UserRegs, info: SigInfo, action: Action, mask: int) -> bool:
    """Writes the frame and points the registers at the handler; False if the stack cannot take it.

    The steps are those of get_sigframe and handle_signal (arch/x86/kernel/signal.c).
    """
    narrow = bool(action.flags & SA_IA32_ABI)
    layout = frame32 if narrow else frame64
    altstack = task.altstack
    interrupted = regs.sp
    sp = interrupted if narrow else interrupted - REDZONE
    on_altstack = altstack.in_use(interrupted)
    if action.flags & _ONSTACK:
        if altstack.usable(sp):
            sp = altstack.top
            on_altstack = True
    elif (
        narrow
        and not on_altstack
        and regs.ss != L["USER_DS"]
        and not action.flags & SaFlags.SA_RESTORER
        and action.restorer
    ):
        sp = action.restorer
        on_altstack = True
    place = layout.place(sp, action, task.kernel.fpu.frame_size)
    if on_altstack and not altstack.contains(place.at):
        return False
    try:
        layout.write(task, regs, place, info, action, mask)
    except Errno:
        return False
    regs.flags &= _KEPT
    task.kernel.fpu.clear()
    if altstack.mode & SS_AUTODISARM:
        task.altstack = PUT_AWAY
    return True
