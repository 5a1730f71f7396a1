"""What an instruction that has faulted was about to do, as far as ptrace(2) does not tell it."""

from __future__ import annotations

from typing import Final

from ring3.machine.host_cpu.lengths import length

MAX_SIZE: Final = 15
_PREFIXES: Final = b"\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65\xf0"
_STRING_AND_PUSH: Final = frozenset((0xAA, 0xAB, 0xE8, 0x68, 0x6A, 0x9C, *range(0x50, 0x58)))
_PUSH_32: Final = frozenset((0x06, 0x0E, 0x16, 0x1E, 0x60))
"""Of segment registers, and of all others at once."""
_PUSH_0F: Final = frozenset((0xA0, 0xA8))
_STORES: Final = frozenset(
    (0x88, 0x89, 0xC6, 0xC7, 0x86, 0x87, *(row + op for row in range(0, 0x38, 8) for op in (0, 1)))
)  # mov, xchg, and the operations from add to xor
_GROUPS: Final = {0x80: 7, 0x81: 7, 0x83: 7}
"""Group 1, and which of it only compares."""
_STORES_0F: Final = frozenset((0x11, 0x13, 0x17, 0x29, 0x2B, 0x7F, 0xD6, 0xE7, 0xC3, 0xB0, 0xB1, 0xC0, 0xC1))
_STORES_VEX: Final = frozenset((0x11, 0x29, 0x7F, 0xE7, 0xD6))
_DIVISIONS: Final = frozenset((0xF6, 0xF7, 0xD4))
_REGISTER: Final = 0xC0
"""ModRM from here on names registers only."""


def stores(code: bytes, *, long_mode: bool) -> bool:
    """Whether an instruction certainly stores; False may also be said of one that does."""
    code = _without_prefixes(code, long_mode=long_mode)
    if len(code) < 6:
        code = code.ljust(6, b"\xff")
    opcode, second = code[0], code[1]
    if opcode in _STRING_AND_PUSH or (not long_mode and opcode in _PUSH_32):
        return True
    if opcode in _STORES:
        return second < _REGISTER
    if opcode in _GROUPS:
        return second < _REGISTER and second >> 3 & 7 != _GROUPS[opcode]
    if opcode in (0xFE, 0xFF):  # inc, dec
        return second < _REGISTER and second >> 3 & 7 < 2
    if opcode == 0x0F:
        return second in _PUSH_0F or (second in _STORES_0F and code[2] < _REGISTER)
    if not long_mode:
        return False
    if opcode == 0xC5:
        return code[2] in _STORES_VEX and code[3] < _REGISTER
    if opcode == 0xC4:
        return code[1] & 31 == 1 and code[3] in _STORES_VEX and code[4] < _REGISTER
    return opcode == 0x62 and code[1] & 7 == 1 and code[4] in _STORES_VEX and code[5] < _REGISTER


def divides(code: bytes, *, long_mode: bool) -> bool:
    """Whether it is an integer division: one whose failure is #DE."""
    code = _without_prefixes(code, long_mode=long_mode)
    return code[:1] != b"" and code[0] in _DIVISIONS


def reaches(code: bytes, *, long_mode: bool) -> bool:
    """Whether an instruction does not end in these bytes, which are all that is mapped of it."""
    try:
        return length(code, long_mode=long_mode) > len(code)
    except IndexError:
        return True


def _without_prefixes(code: bytes, *, long_mode: bool) -> bytes:
    code = code.lstrip(_PREFIXES)
    return code[1:] if long_mode and code[:1] and code[0] & 0xF0 == 0x40 else code
