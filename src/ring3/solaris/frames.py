"""How registers lie in ring 0's memory, and what they are for a thread that has not run yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.image.solaris import boot
from ring3.image.solaris.boot import L
from ring3.kernel.regs import FrameType, frame_type
from ring3.machine.cpu import Event
from ring3.machine.registers import Gpr, Seg
from ring3.solaris.segments import NO_SEGMENT, load_data_segments

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

STRUCT_REGS: Final[FrameType] = frame_type(
    {
        "r15": L["REGOFF_R15"], "r14": L["REGOFF_R14"], "r13": L["REGOFF_R13"], "r12": L["REGOFF_R12"],
        "bp": L["REGOFF_RBP"], "bx": L["REGOFF_RBX"], "r11": L["REGOFF_R11"], "r10": L["REGOFF_R10"],
        "r9": L["REGOFF_R9"], "r8": L["REGOFF_R8"], "ax": L["REGOFF_RAX"], "cx": L["REGOFF_RCX"],
        "dx": L["REGOFF_RDX"], "si": L["REGOFF_RSI"], "di": L["REGOFF_RDI"], "orig_ax": L["REGOFF_TRAPNO"],
        "ip": L["REGOFF_RIP"], "cs": L["REGOFF_CS"], "flags": L["REGOFF_RFL"], "sp": L["REGOFF_RSP"],
        "ss": L["REGOFF_SS"],
    }
)  # fmt: skip
"""``struct regs`` in guest RAM. It has no ``orig_ax``: that is the trap's vector, which a system call leaves alone."""

USER_SEGMENTS: Final = {
    L["UDS_SEL"]: boot.UDATA,
    L["UCS_SEL"]: boot.UCODE,
    L["U32CS_SEL"]: boot.U32CODE,
}


def initial_state(kernel: SolarisKernel) -> bytes:
    """The registers of a thread that has not run yet: the FPU as the machine code sets it, all else zero."""
    cpu = kernel.machine.cpu
    cpu.rip = kernel.image.symbols["fpinit"]
    cpu.set_gpr(Gpr.RSP, kernel.image.symbols["dblfault_stack0"] + 4096)
    stop = cpu.run()
    assert stop is Event.HALT, stop
    for segment in (Seg.DS, Seg.ES, Seg.FS):
        cpu.load_segment(segment, 0, NO_SEGMENT)
    cpu.set_gpr(Gpr.RSP, 0)
    return cpu.save()


def narrow_state(kernel: SolarisKernel, state: bytes) -> bytes:
    """The state in which a 32-bit program starts: that of the others, with flat data segments."""
    cpu = kernel.machine.cpu
    kept = cpu.save()
    try:
        cpu.load(state)
        load_data_segments(kernel, ilp32=True)
        return cpu.save()
    finally:
        cpu.load(kept)
