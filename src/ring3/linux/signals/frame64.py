"""``struct rt_sigframe`` of x86-64.

Layout: arch/x86/include/asm/sigframe.h, arch/x86/include/uapi/asm/sigcontext.h (struct sigcontext_64) and
asm-generic/ucontext.h; the steps are those of x64_setup_rt_frame (arch/x86/kernel/signal_64.c).

    pretcode (8), ucontext (304), siginfo (128), then at a multiple of 64 the floating-point state
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.signals import RT_SIGFRAME
from ring3.abi.signals import SaFlags
from ring3.image.linux.boot import L
from ring3.kernel.regs import GPRS, UserRegs
from ring3.linux.cpu_context import descriptor
from ring3.linux.model.siginfo import SIZE, SigInfo
from ring3.linux.model.signal_state import UNBLOCKABLE, Action
from ring3.linux.signals import altstack
from ring3.linux.signals.send import set_current_blocked
from ring3.machine.registers import Flags

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_FRAME: Final = RT_SIGFRAME.form(64)
_UC: Final = RT_SIGFRAME.offset("uc", 64)
_INFO: Final = _FRAME.size
FRAME: Final = _INFO + SIZE
UC_FP_XSTATE: Final = 1
UC_SIGCONTEXT_SS: Final = 2
UC_STRICT_RESTORE_SS: Final = 4
_ORDER: Final = (
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "di", "si", "bp", "bx", "dx", "ax", "cx", "sp", "ip",
)  # fmt: skip
_TO_FRAME: Final = itemgetter(*(GPRS.index(name) for name in _ORDER))
_FROM_FRAME: Final = itemgetter(*(_ORDER.index(name) for name in GPRS))
_ACCESSED: Final = 1
_EXPAND_DOWN: Final = 4
_USER_DATA: Final = 0xF2
"""The access byte of a data segment: present, DPL 3, writable."""
_USER_CS: Final = L["USER_CS"]
_USER_DS: Final = L["USER_DS"]
_M64: Final = (1 << 64) - 1
FIXABLE_FLAGS: Final = 0x50DD5
"""The flags that a frame can change: RF AC OF DF TF SF ZF AF PF CF (FIX_EFLAGS, arch/x86/kernel/signal.c)."""
RETURNED_FLAGS: Final = FIXABLE_FLAGS & ~int(Flags.RF)
"""Those that come back from it: the first instruction would clear RF again, which the emulator's does not."""


_RESTORER: Final = int(SaFlags.SA_RESTORER)
_SIGINFO: Final = int(SaFlags.SA_SIGINFO)


class Place(NamedTuple):
    """Where a frame lies.

    Attributes:
        at: The frame: the handler's first stack pointer.
        fxsave: The floating-point state in FXSAVE or XSAVE format.
    """

    at: int
    fxsave: int


def place(sp: int, action: Action, fpu_size: int) -> Place:
    """Where a frame lies below a stack pointer; so many bytes of it are the floating-point state."""
    fxsave = (sp - fpu_size) & ~63
    return Place(((fxsave - FRAME) & ~15) - 8 & _M64, fxsave & _M64)


def write(task: LinuxTask, regs: UserRegs, place: Place, info: SigInfo, action: Action, mask: int) -> None:
    """Writes the frame and sets the registers for the handler.

    Raises:
        Errno: EFAULT, the stack cannot take it, or there is nowhere to return to (SA_RESTORER is needed).
    """
    if not action.flags & _RESTORER:
        raise Errno(E.EFAULT)
    memory, (at, fxsave) = task.memory, place
    fpu = task.kernel.fpu
    memory.write(fxsave, fpu.frame())
    cs, ss = regs.cs, regs.ss
    uc_flags = UC_SIGCONTEXT_SS | (UC_STRICT_RESTORE_SS if cs == _USER_CS else 0)
    base, size, mode = task.altstack
    frame = _FRAME.pack(
        action.restorer, uc_flags | fpu.has_xsave * UC_FP_XSTATE, 0, base, mode, size, *_TO_FRAME(regs.gprs()),
        regs.flags, cs, 0, 0, ss, task.error_code, task.trap_number & _M64, mask, task.fault_address, fxsave,
        b"", mask,
    )  # fmt: skip
    memory.write(at, frame + info.pack(64) if action.flags & _SIGINFO else frame)
    regs.di, regs.ax = info.signo, 0
    regs.si, regs.dx = at + _INFO, at + _UC
    regs.ip, regs.sp = action.handler, at
    if cs != _USER_CS:
        regs.cs = _USER_CS
    if ss != _USER_DS:
        _force_valid_ss(task, regs)


def restore(task: LinuxTask, regs: UserRegs) -> int:
    """rt_sigreturn: goes back to what the frame above the stack pointer says; returns rax.

    Raises:
        Errno: EFAULT, it cannot be read.
    """
    memory = task.memory
    at = regs.sp - 8 & _M64
    raw = memory.read(at, FRAME)
    _pretcode, uc_flags, _link, base, flags, size, *values, _reserved, mask = _FRAME.unpack_from(raw)
    set_current_blocked(task, mask & ~UNBLOCKABLE)
    altstack.restore_altstack(task, (base, flags, size), regs.sp)
    regs.set_gprs(_FROM_FRAME(values))
    regs.flags = (regs.flags & ~FIXABLE_FLAGS) | (values[17] & RETURNED_FLAGS)
    cs = values[18] | 3
    regs.cs, regs.ss, regs.orig_ax = cs, values[21] | 3, _M64
    if not uc_flags & UC_STRICT_RESTORE_SS and cs == _USER_CS:
        _force_valid_ss(task, regs)
    restore_fpu(task, values[26], 0)
    return int(values[13])


def restore_fpu(task: LinuxTask, address: int, offset: int) -> None:
    """Goes back to the floating-point state of a frame (fpu__restore_sig); 0 is a program's first one.

    Args:
        task: The running task.
        address: Where the frame has it.
        offset: Bytes from there to the FXSAVE or XSAVE image: those of FSAVE's.

    Raises:
        Errno: EFAULT, it cannot be read, or the processor would refuse it.
    """
    fpu = task.kernel.fpu
    if not address:
        fpu.clear()
        return
    try:
        fpu.restore_frame(task.memory, address, offset)
    except Errno:
        fpu.clear()
        raise


def _force_valid_ss(task: LinuxTask, regs: UserRegs) -> None:
    """Gives 64-bit code a stack segment that ``iret`` takes, if it has none (force_valid_ss)."""
    if regs.ss != _USER_DS:
        segment = descriptor(task, regs.ss)
        if segment is None or segment.access & ~(_ACCESSED | _EXPAND_DOWN) != _USER_DATA:
            regs.ss = _USER_DS
