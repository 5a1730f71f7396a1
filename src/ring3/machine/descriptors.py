"""Segment descriptors, gates and the task-state segment, as bytes in memory.

Formats: SDM volume 3A, figure 3-8 (segment descriptor), 6-8 (64-bit gate), 8-11 (64-bit TSS), table 3-2 (types).
The descriptor tables themselves lie in guest RAM; these classes are values read from there or written there.
"""

from __future__ import annotations

import struct
from typing import Final, Self

from ring3.abi.kinds import IntEnum, NamedTuple

RPL_MASK: Final = 3
TI_LDT: Final = 4
"""Bit of a selector: it indexes the LDT, not the GDT."""


class GateType(IntEnum):
    """The two gate types of a 64-bit IDT (SDM 3A, table 3-2)."""

    INTERRUPT = 0xE
    TRAP = 0xF


class Segment(NamedTuple):
    """A code or data segment descriptor of 8 bytes.

    Attributes:
        base: Linear address, 32 bits.
        limit: Highest offset, in bytes, already scaled by the granularity.
        access: The access byte: type (4 bits), S, DPL (2 bits), P.
        flags: AVL, L, D/B, G as the upper nibble's 4 bits.
    """

    base: int
    limit: int
    access: int
    flags: int

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """The descriptor in 8 bytes of a descriptor table."""
        (value,) = struct.unpack("<Q", raw)
        flags = value >> 52 & 0xF
        limit = (value & 0xFFFF) | (value >> 32 & 0xF_0000)
        if flags & 8:
            limit = limit << 12 | 0xFFF
        return cls((value >> 16 & 0xFF_FFFF) | (value >> 32 & 0xFF00_0000), limit, value >> 40 & 0xFF, flags)

    def to_bytes(self) -> bytes:
        """The 8 bytes as they lie in a descriptor table."""
        limit = self.limit >> 12 if self.flags & 8 else self.limit
        value = (
            (limit & 0xFFFF)
            | (self.base & 0xFF_FFFF) << 16
            | self.access << 40
            | (limit >> 16 & 0xF) << 48
            | self.flags << 52
            | (self.base >> 24 & 0xFF) << 56
        )
        return struct.pack("<Q", value)

    @property
    def dpl(self) -> int:
        """Descriptor privilege level, 0 to 3."""
        return self.access >> 5 & 3

    @property
    def present(self) -> bool:
        """The P bit."""
        return bool(self.access & 0x80)

    @property
    def is_code(self) -> bool:
        """A code segment (S set, type bit 3 set)."""
        return self.access & 0x18 == 0x18

    @property
    def is_conforming(self) -> bool:
        """A conforming code segment."""
        return self.access & 0x1C == 0x1C

    @property
    def is_long(self) -> bool:
        """A 64-bit code segment (the L bit)."""
        return bool(self.flags & 2)

    @property
    def cache_flags(self) -> int:
        """The descriptor's second word without its base bits, as a CPU keeps it in the hidden part of a register."""
        return int.from_bytes(self.to_bytes()[4:], "little") & 0x00F0_FF00

    def __str__(self) -> str:
        kind = "code" if self.is_code else "data" if self.access & 0x10 else "system"
        width = "64-bit " if self.is_long else "32-bit " if self.flags & 4 else "16-bit "
        return (
            f"{width if kind != 'system' else ''}{kind} base={self.base:#x} limit={self.limit:#x} "
            f"DPL={self.dpl} P={int(self.present)}"
        )


class Gate(NamedTuple):
    """A 16-byte gate of the 64-bit IDT.

    Attributes:
        offset: Entry point, 64-bit virtual address.
        selector: Code segment selector of the handler.
        ist: Interrupt stack table slot, 1 to 7, or 0 for none.
        type: 4-bit type; only those of `GateType` are valid.
        dpl: The least privileged ring that may use it by an ``int`` instruction.
        present: The P bit.
    """

    offset: int
    selector: int
    ist: int
    type: int
    dpl: int
    present: bool

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """The gate in 16 bytes of the IDT."""
        low, selector, ist, attributes, middle, high = struct.unpack("<HHBBHIxxxx", raw)
        return cls(
            low | middle << 16 | high << 32,
            selector,
            ist & 7,
            attributes & 0xF,
            attributes >> 5 & 3,
            bool(attributes & 0x80),
        )

    def to_bytes(self) -> bytes:
        """The 16 bytes as they lie in the IDT."""
        attributes = self.type | self.dpl << 5 | self.present << 7
        return struct.pack(
            "<HHBBHIxxxx",
            self.offset & 0xFFFF,
            self.selector,
            self.ist,
            attributes,
            self.offset >> 16 & 0xFFFF,
            self.offset >> 32,
        )

    def __str__(self) -> str:
        names: dict[int, str] = {GateType.INTERRUPT: "interrupt gate", GateType.TRAP: "trap gate"}
        kind = names.get(self.type, f"type {self.type:#x}")
        return (
            f"{kind} offset={self.offset:#x} selector={self.selector:#x} DPL={self.dpl} "
            f"IST={self.ist} P={int(self.present)}"
        )


class Tss:
    """Offsets in the 64-bit task-state segment (SDM 3A, figure 8-11)."""

    RSP0: Final = 4
    IST1: Final = 36
    IO_MAP_BASE: Final = 102
    SIZE: Final = 104

    @staticmethod
    def rsp(ring: int) -> int:
        """Offset of the stack pointer for ``ring`` (0 to 2)."""
        return Tss.RSP0 + 8 * ring

    @staticmethod
    def ist(slot: int) -> int:
        """Offset of interrupt stack table slot 1 to 7."""
        return Tss.IST1 + 8 * (slot - 1)


def system_descriptor(base: int, limit: int, access: int) -> bytes:
    """The 16 bytes of a TSS or LDT descriptor in the GDT (SDM 3A, figure 8-4)."""
    return Segment(base & 0xFFFF_FFFF, limit, access, 0).to_bytes() + struct.pack("<II", base >> 32, 0)
