"""``struct user_desc``: a segment as programs ask for one (arch/x86/include/uapi/asm/ldt.h)."""

from __future__ import annotations

import struct
from typing import Final, Self

from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.usercopy import UserMemory
from ring3.machine.descriptors import Segment

SIZE: Final = 16
"""Bytes of the struct."""
SEG_32BIT: Final = 1 << 0
CONTENTS: Final = 3 << 1
READ_EXEC_ONLY: Final = 1 << 3
LIMIT_IN_PAGES: Final = 1 << 4
SEG_NOT_PRESENT: Final = 1 << 5
USEABLE: Final = 1 << 6
LM: Final = 1 << 7
_EMPTY: Final = READ_EXEC_ONLY | SEG_NOT_PRESENT


class UserDesc(NamedTuple):
    """A segment.

    Attributes:
        entry_number: Its place in a descriptor table; all ones asks for a free one.
        base_addr: Linear address, 32 bits.
        limit: Highest offset, in bytes or pages; 20 bits of it count.
        bits: The flags of the last word.
    """

    entry_number: int
    base_addr: int
    limit: int
    bits: int

    @classmethod
    def read(cls, memory: UserMemory, address: int) -> Self:
        """The struct in a program's memory.

        Raises:
            Errno: EFAULT.
        """
        return cls(*struct.unpack("<4I", memory.read(address, SIZE)))

    @classmethod
    def of_entry(cls, number: int, value: int) -> Self:
        """The struct that describes an entry of a descriptor table (fill_user_desc)."""
        if not value:
            return cls(number, 0, 0, _EMPTY)
        segment = Segment.from_bytes(value.to_bytes(8, "little"))
        bits = (
            (SEG_32BIT if segment.flags & 4 else 0)
            | (segment.access >> 2 & 3) << 1
            | (0 if segment.access & 2 else READ_EXEC_ONLY)
            | (LIMIT_IN_PAGES if segment.flags & 8 else 0)
            | (0 if segment.present else SEG_NOT_PRESENT)
            | (USEABLE if segment.flags & 1 else 0)
            | (LM if segment.flags & 2 else 0)
        )
        return cls(number, segment.base, segment.limit >> 12 if segment.flags & 8 else segment.limit, bits)

    def pack(self) -> bytes:
        """The struct as it lies in memory."""
        return struct.pack("<4I", self.entry_number, self.base_addr, self.limit, self.bits)

    @property
    def contents(self) -> int:
        """0 data, 1 a stack (limit from below), 2 code, 3 conforming code."""
        return (self.bits & CONTENTS) >> 1

    @property
    def seg_not_present(self) -> bool:
        """The segment cannot be used."""
        return bool(self.bits & SEG_NOT_PRESENT)

    @property
    def useable(self) -> bool:
        """The AVL bit, which is the program's."""
        return bool(self.bits & USEABLE)

    @property
    def is_empty(self) -> bool:
        """Whether it asks for an entry to be cleared (LDT_empty)."""
        return not self.base_addr and not self.limit and self.bits & 0xFF == _EMPTY

    @property
    def is_zero(self) -> bool:
        """Whether all of it but the number is zero (LDT_zero)."""
        return not self.base_addr and not self.limit and not self.bits & 0xFF

    def segment(self, *, useable: bool) -> Segment:
        """The descriptor that it asks for, of ring 3 and marked as accessed (fill_ldt); never 64-bit code."""
        bits = self.bits
        writable = 0 if bits & READ_EXEC_ONLY else 2
        access = 0x71 | writable | (bits & CONTENTS) << 1 | (0 if bits & SEG_NOT_PRESENT else 0x80)
        flags = (4 if bits & SEG_32BIT else 0) | (8 if bits & LIMIT_IN_PAGES else 0) | (1 if useable else 0)
        limit = self.limit & 0xF_FFFF
        return Segment(self.base_addr, limit << 12 | 0xFFF if bits & LIMIT_IN_PAGES else limit, access, flags)
