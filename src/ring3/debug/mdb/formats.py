r"""The format letters behind ``/``, ``\\``, ``?`` and ``=``: how many bytes each takes, and how they are written.

Source: the Modular Debugger Guide, "Formatting Dcmds"; columns and widths as mdb prints them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.disassembly.solaris import LONGEST, decode
from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.expressions import ExpressionParser
from ring3.debug.mdb.format_letters import PLAIN, Plain
from ring3.debug.mdb.numbers import M64, date, digits, escaped_text, signed

if TYPE_CHECKING:
    from ring3.debug.mdb.call import Argument
    from ring3.debug.mdb.output import Output
    from ring3.debug.mdb.scanner import Scanner
    from ring3.debug.mdb.session import Session

Read = Callable[[int, int], bytes]
"""Bytes at an address, of whichever address space is formatted; raises MdbError."""

REPEAT: Final = "\0"
"""Marks a decimal number among the letters of a format: how often the next is applied."""
QUOTED: Final = "\1"
"""Marks a string that is printed."""


def parse(session: Session, scanner: Scanner) -> list[Argument]:
    """The letters, numbers, strings and expressions behind a verb."""
    found: list[Argument] = []
    while not scanner.at_end() and scanner.peek() not in "|!":
        if scanner.accept("$["):
            found.append(ExpressionParser(session, scanner).value())
            if not scanner.accept("]"):
                raise MdbError("syntax error: $[ unmatched")
        elif scanner.starts('"'):
            found.append(QUOTED + (scanner.quoted() or ""))
        else:
            letter = scanner.peek()
            scanner.place += 1
            if letter.isdigit():
                start = scanner.place - 1
                while scanner.text[scanner.place : scanner.place + 1].isdigit():
                    scanner.place += 1
                found.append(int(scanner.text[start : scanner.place]))
            else:
                found.append(letter)
    return found


class Formatter:
    """Applies formats to what an address space holds."""

    def __init__(self, session: Session, read: Read, *, read_code: Read | None = None) -> None:
        self._session = session
        self._read = read
        self._read_code = read_code or read

    @property
    def _out(self) -> Output:
        return self._session.out

    def apply(self, arguments: list[Argument], address: int) -> int:
        """Prints by a list of formats; returns the address behind what was printed."""
        count = 1
        for argument in arguments:
            if isinstance(argument, int):
                count = argument
            elif argument.startswith(QUOTED):
                self._out.field(argument[1:])
                count = 1
            else:
                before = address
                address = self.one(argument, address, count) & M64
                self._session.increment = (address - before) & M64
                count = 1
        return address

    def one(self, letter: str, address: int, count: int) -> int:
        """Applies one letter so many times; returns the address behind."""
        wrapped = self._out.wrap
        self._out.wrap = wrapped or letter != "j"
        try:
            if letter in PLAIN:
                return self._plain(PLAIN[letter], address, count)
            if letter in _MOVES:
                return _MOVES[letter](self._session, address, count)
            action = _ACTIONS.get(letter)
            if action is None:
                raise MdbError(f"invalid format character -- '{letter}'")
            return action(self, address, count)
        finally:
            self._out.wrap = wrapped

    def _number(self, address: int, size: int) -> int:
        value = int.from_bytes(self._read(address, size), "little")
        self._session.variables.set("0", value)
        return value

    def _plain(self, form: Plain, address: int, count: int) -> int:
        for _ in range(count):
            value = self._number(address, form.size)
            number = signed(value, form.size) if form.signed else value
            base = form.base or self._session.radix
            text = ("-" if number < 0 else "") + digits(abs(number), base)
            self._out.field(f"0{text}" if form.zero and value else text, form.width)
            address += form.size
        return address

    def hex64(self, address: int, count: int) -> int:
        """J, Z, and K: 64 bits in hexadecimal."""
        for _ in range(count):
            value = self._number(address, 8)
            self._out.field(f"{value:x}", 17 if value >> 60 else 16)
            address += 8
        return address

    def pointer_hex(self, address: int, count: int) -> int:
        """K: a pointer in hexadecimal."""
        return self.hex64(address, count) if self._session.word_size == 8 else self.one("X", address, count)

    def binary(self, address: int, count: int) -> int:
        """R: 64 bits in binary."""
        for _ in range(count):
            value = self._number(address, 8)
            self._out.field(digits(value, 2), 65 if value >> 63 else 64)
            address += 8
        return address

    def jazzed(self, address: int, count: int) -> int:
        """J: bits with arms that say which each is."""
        for _ in range(count):
            value = self._number(address, 8)
            address += 8
            self._out.field(digits(value, 2))
            self._out.newline()
            for line in bit_lines(value):
                self._out.field(line)
                self._out.newline()
        return address

    def symbolic(self, address: int, count: int) -> int:
        """P and p: a pointer as a symbol."""
        size = self._session.word_size
        for _ in range(count):
            self._out.field(self._session.symbolic(self._number(address, size)), 19)
            address += size
        return address

    def character(self, address: int, count: int) -> int:
        """C in memory: the character itself."""
        for _ in range(count):
            self._out.field(chr(self._number(address, 1)))
            address += 1
        return address

    def escaped_character(self, address: int, count: int) -> int:
        """C: characters in C's notation."""
        raw = self._read(address, count)
        self._out.field(escaped_text(raw))
        return address + len(raw)

    def _string(self, address: int) -> bytes:
        raw = b""
        while True:
            byte = self._read(address + len(raw), 1)
            if byte == b"\0":
                return raw
            raw += byte

    def raw_string(self, address: int, count: int) -> int:
        """S as it is."""
        return self._strings(address, count, lambda raw: raw.decode("utf-8", "replace"))

    def escaped_string(self, address: int, count: int) -> int:
        """S in C's notation."""
        return self._strings(address, count, escaped_text)

    def _strings(self, address: int, count: int, shown: Callable[[bytes], str]) -> int:
        for left in range(count - 1, -1, -1):
            raw = self._string(address)
            address += len(raw) + 1
            self._out.text(shown(raw) + ("\\0" if left else ""))
        return address

    def double(self, address: int, count: int) -> int:
        """F: a double."""
        for _ in range(count):
            self._out.field(f"{struct.unpack('<d', self._read(address, 8))[0]:.16e}")
            address += 8
        return address

    def single(self, address: int, count: int) -> int:
        """F: a float."""
        for _ in range(count):
            self._out.field(f"{struct.unpack('<f', self._read(address, 4))[0]:.7e}")
            address += 4
        return address

    def swapped(self, address: int, count: int, size: int) -> int:
        """H and h: bytes in the other order."""
        for _ in range(count):
            value = int.from_bytes(self._read(address, size), "big")
            self._session.variables.set("0", value)
            self._out.field(f"{value:x}", 16 if size == 4 else 8)
            address += size
        return address

    def time(self, address: int, count: int, size: int) -> int:
        """Y and y: a time."""
        for _ in range(count):
            self._out.field(date(signed(self._number(address, size), size)), 24)
            address += size
        return address

    def instruction(self, address: int, count: int) -> int:
        """I: an instruction."""
        for _ in range(count):
            text, after = disassembled(self._session, address, self._read_code)
            self._out.text(f"{text}\n")
            address = after
        return address

    def addressed_instruction(self, address: int, count: int) -> int:
        """I with its address and its first bytes."""
        for _ in range(count):
            word = int.from_bytes(self._read(address, 4), "little")
            text, after = disassembled(self._session, address, self._read_code)
            self._out.text(f"{address:x} {word:x}: {text}\n")
            address = after
        return address

    def label(self, address: int, count: int) -> int:
        """A: dot as a symbol."""
        indented, self._out.indent = self._out.indent, False
        for _ in range(count):
            label(self._session, address)
        self._out.indent = indented
        return address


def label(session: Session, address: int) -> None:
    """An address as a symbol, and the column behind it."""
    session.out.field(f"{session.symbolic(address)}:", 16)
    session.out.to_stop(16)


def bit_lines(value: int) -> list[str]:
    """For each bit that is set, lowest first, a line with an arm that points at it."""
    lines: list[str] = []
    top = value.bit_length() - 1
    width = top // 4 + 1
    while value:
        bit = (value & -value).bit_length() - 1
        high = value.bit_length() - 1
        arms = "".join("|" if value >> each & 1 else " " for each in range(high, bit, -1))
        if not lines:
            lines.append(f"{arms}|")
        gap = " " if bit < 10 and high >= 10 else ""
        lines.append(f"{arms}+{'-' * (bit + 2)} bit {bit} {gap}mask 0x{1 << bit:0{width}x}")
        value &= value - 1
    return lines


def disassembled(session: Session, address: int, read: Read) -> tuple[str, int]:
    """An instruction's text, and the address behind it.

    Raises:
        MdbError: There are no bytes.
    """
    raw = b""
    for size in (LONGEST, *range(LONGEST - 1, 0, -1)):
        try:
            raw = read(address, size)
            break
        except MdbError:
            if size == 1:
                raise
    found = decode(raw, address, session.code_bits, session.target.describe)
    if found is None:
        return "***ERROR--unknown op code***", address + 1
    return found.text, found.end


def _newlines(session: Session, address: int, count: int) -> int:
    for _ in range(count):
        session.out.newline()
    return address


def _blank(session: Session, address: int, count: int) -> int:
    session.out.field("")
    session.out.blanks(count)
    return address


def _tabulate(session: Session, address: int, count: int) -> int:
    session.out.tab(count if count > 1 else 8)
    return address


_MOVES: Final[dict[str, Callable[[Session, int, int], int]]] = {
    "n": _newlines,
    "N": _newlines,
    "r": _blank,
    "t": _tabulate,
    "T": _tabulate,
    "+": lambda _session, address, count: address + count,
    "-": lambda _session, address, count: address - count,
    "^": lambda session, address, count: address - session.increment * count,
}
_ACTIONS: Final[dict[str, Callable[[Formatter, int, int], int]]] = {
    "C": Formatter.escaped_character,
    "F": Formatter.double,
    "H": lambda self, address, count: self.swapped(address, count, 4),
    "I": Formatter.addressed_instruction,
    "J": Formatter.hex64,
    "K": Formatter.pointer_hex,
    "P": Formatter.symbolic,
    "R": Formatter.binary,
    "S": Formatter.escaped_string,
    "Y": lambda self, address, count: self.time(address, count, 4),
    "Z": Formatter.hex64,
    "a": Formatter.label,
    "c": Formatter.character,
    "f": Formatter.single,
    "h": lambda self, address, count: self.swapped(address, count, 2),
    "i": Formatter.instruction,
    "j": Formatter.jazzed,
    "p": Formatter.symbolic,
    "s": Formatter.raw_string,
    "y": lambda self, address, count: self.time(address, count, 8),
}
