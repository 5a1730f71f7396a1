"""``struct rt_sigframe`` of x86-64.

Layout: arch/x86/include/asm/sigframe.h, arch/x86/include/uapi/asm/sigcontext.h (struct sigcontext_64) and
asm-generic/ucontext.h; the steps are those of x64_setup_rt_frame (arch/x86/kernel/signal_64.c).

    pretcode (8), ucontext (304), siginfo (128), then at a multiple of 64 the FXSAVE area (512)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import SaFlags
from ring3.image.linux.boot import L
from ring3.kernel.regs import UserRegs
from ring3.linux import altstack
from ring3.linux.siginfo import SigInfo
from ring3.linux.sigstate import UNBLOCKABLE, Action
from ring3.machine.registers import Flags

if TYPE_CHECKING:
    from ring3.linux.task import LinuxTask

FRAME: Final = 440
FXSAVE: Final = 512
UC_SIGCONTEXT_SS: Final = 2
UC_STRICT_RESTORE_SS: Final = 4
_ORDER: Final = (
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "di", "si", "bp", "bx", "dx", "ax", "cx", "sp", "ip",
    "flags",
)  # fmt: skip
_CONTEXT: Final = struct.Struct("<18Q4HQQQQQ64x")
FIXABLE_FLAGS: Final = 0x50DD5
"""The flags that a frame can change: RF AC OF DF TF SF ZF AF PF CF (FIX_EFLAGS, arch/x86/kernel/signal.c)."""


def write(task: LinuxTask, regs: UserRegs, sp: int, info: SigInfo, action: Action, mask: int) -> int:
    """Writes the frame below ``sp`` and sets the registers for the handler; returns the frame's address.

    Raises:
        Errno: EFAULT, the stack cannot take it, or there is nowhere to return to (SA_RESTORER is needed).
    """
    if not action.flags & SaFlags.SA_RESTORER:
        raise Errno(E.EFAULT)
    memory = task.memory
    fxsave = (sp - FXSAVE) & ~63
    at = ((fxsave - FRAME) & ~15) - 8
    memory.write(fxsave, task.kernel.fxsave(task))
    context = _CONTEXT.pack(
        *(getattr(regs, name) for name in _ORDER), regs.cs, 0, 0, regs.ss, task.error_code,
        task.trap_number & (1 << 64) - 1,
        mask & 0xFFFF_FFFF_FFFF_FFFF, task.fault_address, fxsave,
    )  # fmt: skip
    memory.write(
        at,
        struct.pack("<QQQ", action.restorer, UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, 0)
        + task.altstack.pack(regs.sp, narrow=False)
        + context
        + struct.pack("<Q", mask)
        + info.pack(narrow=False),
    )
    regs.di, regs.ax = info.signo, 0
    regs.si, regs.dx = at + 8 + 304, at + 8
    regs.ip, regs.sp = action.handler, at
    regs.cs, regs.ss = L["USER_CS"], L["USER_DS"]
    regs.flags &= ~(Flags.DF | Flags.RF | Flags.TF)
    return at


def restore(task: LinuxTask, regs: UserRegs) -> int:
    """rt_sigreturn: goes back to what the frame above the stack pointer says; returns rax.

    Raises:
        Errno: EFAULT, it cannot be read.
    """
    memory = task.memory
    at = regs.sp - 8
    raw = memory.read(at, FRAME)
    uc_flags, base, flags, size = struct.unpack_from("<Q8xQI4xQ", raw, 8)
    values = _CONTEXT.unpack_from(raw, 48)
    (mask,) = struct.unpack_from("<Q", raw, 304)
    fxsave = values[26]
    if fxsave:
        task.kernel.fxrstor(task, memory.read(fxsave, FXSAVE))
    task.set_blocked(mask & ~UNBLOCKABLE)
    for name, value in zip(_ORDER[:-1], values, strict=False):
        setattr(regs, name, value)
    regs.flags = (regs.flags & ~FIXABLE_FLAGS) | (values[17] & FIXABLE_FLAGS)
    regs.cs = values[18] | 3
    regs.ss = (values[21] | 3) if uc_flags & UC_SIGCONTEXT_SS else L["USER_DS"]
    regs.orig_ax = (1 << 64) - 1
    if not altstack_is_same(task, base, flags, size):
        try:
            altstack.set_altstack(task, base, flags, size, regs.sp)
        except Errno as error:
            if error.number is E.EFAULT:
                raise
    return int(values[13])


def altstack_is_same(task: LinuxTask, base: int, flags: int, size: int) -> bool:
    """Whether the frame's stack is the one in force, so that nothing has to be set."""
    now = task.altstack
    return (now.base, now.size) == (base, size) and bool(flags & altstack.SS_AUTODISARM) == now.autodisarm
