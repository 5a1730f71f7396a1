"""Registers, descriptors and page-table entries unfolded into their bit fields.

Layouts: SDM volume 3A, figures 2-4 (MSR_EFER), 3-6 (selector), 3-8 (segment descriptor), 4-11 and table 4-19 (paging
entries), 6-8 (gate of 64-bit mode); volume 1, figure 3-8 (RFLAGS); volume 2B, SYSCALL (MSR_STAR).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ring3.machine.descriptors import RPL_MASK, TI_LDT, Gate, GateType, Segment
from ring3.machine.msr import Efer, Msr
from ring3.machine.paging import LEVELS, PTE_A, PTE_ADDRESS, PTE_D, PTE_NX, PTE_P, PTE_PS, PTE_U, PTE_W
from ring3.machine.registers import Flags

_SHIFTS: Final = dict(LEVELS)


@dataclass(frozen=True, slots=True)
class Field:
    """Some neighbouring bits of a word.

    Attributes:
        name: As the manuals call it; "" for bits that are reserved.
        high: The highest bit.
        low: The lowest.
        value: What is in them, as a number.
        meaning: The same in words, "" where the number says it.
    """

    name: str
    high: int
    low: int
    value: int
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A word with its fields, from the highest to the lowest.

    Attributes:
        what: What holds it.
        raw: The word.
        width: Its bits: 16, 32, 64 or 128.
        fields: All of its bits.
    """

    what: str
    raw: int
    width: int
    fields: tuple[Field, ...]


_Named = tuple[str, int, int, str]
"""A field's name, its highest and lowest bit, and its meaning."""


def _unfold(what: str, raw: int, width: int, named: Iterable[_Named]) -> Unfolded:
    """A word, what is between its named fields included."""
    found: list[Field] = []
    next_high = width - 1
    for name, high, low, meaning in sorted(named, key=lambda field: -field[1]):
        if high < next_high:
            found.append(_field(raw, "", next_high, high + 1, ""))
        found.append(_field(raw, name, high, low, meaning))
        next_high = low - 1
    if next_high >= 0:
        found.append(_field(raw, "", next_high, 0, ""))
    return Unfolded(what, raw, width, tuple(found))


def _field(raw: int, name: str, high: int, low: int, meaning: str) -> Field:
    return Field(name, high, low, raw >> low & (1 << high - low + 1) - 1, meaning)


def _single(flags: Iterable[Flags | Efer]) -> list[_Named]:
    """Fields of flags; those of several bits are one field."""
    return [(str(flag.name), flag.bit_length() - 1, (flag & -flag).bit_length() - 1, "") for flag in flags]


def rflags(what: str, raw: int) -> Unfolded:
    """RFLAGS, or the mask of it."""
    return _unfold(what, raw, 32, _single(flag for flag in Flags if flag is not Flags.FIXED))


def msr(number: Msr, raw: int) -> Unfolded:
    """A model-specific register."""
    if number is Msr.MSR_STAR:
        fields = [
            ("sysret's base", 63, 48, "CS = base + 16 for 64-bit code, SS = base + 8, both with RPL 3"),
            ("syscall's base", 47, 32, "CS = base, SS = base + 8"),
            ("EIP", 31, 0, "of legacy mode; not used in long mode"),
        ]
    elif number is Msr.MSR_EFER:
        fields = _single(Efer)
    elif number is Msr.MSR_SYSCALL_MASK:
        return rflags(number.name, raw)
    elif number is Msr.MSR_IA32_SYSENTER_CS:
        fields = [("selector", 15, 0, "CS; SS is the next descriptor, + 8")]
    else:
        fields = [("address", 63, 0, "must be canonical")]
    return _unfold(number.name, raw, 64, fields)


def selector(what: str, raw: int) -> Unfolded:
    """A segment selector."""
    table = "LDT" if raw & TI_LDT else "GDT"
    return _unfold(
        what,
        raw,
        16,
        [
            ("index", 15, 3, f"descriptor {raw >> 3} of the table"),
            ("TI", 2, 2, table),
            ("RPL", 1, 0, f"ring {raw & RPL_MASK}"),
        ],
    )


def segment(what: str, descriptor: Segment) -> Unfolded:
    """A segment descriptor, as its 8 bytes lie in memory."""
    size = "64-bit code" if descriptor.is_long else "not 64-bit code"
    kind = "code" if descriptor.is_code else "data"
    return _unfold(
        what,
        int.from_bytes(descriptor.to_bytes(), "little"),
        64,
        [
            ("base 31:24", 63, 56, ""),
            ("G", 55, 55, "limit in pages" if descriptor.flags & 8 else "limit in bytes"),
            ("D/B", 54, 54, "32-bit" if descriptor.flags & 4 else ""),
            ("L", 53, 53, size if descriptor.is_code else ""),
            ("AVL", 52, 52, ""),
            ("limit 19:16", 51, 48, ""),
            ("P", 47, 47, "present" if descriptor.present else "not present"),
            ("DPL", 46, 45, f"ring {descriptor.dpl}"),
            ("S", 44, 44, "code or data" if descriptor.access & 0x10 else "system"),
            ("type", 43, 40, kind),
            ("base 23:0", 39, 16, ""),
            ("limit 15:0", 15, 0, ""),
        ],
    )


def gate(what: str, descriptor: Gate) -> Unfolded:
    """A gate of the IDT, as its 16 bytes lie in memory."""
    kinds: dict[int, str] = {
        GateType.INTERRUPT: "interrupt gate: IF is cleared",
        GateType.TRAP: "trap gate: IF stays",
    }
    return _unfold(
        what,
        int.from_bytes(descriptor.to_bytes(), "little"),
        128,
        [
            ("offset 63:32", 95, 64, ""),
            ("offset 31:16", 63, 48, ""),
            ("P", 47, 47, "present" if descriptor.present else "not present"),
            (
                "DPL",
                46,
                45,
                f"int may be used from ring {descriptor.dpl}" + " and below" * bool(descriptor.dpl),
            ),
            ("type", 43, 40, kinds.get(descriptor.type, "no gate of 64-bit mode")),
            ("IST", 34, 32, f"stack {descriptor.ist}" if descriptor.ist else "the stack of TSS.RSP0"),
            ("selector", 31, 16, "of the code segment"),
            ("offset 15:0", 15, 0, ""),
        ],
    )


def paging_entry(level: str, raw: int) -> Unfolded:
    """An entry of a table of 4-level paging.

    Args:
        level: The table's name, as in `ring3.machine.paging.LEVELS`.
        raw: The entry.
    """
    leaf = level == "pt" or bool(raw & PTE_PS and level != "pml4")
    low = _SHIFTS[level] if leaf else 12
    address = "the page" if leaf else "the next table"
    named = [
        ("NX", PTE_NX, "no instruction fetch" if raw & PTE_NX else "may be executed"),
        ("PS", PTE_PS, "a large page" if leaf and level != "pt" else ""),
        ("D", PTE_D, "written to" if leaf and raw & PTE_D else ""),
        ("A", PTE_A, "accessed" if raw & PTE_A else ""),
        ("U/S", PTE_U, "ring 3 may" if raw & PTE_U else "rings 0 to 2 alone"),
        ("R/W", PTE_W, "writable" if raw & PTE_W else "read-only"),
        ("P", PTE_P, "present" if raw & PTE_P else "not present"),
    ]
    bits = [(name, bit.bit_length() - 1, bit.bit_length() - 1, meaning) for name, bit, meaning in named]
    return _unfold(
        f"{level.upper()} entry",
        raw,
        64,
        [
            *bits,
            (
                "address",
                PTE_ADDRESS.bit_length() - 1,
                low,
                f"of {address}: {raw & PTE_ADDRESS >> low << low:#x}",
            ),
        ],
    )
