"""The frame of a signal handler, and contexts, of 32-bit programs.

A frame has, from the stack pointer up: a return address that nobody returns to (-1), the signal, the addresses of
siginfo and ucontext, which are the handler's arguments; then, above, the ucontext and the siginfo if it is wanted.

Sources: usr/src/uts/intel/ia32/os/sendsig.c (sendsig32), archdep.c (getgregs32, fpregset_nto32); sys/ucontext.h,
sys/regset.h (the i386 ABI's order of registers), sys/fp.h of illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.kernel import fsave
from ring3.machine.registers import Seg
from ring3.solaris.signals import SA_SIGINFO, set_mask

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.solaris.process import Action
    from ring3.solaris.siginfo import Info
    from ring3.solaris.task import SolarisTask

UCONTEXT_SIZE: Final = 512
GREGS: Final = (
    "gs", "fs", "es", "ds", "di", "si", "bp", "", "bx", "dx", "cx", "ax", "", "", "ip", "cs", "flags", "sp", "ss",
)  # fmt: skip
"""``gregset_t`` by index; ESP is what pusha stores and popa drops, trap and error number are 0."""
ESP: Final = GREGS.index("")
_SEGMENTS: Final = {"gs": Seg.GS, "fs": Seg.FS, "es": Seg.ES, "ds": Seg.DS}
_HEAD: Final = struct.Struct("<II16sIIi")
_GREGS: Final = struct.Struct(f"<{len(GREGS)}I")
_FPREGS_AT: Final = _HEAD.size + _GREGS.size
_MCONTEXT_SIZE: Final = _GREGS.size + 380
_FP_TAIL: Final = struct.Struct("<III8x")
"""Behind the FSAVE image: the status at an exception, MXCSR, and the status of SSE at an exception."""
_XMM: Final = 8 * 16
_FRAME: Final = struct.Struct("<IIII")
_M32: Final = (1 << 32) - 1
_UC_SIGMASK, _UC_STACK, _UC_CPU, _UC_FPU = 1, 2, 4, 8
_UC_ALL: Final = 0xF
_SS_MASK: Final = 3
_USER_FLAGS: Final = 0x0024_0DD5
_PSL_USER: Final = 0x202
_STACK_ALIGN: Final = 4


def registers(raw: bytes) -> tuple[int, ...]:
    """The general registers of a context, in the order of `GREGS`."""
    return _GREGS.unpack_from(raw, _HEAD.size)


def savecontext(task: SolarisTask, mask: int) -> bytes:
    """``ucontext_t`` of a thread in the kernel."""
    head = _HEAD.pack(_UC_ALL, task.oldcontext & _M32, mask.to_bytes(16, "little"), *task.altstack)
    return (head + mcontext(task)).ljust(UCONTEXT_SIZE, b"\0")


def mcontext(task: SolarisTask) -> bytes:
    """``mcontext_t`` of a thread that is in the CPU."""
    regs, cpu = task.regs, task.kernel.machine.cpu
    values = [
        cpu.selector(_SEGMENTS[name]) if name in _SEGMENTS else getattr(regs, name or "sp") & _M32
        for name in GREGS
    ]
    values[12] = values[13] = 0
    image = task.kernel.fpu.save()
    (mxcsr,) = struct.unpack_from("<I", image, 24)
    floating = fsave.fsave(image)[: fsave.SIZE] + _FP_TAIL.pack(0, mxcsr, 0) + image[160 : 160 + _XMM]
    return (_GREGS.pack(*values) + floating).ljust(_MCONTEXT_SIZE, b"\0")


def restorecontext(task: SolarisTask, raw: bytes) -> None:
    """Makes a thread go on as a ``ucontext_t`` says, as far as its flags ask for; selectors stay as they are."""
    flags, link, mask, sp, size, stack_flags = _HEAD.unpack_from(raw)
    task.oldcontext = link
    if flags & _UC_CPU:
        set_registers(task.regs, registers(raw))
    if flags & _UC_FPU:
        _, mxcsr, _ = _FP_TAIL.unpack_from(raw, _FPREGS_AT + fsave.SIZE)
        xmm = raw[_FPREGS_AT + fsave.SIZE + _FP_TAIL.size :][:_XMM]
        task.kernel.fpu.restore(fsave.fxsave(raw[_FPREGS_AT:], mxcsr, xmm))
    if flags & _UC_STACK:
        task.altstack = (sp, size, stack_flags & _SS_MASK)
    if flags & _UC_SIGMASK:
        set_mask(task, int.from_bytes(mask, "little"))


def set_registers(regs: UserRegs, values: tuple[int, ...]) -> None:
    """Gives a program the registers of a ``gregset_t``, as far as it may set them."""
    for name, value in zip(GREGS, values, strict=True):
        if name == "flags":
            regs.flags = value & _USER_FLAGS | _PSL_USER
        elif name not in ("", "cs", "ss") and name not in _SEGMENTS:
            setattr(regs, name, value)


def begin(task: SolarisTask, info: Info, action: Action, mask: int, stack: int | None) -> int | None:
    """Writes the frame, below the end of another stack if there is one, and sets the registers to the handler's start.

    Returns:
        The address of the context; None if there is no room.
    """
    regs = task.regs
    top = (regs.sp if stack is None else stack - _STACK_ALIGN) & -_STACK_ALIGN
    siginfo = info.pack(32) if action.flags & SA_SIGINFO else b""
    at = top - len(siginfo)
    context = at - UCONTEXT_SIZE
    frame = context - _FRAME.size
    if frame < 0:
        return None
    head = _FRAME.pack(_M32, info.signo, at if siginfo else 0, context)
    try:
        task.memory.write(frame, head + savecontext(task, mask) + siginfo)
    except Errno:
        return None
    regs.ip, regs.sp = action.handler, frame
    regs.flags = _PSL_USER
    return context
