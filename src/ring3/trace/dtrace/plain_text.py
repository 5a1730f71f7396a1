"""How trace() and the keys of aggregations are shown: integers in columns, text, bytes, stacks, names."""

from __future__ import annotations

from collections.abc import Callable

from ring3.trace.dtrace.printf import decode
from ring3.trace.dtrace.providers.base import Stack

INTEGER_WIDTHS = {1: 3, 2: 5, 4: 8, 8: 16}
"""The columns of an integer by its size in bytes."""
_TEXT = frozenset(range(32, 127)) | frozenset(b"\t\n\r\f\v\b\a\033")
HEADER = " " * 11 + "".join(f"  {digit:x}" for digit in range(16)) + "  0123456789abcdef\n"


def integer(value: int, size: int, *, signed: bool | None = None) -> str:
    """An integer in its columns; without word of a sign it has one from four bytes on, as dtrace(1M) does."""
    bits = 8 * size
    value &= (1 << bits) - 1
    signed = size >= 4 if signed is None else signed
    value = value - (1 << bits) if signed and value >> (bits - 1) else value
    return f" {value:>{INTEGER_WIDTHS.get(size, 16)}}"


def is_text(data: bytes) -> bool:
    """Whether bytes are printable text with nothing but NULs behind it."""
    text, _, rest = data.partition(b"\0")
    return all(char in _TEXT for char in text) and not rest.strip(b"\0")


def bytes_or_text(data: bytes, width: int, *, quiet: bool, raw: bool) -> str:
    """Bytes as text in a column if they are text, else as a dump."""
    if raw or not is_text(data):
        return dump(data)
    text = decode(data.partition(b"\0")[0])
    return text if quiet else f"  {text:<{width}}"


def dump(data: bytes) -> str:
    """A hexadecimal dump."""
    lines = ["\n", HEADER]
    for offset in range(0, len(data), 16):
        row = data[offset : offset + 16]
        cells = "".join(f" {byte:02x}" for byte in row).ljust(48)
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"     {offset:>5x}:{cells}  {shown}\n")
    return "".join(lines)


def stack(value: Stack, indent: int, name: Callable[[int, int], str]) -> str:
    """A stack, one frame a line; `name` gives a frame's text by address and process."""
    return "\n" + "".join(f"{'':{indent}}{name(frame, value.process)}\n" for frame in value.frames)


def frame(found: tuple[str, str, int] | None, address: int) -> str:
    """A frame: module, function and offset as far as they are known."""
    if found is None:
        return f"0x{address:x}"
    module, function, offset = found
    if not function:
        return f"{module}`0x{address:x}"
    return f"{module}`{function}" + (f"+0x{offset:x}" if offset else "")
