"""A machine with the tests' own descriptor tables and no kernel: two rings, flat segments, one gate a vector."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ring3.machine.board import DIRECT_MAP, CpuKind, Machine
from ring3.machine.cpu import Trap
from ring3.machine.descriptors import Gate, GateType, Segment, Tss
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import ERROR_CODE_VECTORS, Flags, Gpr, Seg

KERNEL_CS: Final = 0x08
KERNEL_DS: Final = 0x10
USER32_CS: Final = 0x1B
USER_DS: Final = 0x23
USER_CS: Final = 0x2B
CONFORMING_CS: Final = 0x30
SPARE: Final = 0x38
"""A selector whose descriptor a test writes."""
ENTRIES: Final = 8

KERNEL_CODE: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)
KERNEL_DATA: Final = Segment(0, 0xFFFF_FFFF, 0x93, 0xC)
USER32_CODE: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xC)
USER_DATA: Final = Segment(0, 0xFFFF_FFFF, 0xF3, 0xC)
USER_CODE: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xA)
CONFORMING_CODE: Final = Segment(0, 0xFFFF_FFFF, 0x9F, 0xA)

HANDLERS: Final = 0xFFFF_FFFF_8100_0000
"""Vector n's gate leads to this address plus 16 n; nothing is mapped there."""
USER_CODE_PAGE: Final = 0x40_0000
USER_DATA_PAGE: Final = 0x50_0000
USER_RSP: Final = USER_DATA_PAGE + 0xF00
USER_RIP: Final = USER_CODE_PAGE + 0x10


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery left on the stack, and where it went."""

    vector: int
    error: int | None
    rip: int
    cs: int
    flags: int
    rsp: int
    ss: int


class Bare:
    """The machine, its tables and the address space that is in use.

    Attributes:
        machine: The computer.
        pmap: An address space with a page of code and a page of data for ring 3.
        gdt: Virtual address of the GDT.
        idt: Of the IDT.
        tss: Of the TSS.
        stack: The end of the stack for ring 0.
        ist: The end of the stack in slot 1 of the interrupt stack table.
    """

    def __init__(self, cpu: CpuKind = CpuKind.EMULATED) -> None:
        self.machine = machine = Machine(64 << 20, cpu=cpu)
        self.cpu, self.ram = machine.cpu, machine.ram
        self.gdt, self.idt, self.tss = self.page(), self.page(), self.page()
        self.stack, self.ist = self.page() + PAGE_SIZE, self.page() + PAGE_SIZE
        segments = (KERNEL_CODE, KERNEL_DATA, USER32_CODE, USER_DATA, USER_CODE, CONFORMING_CODE)
        for number, segment in enumerate(segments, 1):
            machine.write(self.gdt + 8 * number, segment.to_bytes())
        self.cpu.set_table_register("gdtr", 0, self.gdt, 8 * ENTRIES - 1)
        self.cpu.set_table_register("idtr", 0, self.idt, 16 * 256 - 1)
        self.cpu.set_table_register("tr", 0x40, self.tss, Tss.SIZE - 1, 0x8B00)
        for vector in range(256):
            self.set_gate(vector)
        machine.write_q(self.tss + Tss.rsp(0), self.stack)
        machine.write_q(self.tss + Tss.ist(1), self.ist)
        self.pmap = Pmap(self.ram, machine.kernel_pmap)
        self.map_user(USER_CODE_PAGE, Prot.READ | Prot.EXEC)
        self.map_user(USER_DATA_PAGE, Prot.READ | Prot.WRITE)
        self.cpu.use(self.pmap)
        self.ring3()

    def page(self) -> int:
        """The virtual address of a fresh page, in the direct map."""
        return DIRECT_MAP + self.ram.alloc()

    def map_user(self, address: int, prot: int) -> int:
        """Maps a fresh page for ring 3; returns its physical address."""
        frame = self.ram.alloc()
        self.pmap.enter(address, frame, prot)
        return frame

    def set_gate(
        self,
        vector: int,
        *,
        offset: int | None = None,
        selector: int = KERNEL_CS,
        ist: int = 0,
        kind: int = GateType.INTERRUPT,
        dpl: int = 3,
        present: bool = True,
    ) -> None:
        """Writes a gate of the IDT."""
        target = HANDLERS + 16 * vector if offset is None else offset
        self.machine.write(self.idt + 16 * vector, Gate(target, selector, ist, kind, dpl, present).to_bytes())

    def ring3(self, bits: int = 64) -> None:
        """Makes the CPU one that stopped in ring 3."""
        code = (USER_CS, USER_CODE) if bits == 64 else (USER32_CS, USER32_CODE)
        self.cpu.load_segment(Seg.CS, *code)
        for segment in (Seg.SS, Seg.DS, Seg.ES):
            self.cpu.load_segment(segment, USER_DS, USER_DATA)
        self.cpu.rip, self.cpu.rflags = USER_RIP, Flags.IF
        self.cpu.set_gpr(Gpr.RSP, USER_RSP)

    def ring0(self) -> None:
        """Makes the CPU one that stopped in ring 0."""
        self.cpu.load_segment(Seg.CS, KERNEL_CS, KERNEL_CODE)
        self.cpu.load_segment(Seg.SS, KERNEL_DS, KERNEL_DATA)
        self.cpu.rip, self.cpu.rflags = HANDLERS, Flags.FIXED
        self.cpu.set_gpr(Gpr.RSP, self.stack - 0x108)

    def put_code(self, code: bytes, address: int = USER_RIP, bits: int = 64) -> None:
        """Writes code for ring 3 and makes the CPU start there."""
        self.ring3(bits)
        self.machine.write(address, code)
        self.cpu.rip = address

    def deliver(self, trap: Trap) -> Delivered:
        """Delivers, and reads what lies on the stack then.

        Raises:
            TripleFault: It cannot be delivered.
        """
        self.machine.microcode.deliver(trap)
        return self.delivered()

    def delivered(self) -> Delivered:
        """Reads what a delivery left."""
        vector = (self.cpu.rip - HANDLERS) // 16
        at = self.cpu.gpr(Gpr.RSP)
        error = None
        software = self.frame_size(at) == 5 * 8
        if vector in ERROR_CODE_VECTORS and not software:
            error = self.machine.read_q(at)
            at += 8
        rip, cs, flags, rsp, ss = struct.unpack("<5Q", self.machine.read(at, 40))
        return Delivered(vector, error, rip, cs, flags, rsp, ss)

    def frame_size(self, at: int) -> int:
        """Bytes from a stack pointer to the end of the stack that it is on, for fresh stacks."""
        return -at % PAGE_SIZE
