"""Expressions of DWARF as call frame information has them (DWARF 4, section 2.5): where a frame or a register is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_M64: Final = (1 << 64) - 1
_TWO: Final[Mapping[int, Callable[[int, int], int]]] = {
    0x1A: operator.and_, 0x1C: operator.sub, 0x1E: operator.mul, 0x21: operator.or_, 0x22: operator.add,
    0x24: operator.lshift, 0x25: operator.rshift, 0x27: operator.xor, 0x29: operator.eq, 0x2A: operator.ge,
    0x2B: operator.gt, 0x2C: operator.le, 0x2D: operator.lt, 0x2E: operator.ne,
}  # fmt: skip
"""Operations on the two topmost values, by their codes (DW_OP_and and so on)."""
_FIXED: Final = {0x08: (1, False), 0x09: (1, True), 0x0A: (2, False), 0x0B: (2, True), 0x0C: (4, False),
                 0x0D: (4, True), 0x0E: (8, False), 0x0F: (8, True)}  # fmt: skip
"""Constants of so many bytes, and whether they have a sign (DW_OP_const1u and so on)."""


def evaluate(
    code: Sequence[int], registers: Mapping[int, int], load: Callable[[int], int], first: int | None = None
) -> int:
    """The value of an expression.

    Args:
        code: Its bytes.
        registers: The registers by DWARF's numbers.
        load: Reads a word of memory.
        first: What is on the stack at the beginning: the frame's address, for the rule of a register.

    Raises:
        ValueError: An operation is not one that call frame information has.
        KeyError: There is no such register.
    """
    raw = bytes(code)
    stack = [] if first is None else [first]
    at = 0
    while at < len(raw):
        operation = raw[at]
        at += 1
        if operation in _TWO:
            right, left = stack.pop(), stack.pop()
            stack.append(int(_TWO[operation](left, right)) & _M64)
        elif 0x30 <= operation <= 0x4F:  # DW_OP_lit0 ... DW_OP_lit31
            stack.append(operation - 0x30)
        elif 0x70 <= operation <= 0x8F:  # DW_OP_breg0 ... DW_OP_breg31
            offset, at = _leb128(raw, at, signed=True)
            stack.append(registers[operation - 0x70] + offset & _M64)
        elif operation == 0x06:  # DW_OP_deref
            stack.append(load(stack.pop()))
        elif operation == 0x23:  # DW_OP_plus_uconst
            offset, at = _leb128(raw, at, signed=False)
            stack.append(stack.pop() + offset & _M64)
        elif operation == 0x12:  # DW_OP_dup
            stack.append(stack[-1])
        elif operation in (0x10, 0x11):  # DW_OP_constu, DW_OP_consts
            number, at = _leb128(raw, at, signed=operation == 0x11)
            stack.append(number & _M64)
        elif operation in _FIXED:
            size, signed = _FIXED[operation]
            stack.append(int.from_bytes(raw[at : at + size], "little", signed=signed) & _M64)
            at += size
        else:
            raise ValueError(f"DWARF operation {operation:#x}")
    return stack[-1]


def _leb128(raw: bytes, at: int, *, signed: bool) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    number = shift = 0
    while True:
        byte = raw[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (number - (1 << shift) if signed and byte & 0x40 else number), at
