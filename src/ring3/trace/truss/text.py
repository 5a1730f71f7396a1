"""Arguments as truss writes them: names, paths, the first bytes of buffers, addresses of all else.

Source: usr/src/cmd/truss/print.c and expound.c of illumos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.meaning import Arg, Meaning, Parameter, When

if TYPE_CHECKING:
    from ring3.trace.truss.systems import System

BUFFER_MOST: Final = 12
"""Bytes that are shown of a buffer (IOBSIZE)."""
_PATH_MOST: Final = 1024
_ESCAPES: Final = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_DECIMAL: Final = frozenset(
    {
        Meaning.NUMBER, Meaning.SIZE, Meaning.COUNT, Meaning.OFFSET, Meaning.FD, Meaning.PIDFD, Meaning.PID,
        Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID, Meaning.SECONDS, Meaning.MILLISECONDS, Meaning.TICKS,
        Meaning.EXIT_STATUS, Meaning.ERROR, Meaning.SI_CODE, Meaning.OFFSET_LOW, Meaning.OFFSET_HIGH,
        Meaning.INTERFACE, Meaning.UID, Meaning.GID, Meaning.KEY, Meaning.ETHERNET_PROTOCOL, Meaning.PORT,
    }
)  # fmt: skip
_LINUX_AT_FDCWD: Final = -100
_SOLARIS_AT_FDCWD: Final = 0xFFD1_9553 - (1 << 32)
_TEXTS: Final = frozenset({Meaning.PATH, Meaning.STRING})
_BYTES: Final = frozenset({Meaning.BYTES, Meaning.HEX_BYTES})


def address(number: int) -> str:
    """An address."""
    return f"0x{number:08X}"


def shown(raw: bytes) -> str:
    """Bytes as pairs of characters: a blank and what can be printed, an escape, or two digits."""
    return "".join(
        _ESCAPES.get(byte) or (f" {chr(byte)}" if 0x20 <= byte < 0x7F else f"{byte:02X}") for byte in raw
    )


class ArgumentText:
    """Writes arguments of the calls of one program."""

    def __init__(self, system: System, read: Callable[[int, int], bytes], bits: int, *, is_raw: bool) -> None:
        """For a program.

        Args:
            system: Its system.
            read: Reads its memory; raises Errno.
            bits: Its width.
            is_raw: Arguments are numbers in hexadecimal (``-x``).
        """
        self._system = system
        self._read = read
        self._bits = bits
        self._is_raw = is_raw

    def arguments(self, parameters: tuple[Parameter, ...], values: list[int], result: int | None) -> str:
        """The arguments of a call.

        Args:
            parameters: What they are.
            values: The registers.
            result: What it returned; None if it has not, or has failed.
        """
        beside = dict(zip((parameter.name for parameter in parameters), values, strict=False))
        return ", ".join(
            self._argument(parameter.arg, value, beside, result)
            for parameter, value in zip(parameters, values, strict=False)
            if parameter.arg.meaning is not Meaning.UNUSED
        )

    def numbers(self, values: list[int]) -> str:
        """Arguments of which nothing is known."""
        return ", ".join(address(value) for value in values)

    def _argument(self, arg: Arg, number: int, beside: Mapping[str, int], result: int | None) -> str:
        if self._is_raw:
            return address(number)
        if arg.when is None:
            return self.scalar(arg, arg.type.cast(number))
        at = number & (1 << self._bits) - 1
        is_known = at and (arg.when is not When.EXIT or result is not None)
        try:
            if is_known and arg.meaning in _TEXTS:
                return f'"{self._string(at, result if arg.length == "result" else None)}"'
            if is_known and arg.meaning in _BYTES:
                return self._buffer(at, self._length(arg, beside, result))
        except Errno:
            pass
        return address(at)

    def scalar(self, arg: Arg, number: int) -> str:
        """A value that does not point."""
        what = arg.meaning
        if what is Meaning.VALUES:
            return self._named(arg, number)
        if what is Meaning.DIRFD:
            number = (number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
            return "AT_FDCWD" if number in (_LINUX_AT_FDCWD, _SOLARIS_AT_FDCWD) else str(number)
        if what in _DECIMAL:
            return str(number)
        if what is Meaning.SIGNAL:
            return self._system.signal(number) if number > 0 else str(number)
        if what is Meaning.MODE:
            return f"0{number & 0xFFFF_FFFF:o}" if number else "0"
        return address(number & (1 << arg.type.bits) - 1)

    def _named(self, arg: Arg, number: int) -> str:
        of = self._system.sets()[arg.of]
        number &= (1 << arg.type.bits) - 1
        parts = of.split(number, self._bits)
        inner = [
            self._system.sets()[field.of].by_value(self._bits).get(value) or f"0x{value:X}"
            for field, value in parts.fields
            if not field.number and (value or 0 in self._system.sets()[field.of].by_value(self._bits))
        ]
        if not of.flags and not parts.names and not inner:
            return address(number) if arg.type.bits > 32 else str(arg.type.cast(number))
        rest = [f"0x{parts.rest:X}"] if parts.rest else []
        return "|".join([*inner, *parts.names, *rest]) or "0"

    def _length(self, arg: Arg, beside: Mapping[str, int], result: int | None) -> int:
        if arg.length == "result":
            return max(result or 0, 0)
        if arg.length.isdecimal():
            return int(arg.length)
        number = beside.get(arg.length, 0)
        return int.from_bytes(self._read(number, 4), "little") if arg.indirect and number else number

    def _buffer(self, at: int, size: int) -> str:
        raw = self._read(at, min(size, BUFFER_MOST))
        return f'"{shown(raw)}"' + ".." * (size > BUFFER_MOST)

    def _string(self, at: int, size: int | None) -> str:
        most = _PATH_MOST if size is None else max(size, 0)
        found = b""
        while len(found) < most:
            step = min(most - len(found), 4096 - (at + len(found)) % 4096)
            before, null, _ = self._read(at + len(found), step).partition(b"\0")
            found += before
            if null:
                break
        return found.decode("utf-8", "backslashreplace")
