"""What the letters of formats are for, as ``::formats`` lists them; those of plain numbers say all there is to know."""

from __future__ import annotations

from typing import Final, NamedTuple


class Plain(NamedTuple):
    """A format that writes a number: bytes, width of the column, base, and whether it has a sign or C's octal 0."""

    size: int
    width: int
    base: int
    signed: bool = False
    zero: bool = False
    help: str = ""


PLAIN: Final = {
    "B": Plain(1, 8, 16, help="hexadecimal int"),
    "D": Plain(4, 16, 10, signed=True, help="decimal signed int"),
    "E": Plain(8, 21, 10, help="decimal unsigned long long"),
    "G": Plain(8, 23, 8, help="octal unsigned long long"),
    "O": Plain(4, 16, 8, zero=True, help="octal unsigned int"),
    "Q": Plain(4, 16, 8, signed=True, zero=True, help="octal signed int"),
    "U": Plain(4, 16, 10, help="decimal unsigned int"),
    "V": Plain(1, 8, 10, help="decimal unsigned int"),
    "W": Plain(4, 16, 0, help="default radix unsigned int"),
    "X": Plain(4, 16, 16, help="hexadecimal int"),
    "b": Plain(1, 8, 8, zero=True, help="octal unsigned int"),
    "d": Plain(2, 8, 10, signed=True, help="decimal signed short"),
    "e": Plain(8, 21, 10, signed=True, help="decimal signed long long"),
    "g": Plain(8, 24, 8, signed=True, help="octal signed long long"),
    "o": Plain(2, 8, 8, zero=True, help="octal unsigned short"),
    "q": Plain(2, 8, 8, signed=True, zero=True, help="octal signed short"),
    "u": Plain(2, 8, 10, help="decimal unsigned short"),
    "v": Plain(1, 8, 10, signed=True, help="decimal signed int"),
    "w": Plain(2, 8, 0, help="default radix unsigned short"),
    "x": Plain(2, 8, 16, help="hexadecimal short"),
}

DESCRIPTIONS: Final = {
    "+": ("increment dot by the count", 0),
    "-": ("decrement dot by the count", 0),
    "^": ("decrement dot by increment * count", 0),
    "C": ("character using C character notation", 1),
    "F": ("double", 8),
    "H": ("swap bytes and shorts", 4),
    "I": ("address and disassembled instruction", 0),
    "J": ("hexadecimal long long", 8),
    "K": ("hexadecimal uintptr_t", 8),
    "L": ("search for 32-bit value", 4),
    "M": ("search for 64-bit value", 8),
    "N": ("newline", 0),
    "P": ("symbol", 8),
    "R": ("binary", 8),
    "S": ("string using C string notation", 0),
    "T": ("horizontal tab", 0),
    "Y": ("decoded time32_t", 4),
    "Z": ("write hexadecimal long long", 8),
    "a": ("dot as symbol+offset", 0),
    "c": ("character", 1),
    "f": ("float", 4),
    "h": ("swap bytes", 2),
    "i": ("disassembled instruction", 0),
    "j": ("jazzed-up binary unsigned long long", 8),
    "l": ("search for 16-bit value", 2),
    "n": ("newline", 0),
    "p": ("symbol", 8),
    "r": ("whitespace", 0),
    "s": ("raw string", 0),
    "t": ("horizontal tab", 0),
    "y": ("decoded time64_t", 8),
}
"""What the letters that write no plain numbers are for, and how many bytes they take."""
