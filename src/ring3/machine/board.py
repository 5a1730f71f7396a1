"""The computer: RAM, one CPU with its microcode, and the kernel half of the address space.

Software on top reads and writes memory here by virtual address with the rights of ring 0, and MSRs by number. Each
such write is announced, because the short path of a system call is only right while the entry state is what boot
made it (DESIGN: two ways through, one meaning).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from ring3.abi.kinds import StrEnum
from ring3.errors import UserError
from ring3.machine.cpu import Cpu
from ring3.machine.descriptors import Gate, Segment
from ring3.machine.microcode import Microcode
from ring3.machine.msr import Efer, Msr, check_value
from ring3.machine.paging import walk
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.unicorn_cpu import UnicornCpu

KERNEL_BASE: Final = 0xFFFF_8000_0000_0000
"""Where the kernel half begins with Linux."""

DIRECT_MAP: Final = 0xFFFF_8880_0000_0000
"""Where all of RAM is mapped for ring 0 (Linux: Documentation/arch/x86/x86_64/mm.rst, 4-level page_offset_base)."""

DEFAULT_RAM: Final = 4 << 30

CR0_BOOT: Final = 0x8005_0033
"""PG, AM, WP, NE, ET, MP, PE: as Linux runs (arch/x86/include/uapi/asm/processor-flags.h, CR0_STATE)."""

CR4_BOOT: Final = 0x0031_0620
"""SMAP, SMEP, FSGSBASE, OSXMMEXCPT, OSFXSR, PAE (SDM 3A, 2.5)."""

_LARGE: Final = 2 << 20


class CpuKind(StrEnum):
    """What runs programs; the kernel's own machine code always runs on the emulated processor."""

    EMULATED = "emulated"
    HOST = "host"
    AUTO = "auto"
    """The host's processor for programs that compute."""


_MAKING: Final = Lock()
"""The emulator's library is not prepared for two threads that use it for the first time at once."""


def _make_cpu(kind: CpuKind, ram: Ram) -> Cpu:
    if kind is CpuKind.EMULATED:
        return UnicornCpu(ram)
    if kind is CpuKind.AUTO:
        from ring3.machine.moving_cpu import MovingCpu  # noqa: PLC0415 -- for who has asked for it

        return MovingCpu(ram)
    from ring3.machine.host_cpu.host_cpu import HostCpu  # noqa: PLC0415 -- for who has asked for it

    return HostCpu(ram)


class Machine:
    """A computer, switched on: paging and long mode are active, ring 0, no kernel in memory yet.

    Attributes:
        ram: Physical memory.
        cpu: The processor.
        cpu_kind: What kind it is of.
        microcode: Its way into ring 0.
        kernel_pmap: The page tables whose upper part every address space shares.
        direct_map: Virtual address at which ring 0 finds all of RAM.
        on_change: Told of each write to kernel memory or an MSR made through this object.
    """

    def __init__(
        self,
        ram_bytes: int = DEFAULT_RAM,
        *,
        kernel_base: int = KERNEL_BASE,
        direct_map: int = DIRECT_MAP,
        cpu: CpuKind = CpuKind.EMULATED,
    ) -> None:
        """Makes the computer.

        Args:
            ram_bytes: Size of RAM, a multiple of 2 MiB.
            kernel_base: Where the kernel's part of every address space begins, a multiple of 512 GiB.
            direct_map: Where in it all of RAM is mapped for ring 0.
            cpu: The processor's kind.

        Raises:
            UserError: The host cannot provide it.
        """
        if ram_bytes % _LARGE:
            raise UserError(f"RAM must be a multiple of 2 MiB, not {ram_bytes} bytes")
        try:
            self.ram = Ram(ram_bytes, shared=cpu is not CpuKind.EMULATED)
        except (OSError, ValueError) as error:
            raise UserError(f"cannot map {ram_bytes} bytes of guest RAM: {error}") from error
        self.cpu_kind = cpu
        with _MAKING:
            self.cpu: Cpu = _make_cpu(cpu, self.ram)
        self.microcode = Microcode(self.cpu, self.ram)
        self.kernel_pmap = Pmap(self.ram, first_shared=kernel_base >> 39 & 511)
        self.kernel_pmap.ahead, self.kernel_pmap.translated = self.cpu.ahead, self.cpu.translates
        self.direct_map = direct_map
        self.on_change: Callable[[], None] = lambda: None
        self.kernel_pmap.enter_large(direct_map, 0, ram_bytes, Prot.READ | Prot.WRITE)
        self.cpu.use(self.kernel_pmap)
        self.cpu.set_control(3, self.kernel_pmap.root)
        self.cpu.set_control(4, CR4_BOOT)
        self.cpu.wrmsr(Msr.MSR_EFER, Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE)
        self.cpu.set_control(0, CR0_BOOT)

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes at a virtual address of the address space in use, whoever owns the page.

        Raises:
            UserError: Part of the range is not mapped.
        """
        return b"".join(self.ram.bytes[start : start + part] for start, part in self._pieces(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Writes at a virtual address of the address space in use, whatever the page allows.

        Raises:
            UserError: Part of the range is not mapped; nothing is written then.
        """
        for start, part in self._pieces(address, len(data)):
            self.ram.bytes[start : start + part], data = data[:part], data[part:]
        self.cpu.forget_code()
        self.on_change()

    def read_q(self, address: int) -> int:
        """The 64-bit word at a virtual address."""
        return int.from_bytes(self.read(address, 8), "little")

    def write_q(self, address: int, value: int) -> None:
        """Writes a 64-bit word at a virtual address."""
        self.write(address, (value & (1 << 64) - 1).to_bytes(8, "little"))

    def rdmsr(self, number: int) -> int:
        """Value of an MSR; its number must be one of `Msr`."""
        return self.cpu.rdmsr(number)

    def wrmsr(self, number: int, value: int) -> None:
        """Sets an MSR of `Msr` as the instruction does in ring 0.

        Raises:
            UserError: The CPU refuses the value: the instruction would raise #GP.
        """
        msr = Msr(number)
        try:
            check_value(msr, value, self.cpu.rdmsr(msr))
        except ValueError as error:
            raise UserError(f"{msr.name} cannot be {value:#x}: {error}") from None
        self.cpu.wrmsr(msr, value)
        self.on_change()

    def segment(self, index: int) -> Segment:
        """An entry of the GDT, read from RAM.

        Args:
            index: Its number, which is that of its selectors divided by 8.

        Raises:
            UserError: It lies outside of the table.
        """
        return Segment.from_bytes(self.read(self._entry("gdtr", index, 8), 8))

    def set_segment(self, index: int, segment: Segment) -> None:
        """Overwrites an entry of the GDT; a register that was loaded from it keeps the old one, as on any CPU.

        Raises:
            UserError: It lies outside of the table.
        """
        self.write(self._entry("gdtr", index, 8), segment.to_bytes())

    def gate(self, vector: int) -> Gate:
        """An entry of the IDT, read from RAM.

        Raises:
            UserError: It lies outside of the table.
        """
        return Gate.from_bytes(self.read(self._entry("idtr", vector, 16), 16))

    def set_gate(self, vector: int, gate: Gate) -> None:
        """Overwrites an entry of the IDT: the next event of that vector goes where it now points.

        Raises:
            UserError: It lies outside of the table.
        """
        self.write(self._entry("idtr", vector, 16), gate.to_bytes())

    def translate(self, address: int) -> int | None:
        """Physical address behind a virtual one in the address space in use, or None."""
        found = walk(self.ram, self.cpu.cr3, address)
        return None if found is None else found.physical

    def close(self) -> None:
        """Switches the computer off and gives its memory back."""
        self.cpu.close()

    def _entry(self, register: str, index: int, size: int) -> int:
        """Address of an entry of a descriptor table."""
        base, limit = self.cpu.table_register(register)
        if index < 0 or (index + 1) * size > limit + 1:
            last = (limit + 1) // size - 1
            raise UserError(f"the table of {register} has the entries 0 to {last}, not {index}")
        return base + index * size

    def _pieces(self, address: int, size: int) -> list[tuple[int, int]]:
        pieces = []
        while size > 0:
            physical = self.translate(address)
            if physical is None:
                raise UserError(f"no memory at {address:#x}")
            part = min(size, PAGE_SIZE - address % PAGE_SIZE)
            pieces.append((physical, part))
            address, size = address + part, size - part
        return pieces
