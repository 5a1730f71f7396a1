"""Between the rings: how a CPU that stopped in ring 3 gets into ring 0, and whose GS base is where meanwhile."""

from __future__ import annotations

from typing import Final

from ring3.machine.board import Machine
from ring3.machine.descriptors import Segment
from ring3.machine.msr import Msr
from ring3.machine.registers import Gpr, Seg

KERNEL_CS: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)
KERNEL_SS: Final = Segment(0, 0xFFFF_FFFF, 0x93, 0xC)


class Rings:
    """The moves between ring 3 and ring 0 that are the kernel's, not the entry code's.

    Attributes:
        machine: The computer.
    """

    machine: Machine

    def enter_ring0(self, rip: int, stack: int, code: int, data: int) -> None:
        """Turns a CPU that stopped in ring 3 into one about to run the kernel's code, general registers kept.

        Args:
            rip: The kernel's instruction to go on at.
            stack: Kernel stack pointer.
            code: Selector of the kernel's code segment.
            data: Selector of its stack segment.
        """
        cpu = self.machine.cpu
        user, kernel = cpu.rdmsr(Msr.MSR_GS_BASE), cpu.rdmsr(Msr.MSR_KERNEL_GS_BASE)
        cpu.wrmsr(Msr.MSR_GS_BASE, kernel)
        cpu.wrmsr(Msr.MSR_KERNEL_GS_BASE, user)
        cpu.load_segment(Seg.CS, code, KERNEL_CS)
        cpu.load_segment(Seg.SS, data, KERNEL_SS)
        cpu.rflags = 0
        cpu.rip = rip
        cpu.set_gpr(Gpr.RSP, stack)

    def load_user_segment(self, segment: Seg, selector: int, descriptor: Segment) -> None:
        """Loads DS, ES, FS or GS for ring 3; in ring 0 the user's GS base lies where swapgs takes it from."""
        cpu = self.machine.cpu
        kernel_base = cpu.rdmsr(Msr.MSR_GS_BASE)
        cpu.load_segment(segment, selector, descriptor)
        if segment is Seg.GS and cpu.cpl == 0:
            cpu.wrmsr(Msr.MSR_KERNEL_GS_BASE, descriptor.base)
            cpu.wrmsr(Msr.MSR_GS_BASE, kernel_base)

    def user_gs_msr(self) -> Msr:
        """The MSR that holds the running task's GS base at this moment: swapgs moves it."""
        return Msr.MSR_GS_BASE if self.machine.cpu.cpl == 3 else Msr.MSR_KERNEL_GS_BASE

    def cpu_text(self) -> str:
        """The CPU's registers as text, for a panic."""
        cpu = self.machine.cpu
        rows = [
            "  ".join(f"{Gpr(n).name:>6}={cpu.gpr(n):016x}" for n in range(start, start + 4))
            for start in range(0, 16, 4)
        ]
        rows.append(f"   RIP={cpu.rip:016x}  RFLAGS={cpu.rflags:08x}  CPL={cpu.cpl}  CR2={cpu.cr2:016x}")
        return "\n".join(rows)
