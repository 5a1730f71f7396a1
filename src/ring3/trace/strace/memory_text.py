"""What lies in a program's memory as text: bytes, strings, arrays, vectors of strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.errno import Errno
from ring3.trace.strace.programs import Program
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.style import InHex, Style

_SHORT: Final = 32
"""Arrays of a fixed length are not cut off unless they are longer than this."""
_HIGHEST: Final = 1 << 64
"""No array ends beyond this."""


class MemoryText:
    """Writes bytes and strings of one program.

    Attributes:
        bits: The program's width in this call.
        read: Reads its memory; raises Errno.
        style: How values look.
        in_hex: As `Style.in_hex`.
        entered: What lay at an address when the call began that is written, where that matters at its end.
    """

    def __init__(self, program: Program, style: Style) -> None:
        self.style = style
        self.bits = program.bits
        self.read = program.read
        self.in_hex = style.in_hex
        self.entered: dict[int, bytes] = {}

    def several(
        self, address: int, count: int | None, size: int, one: Callable[[int], str], length: str
    ) -> str:
        """One element, or an array of them."""
        if not length:
            return one(address)
        if count is None or address + count * size > _HIGHEST:
            return f"{address:#x}"
        if length.isdecimal() and count <= _SHORT:
            return f"[{', '.join(one(address + index * size) for index in range(count))}]"
        limit = count if self.style.verbose else min(count, self.style.length)
        found = [one(address)] if limit else []
        for index in range(1, limit):
            try:
                found.append(one(address + index * size))
            except Errno:
                return f"[{', '.join(found)}, ... /* {address + index * size:#x} */]"
        if limit == count:
            return f"[{', '.join(found)}]"
        beyond = address + limit * size
        try:
            self.read(beyond, size)
        except Errno:
            return f"[{', '.join([*found, f'... /* {beyond:#x} */'])}]"
        return f"[{', '.join([*found, '...'])}]"

    def nodes(self, address: int, count: int) -> str:
        """A set of so many nodes but one, as words in hexadecimal."""
        word = self.bits // 8
        if count + self.bits - 2 >> self.bits:  # more than a program of this width can count
            return f"{address:#x}"
        words = (count + self.bits - 2) // self.bits
        if count and not words:
            return f"{address:#x}"

        def one(at: int) -> str:
            number = self.integer(at, word)
            return f"{number:#0{2 * word}x}" if number else "0" * 2 * word

        return self.several(address, words, word, one, "count")

    def integer(self, address: int, size: int) -> int:
        """A number of so many bytes, without a sign."""
        return int.from_bytes(self.read(address, size), "little")

    def bytes_at(self, address: int, size: int, in_hex: InHex | None = None) -> str:
        """Bytes in memory as a string, cut off where that is wanted.

        Raises:
            Errno: They cannot be read.
        """
        if not size:
            return '""'
        shown = min(size, self.style.length)
        how = self.style.in_hex if in_hex is None else in_hex
        return quoted(self.read(address, shown + (size > shown))[:shown], how) + "..." * (size > shown)

    def string(self, address: int, limit: int) -> str:
        """A string up to its null, cut off where it is longer."""
        raw = self._upto_null(address, limit + 1)
        return quoted(raw[:limit], self.style.in_hex) + "..." * (len(raw) > limit)

    def _upto_null(self, address: int, limit: int) -> bytes:
        """A string of a program, up to its end or a limit.

        Raises:
            Errno: It is in no memory.
        """
        found = b""
        while len(found) < limit:
            step = min(limit - len(found), 4096 - (address + len(found)) % 4096)
            before, null, _ = self.read(address + len(found), step).partition(b"\0")
            found += before
            if null:
                break
        return found

    def strings(self, address: int) -> str:
        """An argument vector, or the environment as how many variables it has."""
        found: list[str] = []
        while pointer := self._pointer_of(address, len(found)):
            if isinstance(pointer, str):
                return f"[{', '.join(found)}, {pointer}]"
            if len(found) >= self.style.length and not self.style.verbose:
                return f"[{', '.join(found)}, ...]"
            try:
                found.append(self.string(pointer, self.style.length))
            except Errno:
                found.append(f"{pointer:#x}")
        return f"[{', '.join(found)}]"

    def _pointer_of(self, address: int, index: int) -> int | str:
        """A pointer of an array; what stands for it where it cannot be read, unless it is the first.

        Raises:
            Errno: It is the first.
        """
        size = self.bits // 8
        at = address + index * size
        try:
            return self.integer(at, size)
        except Errno:
            if not index:
                raise
            return f"... /* {at:#x} */"

    def environment(self, address: int) -> str:
        """The environment: its variables if all is wanted, else where it is and how many they are."""
        if not self.style.verbose:
            return self.variables(address)
        try:
            return self.strings(address)
        except Errno:
            return f"{address:#x}"

    def variables(self, address: int) -> str:
        """The environment: where it is, and how many variables it has."""
        size, count = self.bits // 8, 0
        try:
            while self.integer(address + count * size, size):
                count += 1
        except Errno:
            if not count:
                return f"{address:#x}"
            return f"{address:#x} /* {count} var{'' if count == 1 else 's'}, unterminated */"
        return f"{address:#x} /* {count} var{'' if count == 1 else 's'} */"
