"""How long an instruction is: the opcode maps of SDM 2D, appendix A, as far as they say that.

It is asked for where an instruction may go on in the next page. A disassembler would say it too, and costs a program
40 ms to load.
"""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = frozenset(b"\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65\xf0")
_OPERAND_SIZE, _ADDRESS_SIZE = 0x66, 0x67
_BYTE: Final = frozenset(
    (0x6A, 0x6B, 0x80, 0x82, 0x83, 0xA8, 0xC0, 0xC1, 0xC6, 0xCD, 0xD4, 0xD5, 0xEB, *range(0x70, 0x80))
) | {*range(0xB0, 0xB8), *range(0xE0, 0xE8), *range(0x04, 0x40, 8)}
"""Opcodes with an immediate of one byte."""
_WORD: Final = frozenset(
    (0x68, 0x69, 0x81, 0xA9, 0xC7, 0xE8, 0xE9, *range(0xB8, 0xC0), *range(0x05, 0x40, 8))
)
"""Those with one of the operand's size, four bytes at most."""
_OTHER: Final = {0xC2: 2, 0xCA: 2, 0xC8: 3}
_MODRM: Final = frozenset((0x62, 0x63, 0x69, 0x6B, 0xC0, 0xC1, 0xC4, 0xC5, 0xC6, 0xC7, 0xF6, 0xF7, 0xFE, 0xFF)) | {
    *range(0x80, 0x90), *range(0xD0, 0xD4), *range(0xD8, 0xE0),
    *(row + op for row in range(0, 0x40, 8) for op in range(4)),
}  # fmt: skip
_BYTE_0F: Final = frozenset((0x0F, 0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6))
_NO_MODRM_0F: Final = frozenset((0x0B, 0x0E, 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA)) | {
    *range(0x05, 0x0A), *range(0x30, 0x38), *range(0x80, 0x90), *range(0xC8, 0xD0),
}  # fmt: skip
_MAP_0F, _MAP_0F38, _MAP_0F3A = 1, 2, 3


def length(code: bytes, *, long_mode: bool) -> int:
    """How many bytes an instruction has; perhaps more than there are.

    Raises:
        IndexError: There are too few to say it.
    """
    at = rex = 0
    while (is_rex := long_mode and code[at] & 0xF0 == 0x40) or code[at] in _PREFIXES:
        rex = code[at] if is_rex else 0  # one that no opcode follows is as if it were not there
        at += 1
    prefixes = code[:at]
    word = 2 if _OPERAND_SIZE in prefixes and not rex & 8 else 4
    short = _ADDRESS_SIZE in prefixes
    opcode = code[at]
    if opcode in (0xC4, 0xC5, 0x62) and (long_mode or code[at + 1] >= 0xC0):
        return _vector(code, at, opcode, short and not long_mode)
    if opcode == 0x0F:
        return _two_bytes(code, at + 1, 4 if long_mode else word, short and not long_mode)
    at += 1
    if opcode in (0x9A, 0xEA):  # undefined in 64-bit code, and fetched all the same
        return at + word + 2
    if 0xA0 <= opcode < 0xA4:
        return at + (8 if long_mode else 4) // (2 if short else 1)
    if 0xB8 <= opcode < 0xC0 and rex & 8:
        return at + 8
    if opcode in (0xE8, 0xE9) and long_mode:
        word = 4
    immediate = _OTHER.get(opcode, 0)
    if opcode in _BYTE or opcode in _WORD:
        immediate = 1 if opcode in _BYTE else word
    elif opcode in (0xF6, 0xF7) and not code[at] & 0x30:  # test
        immediate = 1 if opcode == 0xF6 else word
    return (_modrm(code, at, short and not long_mode) if opcode in _MODRM else at) + immediate


def _two_bytes(code: bytes, at: int, word: int, short: bool) -> int:
    opcode = code[at]
    if opcode in (0x38, 0x3A):
        return _modrm(code, at + 2, short) + (opcode == 0x3A)
    at += 1
    if 0x20 <= opcode < 0x24:  # mov with control and debug registers
        return at + 1
    if 0x80 <= opcode < 0x90:
        return at + word
    return at if opcode in _NO_MODRM_0F else _modrm(code, at, short) + (opcode in _BYTE_0F)


def _vector(code: bytes, at: int, prefix: int, short: bool) -> int:
    """VEX with two or three bytes, or EVEX."""
    table = _MAP_0F if prefix == 0xC5 else code[at + 1] & (31 if prefix == 0xC4 else 7)
    at += {0xC5: 2, 0xC4: 3, 0x62: 4}[prefix]
    opcode = code[at]
    if table == _MAP_0F and opcode == 0x77 and prefix != 0x62:  # vzeroupper
        return at + 1
    immediate = table == _MAP_0F3A or (table == _MAP_0F and opcode in _BYTE_0F)
    return _modrm(code, at + 1, short) + immediate


def _modrm(code: bytes, at: int, short: bool) -> int:
    """Where an operand ends: ModRM, SIB and displacement."""
    mod, rm = code[at] >> 6, code[at] & 7
    at += 1
    if mod == 3:
        return at
    if short:
        return at + (2 if mod == 2 or (mod == 0 and rm == 6) else mod)
    base = rm
    if rm == 4:
        base = code[at] & 7
        at += 1
    return at + (4 if mod == 2 or (mod == 0 and base == 5) else mod)
