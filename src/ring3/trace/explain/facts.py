"""The smallest facts of an explanation: an instruction in memory, a value, a change.

Addresses and register values are unsigned 64-bit numbers; virtual unless it says physical. Names of registers are those
of 64-bit mode in lower case (``rax``), of fields those of ``struct pt_regs``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """An instruction in memory.

    Attributes:
        address: Where it lies.
        where: The same as ``symbol+0x1d``, "" where there is no symbol.
        raw: Its bytes.
        text: Disassembly in AT&T syntax, addresses of symbols as their names.
    """

    address: int
    where: str
    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A register or field and what it holds."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Change:
    """A register or field that changed."""

    name: str
    before: int
    after: int
