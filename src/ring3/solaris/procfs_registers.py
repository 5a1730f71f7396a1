"""The registers of an lwp that does not run, as /proc shows and changes them (prgetprregs, prsetprregs)."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.machine.registers import Flags
from ring3.solaris import sendsig, sendsig32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ring3.solaris.task import SolarisTask

_REGISTERS: Final = {
    64: struct.Struct(f"<{len(sendsig.GREGS)}Q"),
    32: struct.Struct(f"<{len(sendsig32.GREGS)}I"),
}
"""``prgregset_t``."""


@contextmanager
def _in_cpu(lwp: SolarisTask) -> Iterator[None]:
    """The lwp's state is in the CPU while this is entered, and `SolarisTask.regs` are those of its program."""
    kernel = lwp.kernel
    if lwp is kernel.current:
        yield
        return
    cpu = kernel.machine.cpu
    kept, kept_regs = cpu.save(), lwp.regs
    try:
        cpu.load(lwp.saved)
        lwp.regs = kernel.window if cpu.cpl == 3 else lwp.frame
        yield
        lwp.saved = cpu.save()
    finally:
        cpu.load(kept)
        lwp.regs = kept_regs


def registers(lwp: SolarisTask, bits: int) -> bytes:
    """The registers as a reader's ``mcontext_t``: those with which the program goes on."""
    made: Callable[[SolarisTask], bytes] = sendsig.mcontext if bits == 64 else sendsig32.mcontext
    with _in_cpu(lwp):
        return made(lwp)


def set_registers(lwp: SolarisTask, raw: bytes) -> None:
    """Has the program go on with a writer's ``prgregset_t``."""
    with _in_cpu(lwp):
        if len(raw) == _REGISTERS[32].size:
            sendsig32.set_registers(lwp.regs, _REGISTERS[32].unpack(raw))
        else:
            sendsig.set_registers(lwp, lwp.regs, _REGISTERS[64].unpack(raw))


def step(lwp: SolarisTask) -> None:
    """Has the program stop after its next instruction (prstep)."""
    with _in_cpu(lwp):
        lwp.regs.flags |= Flags.TF


def call_state(lwp: SolarisTask) -> tuple[tuple[int, ...], int, int]:
    """Of an lwp that is stopped at a call: its six arguments, and its result and error once it is over."""
    with _in_cpu(lwp):
        regs = lwp.regs
        error = regs.ax & 0xFFFF_FFFF if regs.flags & Flags.CF else 0
        if lwp.ilp32:
            raw = lwp.memory.peek(regs.sp + 4, 4 * 6)
            return struct.unpack("<6I", raw), regs.ax, error
        return (regs.di, regs.si, regs.dx, regs.cx, regs.r8, regs.r9), regs.ax, error
