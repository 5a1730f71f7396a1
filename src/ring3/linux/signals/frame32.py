"""``struct sigframe_ia32`` and ``struct rt_sigframe_ia32``.

Layout: arch/x86/include/asm/sigframe.h, struct sigcontext_32 of arch/x86/include/uapi/asm/sigcontext.h; the steps are
those of ia32_setup_frame and ia32_setup_rt_frame (arch/x86/kernel/signal_32.c). The floating-point state is the
FSAVE image (112 bytes) followed by the FXSAVE or XSAVE image at a multiple of 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.linux.structs.signals import RT_SIGFRAME32, SIGCONTEXT32, SIGFRAME32, UCONTEXT32
from ring3.abi.signals import SaFlags
from ring3.image.linux.boot import GDT_USER_DS, L
from ring3.kernel.fsave import fsave
from ring3.kernel.regs import UserRegs
from ring3.linux.cpu_context import load_user_segment
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import UNBLOCKABLE, Action
from ring3.linux.signals import altstack
from ring3.linux.signals.frame64 import FIXABLE_FLAGS, RETURNED_FLAGS, Place, restore_fpu
from ring3.linux.signals.send import set_current_blocked
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

FSAVE: Final = 112
UC_FP_XSTATE: Final = 1
_SIGFRAME: Final = SIGFRAME32.form(32)
_RT_SIGFRAME: Final = RT_SIGFRAME32.form(32)
_CONTEXT: Final = SIGCONTEXT32.form(32)
_INFO: Final = RT_SIGFRAME32.offset("info", 32)
_UC: Final = RT_SIGFRAME32.offset("uc", 32)
_SC: Final = SIGFRAME32.offset("sc", 32)
_EXTRAMASK: Final = SIGFRAME32.offset("extramask", 32)
_RETCODE: Final = (
    b"\x58\xb8\x77\x00\x00\x00\xcd\x80"  # popl %eax; movl $119,%eax; int $0x80: what gdb looks for
)
_RT_RETCODE: Final = b"\xb8\xad\x00\x00\x00\xcd\x80\x00"
_M32: Final = 0xFFFF_FFFF
_M64: Final = (1 << 64) - 1


def place(sp: int, action: Action, fpu_size: int) -> Place:
    """Where a frame lies below a stack pointer; so many bytes of it are the floating-point state."""
    fxsave = (sp - fpu_size) & ~63
    size = (_RT_SIGFRAME if action.flags & SaFlags.SA_SIGINFO else _SIGFRAME).size
    return Place(((fxsave - FSAVE - size + 4) & ~15) - 4 & _M64, fxsave & _M64)


def write(task: LinuxTask, regs: UserRegs, place: Place, info: SigInfo, action: Action, mask: int) -> None:
    """Writes the frame and sets the registers for the handler.

    Raises:
        Errno: EFAULT, the stack cannot take it.
    """
    memory, cpu = task.memory, task.kernel.machine.cpu
    at, fpstate = place.at, place.fxsave - FSAVE & _M64
    rt = bool(action.flags & SaFlags.SA_SIGINFO)
    fpu = task.kernel.fpu
    image = fpu.frame(FSAVE)
    memory.write(fpstate, fsave(image) + image)
    context = (
        *(cpu.selector(segment) for segment in (Seg.GS, Seg.FS, Seg.ES, Seg.DS)),
        *(getattr(regs, name) & _M32 for name in ("di", "si", "bp", "sp", "bx", "dx", "cx", "ax")),
        task.trap_number & _M32, task.error_code & _M32, regs.ip & _M32, regs.cs, regs.flags & _M32, regs.sp & _M32,
        regs.ss, fpstate & _M32, mask & _M32, task.fault_address & _M32,
    )  # fmt: skip
    symbols = task.kernel.vdso(32).symbols
    vdso = task.memory.find_object(task.kernel.vdso(32).pages)
    restorer = vdso + symbols["__kernel_rt_sigreturn" if rt else "__kernel_sigreturn"] if vdso else at
    if action.flags & SaFlags.SA_RESTORER:
        restorer = action.restorer
    if rt:
        pinfo, puc = at + _INFO, at + _UC
        base, size, mode = task.altstack
        frame = _RT_SIGFRAME.pack(
            restorer & _M32, info.signo, pinfo & _M32, puc & _M32, info.pack(32), fpu.has_xsave * UC_FP_XSTATE, 0,
            base & _M32, mode, size & _M32, *context, mask, _RT_RETCODE,
        )  # fmt: skip
        memory.write(at, frame)
        regs.dx, regs.cx = pinfo, puc
    else:
        frame = _SIGFRAME.pack(restorer & _M32, info.signo, *context, b"", mask >> 32, _RETCODE)
        memory.write(at, frame)
        regs.dx = regs.cx = 0
    regs.sp, regs.ip, regs.ax = at, action.handler & _M32, info.signo
    for segment in (Seg.DS, Seg.ES):
        task.kernel.load_user_segment(segment, L["USER_DS"], GDT_USER_DS)
    regs.cs, regs.ss = L["USER32_CS"], L["USER_DS"]


def restore(task: LinuxTask, regs: UserRegs) -> int:
    """sigreturn: goes back to what the frame above the stack pointer says; returns eax.

    Raises:
        Errno: EFAULT, it cannot be read.
    """
    at = regs.sp - 8 & _M32
    values = _CONTEXT.unpack(task.memory.read(at + _SC, _CONTEXT.size))
    extra = task.memory.read_u32(at + _EXTRAMASK)
    set_current_blocked(task, (values[20] | extra << 32) & ~UNBLOCKABLE)
    return _restore_context(task, regs, values)


def restore_rt(task: LinuxTask, regs: UserRegs) -> int:
    """rt_sigreturn of 32-bit code; returns eax.

    Raises:
        Errno: EFAULT, the frame cannot be read.
    """
    at = regs.sp - 4 & _M32
    _flags, _link, base, flags, size, *values, mask = UCONTEXT32.integers(task.memory, at + _UC, 32)
    set_current_blocked(task, mask & ~UNBLOCKABLE)
    result = _restore_context(task, regs, values)
    altstack.restore_altstack(task, (base, flags, size), regs.sp)
    return result


def _restore_context(task: LinuxTask, regs: UserRegs, values: Sequence[int]) -> int:
    for segment, selector in zip((Seg.GS, Seg.FS, Seg.ES, Seg.DS), values, strict=False):
        load_user_segment(task, segment, selector & 0xFFFF)
    for name, value in zip(("di", "si", "bp", "sp", "bx", "dx", "cx", "ax"), values[4:], strict=False):
        setattr(regs, name, value)
    regs.ip = values[14]
    regs.cs = values[15] & 0xFFFF | 3
    regs.flags = (regs.flags & ~FIXABLE_FLAGS) | (values[16] & RETURNED_FLAGS)
    regs.ss = values[18] & 0xFFFF | 3
    regs.orig_ax = _M64
    restore_fpu(task, values[19], FSAVE)
    return values[11]
