"""The frame of a signal handler, and contexts: ``ucontext_t`` of 64-bit programs; those of 32 have `sendsig32`.

A frame has, from the stack pointer up: a return address that nobody returns to (-1), the signal, the address of the
siginfo; then the ucontext and the siginfo. The handler gets signal, siginfo and context in rdi, rsi and rdx; what the
handler of libc returns by is setcontext.

Sources: usr/src/uts/intel/ia32/os/sendsig.c, archdep.c (getgregs, setgregs); sys/ucontext.h, sys/regset.h,
common/os/sig.c of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.machine.msr import Msr
from ring3.machine.paging import is_canonical
from ring3.solaris import sendsig32
from ring3.solaris.signals import SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_SIGINFO, bit, set_mask

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.solaris.process import Action
    from ring3.solaris.siginfo import Info
    from ring3.solaris.task import SolarisTask

GREGS: Final = (
    "r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8", "di", "si", "bp", "bx", "dx", "cx", "ax", "", "",
    "ip", "cs", "flags", "sp", "ss", "", "", "", "", "fsbase", "gsbase",
)  # fmt: skip
"""``gregset_t``: the registers by index (REG_R15 to REG_GSBASE); trap and error number, FS, GS, ES and DS are 0."""
UCONTEXT_SIZE: Final = 864
GREGS_AT: Final = 64
FPREGS_AT: Final = GREGS_AT + 8 * len(GREGS)
FXSAVE_SIZE: Final = 512
FPREGS_SIZE: Final = 528
UC_SIGMASK: Final = 1
UC_STACK: Final = 2
UC_CPU: Final = 4
UC_FPU: Final = 8
UC_ALL: Final = 0xF
SS_ONSTACK: Final = 1
SS_DISABLE: Final = 2
_HEAD: Final = struct.Struct("<QQ16sQQi4x8x")
_GREGS: Final = struct.Struct(f"<{len(GREGS)}Q")
_FRAME: Final = struct.Struct("<QQQ")
_USER_FLAGS: Final = 0x0024_0DD5 | 0x200
"""The flags that a program may set (PSL_USERMASK: arithmetic, direction, trap, AC, ID), and interrupts, always on."""
_M64: Final = (1 << 64) - 1


def context_size(task: SolarisTask) -> int:
    """Bytes of a ``ucontext_t`` of the program."""
    return sendsig32.UCONTEXT_SIZE if task.ilp32 else UCONTEXT_SIZE


def savecontext(task: SolarisTask, mask: int) -> bytes:
    """``ucontext_t`` of a thread in the kernel."""
    if task.ilp32:
        return sendsig32.savecontext(task, mask)
    head = _HEAD.pack(UC_ALL, task.oldcontext, mask.to_bytes(16, "little"), *task.altstack)
    return (head + mcontext(task)).ljust(UCONTEXT_SIZE, b"\0")


def mcontext(task: SolarisTask) -> bytes:
    """``mcontext_t`` of a thread that is in the CPU: the general registers and those of floating point."""
    regs, kernel = task.regs, task.kernel
    cpu = kernel.machine.cpu
    bases = {"fsbase": cpu.rdmsr(Msr.MSR_FS_BASE), "gsbase": cpu.rdmsr(kernel.user_gs_msr())}
    values = [bases[name] if name in bases else getattr(regs, name) if name else 0 for name in GREGS]
    return _GREGS.pack(*values) + kernel.fpu.save().ljust(FPREGS_SIZE, b"\0")


def restorecontext(task: SolarisTask, raw: bytes) -> None:
    """Makes a thread go on as a ``ucontext_t`` says, as far as its flags ask for."""
    if task.ilp32:
        sendsig32.restorecontext(task, raw)
        return
    flags, link, mask, sp, size, stack_flags = _HEAD.unpack_from(raw)
    task.oldcontext = link
    if flags & UC_CPU:
        set_registers(task, task.regs, _GREGS.unpack_from(raw, GREGS_AT))
    if flags & UC_FPU:
        task.kernel.fpu.restore(raw[FPREGS_AT : FPREGS_AT + FXSAVE_SIZE])
    if flags & UC_STACK:
        task.altstack = (sp, size, stack_flags & (SS_ONSTACK | SS_DISABLE))
    if flags & UC_SIGMASK:
        set_mask(task, int.from_bytes(mask, "little"))


def set_registers(task: SolarisTask, regs: UserRegs, values: tuple[int, ...]) -> None:
    """Gives a program the registers of a ``gregset_t``, as far as it may set them."""
    cpu = task.kernel.machine.cpu
    for name, value in zip(GREGS, values, strict=True):
        if name == "flags":
            regs.flags = value & _USER_FLAGS | 0x202
        elif name == "fsbase":
            if is_canonical(value):
                cpu.wrmsr(Msr.MSR_FS_BASE, value)
                task.private_bases.add(0)
        elif name not in ("", "cs", "ss", "gsbase"):
            setattr(regs, name, value)


def sendsig(task: SolarisTask, info: Info, action: Action) -> bool:
    """Makes a thread begin a handler when it is back in ring 3; False if there is no room for the frame."""
    sp, size, flags = task.altstack
    switches = bool(action.flags & SA_ONSTACK) and not flags & (SS_ONSTACK | SS_DISABLE)
    mask = task.sigmask if task.oldmask is None else task.oldmask
    begin = sendsig32.begin if task.ilp32 else _begin
    context = begin(task, info, action, mask, sp + size if switches else None)
    if context is None:
        return False
    task.oldmask = None
    task.oldcontext = context
    if switches:
        task.altstack = (sp, size, flags | SS_ONSTACK)
    blocked = task.sigmask | action.mask
    if not action.flags & SA_NODEFER:
        blocked |= bit(info.signo)
    if action.flags & SA_RESETHAND:
        del task.process.actions[info.signo]
    set_mask(task, blocked)
    return True


def _begin(task: SolarisTask, info: Info, action: Action, mask: int, stack: int | None) -> int | None:
    """Writes the frame, below the end of another stack if there is one, and sets the registers to the handler's start.

    Returns:
        The address of the context; None if there is no room.
    """
    regs = task.regs
    top = regs.sp - 128 if stack is None else stack
    siginfo = (top - 256) & ~15
    context = (siginfo - UCONTEXT_SIZE) & ~15
    frame = context - _FRAME.size
    raw = savecontext(task, mask)
    has_info = bool(action.flags & SA_SIGINFO)
    head = _FRAME.pack(_M64, info.signo, siginfo if has_info else 0)
    try:
        task.memory.write(frame, head + raw + bytes(siginfo - context - UCONTEXT_SIZE) + info.pack())
    except Errno:
        return None
    regs.ip, regs.sp = action.handler, frame
    regs.di, regs.si, regs.dx = info.signo, siginfo if has_info else 0, context
    regs.ax = 0
    regs.flags &= ~0x500  # trap and direction
    return context
