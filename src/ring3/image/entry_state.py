"""Whether ring 0's entry state is still what boot made it.

The short path of a system call skips ring 0; that is right only as long as the gates, descriptors, MSRs and machine
code that it skips are untouched. The system-call tables are not part of this: both paths read them on every call.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.image.kernel_image import KernelImage
from ring3.machine.board import Machine
from ring3.machine.msr import Msr

_MSRS: Final = (
    Msr.MSR_EFER,
    Msr.MSR_STAR,
    Msr.MSR_LSTAR,
    Msr.MSR_CSTAR,
    Msr.MSR_SYSCALL_MASK,
    Msr.MSR_IA32_SYSENTER_CS,
    Msr.MSR_IA32_SYSENTER_ESP,
    Msr.MSR_IA32_SYSENTER_EIP,
)


class EntryState(NamedTuple):
    """A picture of the entry state, to compare with the present one.

    Attributes:
        msrs: Values of the MSRs that a door reads.
        tables: Base and limit of GDTR, IDTR and TR.
        memory: The descriptor tables and other fixed memory, as (address, contents).
    """

    msrs: tuple[int, ...]
    tables: tuple[tuple[int, int], ...]
    memory: tuple[tuple[int, bytes], ...]

    @classmethod
    def capture(cls, machine: Machine, ranges: tuple[tuple[int, int], ...]) -> EntryState:
        """The present state.

        Args:
            machine: The computer.
            ranges: The memory that belongs to it besides the machine code, as (address, size).
        """
        cpu = machine.cpu
        return cls(
            tuple(machine.rdmsr(number) for number in _MSRS),
            tuple(cpu.table_register(name) for name in ("gdtr", "idtr", "tr")),
            tuple((address, machine.read(address, size)) for address, size in ranges),
        )

    def holds(self, machine: Machine, image: KernelImage) -> bool:
        """Whether nothing of it, nor of the image's machine code, has changed."""
        now = EntryState.capture(machine, tuple((address, len(content)) for address, content in self.memory))
        return now == self and image.text_is_pristine()
