"""Bytes of a program as strace writes them: between quotes, with C's escapes, cut off at a length."""

from __future__ import annotations

import re
from typing import Final

from ring3.trace.strace.style import InHex

_NAMED: Final = {
    0x22: '\\"', 0x5C: "\\\\", 0x0C: "\\f", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x0B: "\\v"
}  # fmt: skip
_NOT_PLAIN: Final = re.compile(rb'[^ -~]|["\\]')
_DELETED: Final = b" (deleted)"
_NOT_TEXT: Final = re.compile(rb"[^ -~\t-\r]")


def quoted(raw: bytes, in_hex: InHex = InHex.NONE) -> str:
    """The bytes between quotes.

    Args:
        raw: The bytes.
        in_hex: NONE for octal escapes, NON_ASCII_CHARS for hexadecimal ones, NON_ASCII for all bytes in hexadecimal if
            there is one that is neither printable nor white space, ALL for that in any case.
    """
    if in_hex is InHex.ALL or (in_hex is InHex.NON_ASCII and _NOT_TEXT.search(raw)):
        return '"' + "".join(f"\\x{byte:02x}" for byte in raw) + '"'
    if not _NOT_PLAIN.search(raw):
        return f'"{raw.decode("ascii")}"'
    is_octal = in_hex is not InHex.NON_ASCII_CHARS
    return '"' + "".join(_escaped(raw, at, is_octal=is_octal) for at in range(len(raw))) + '"'


def _escaped(raw: bytes, at: int, *, is_octal: bool) -> str:
    byte = raw[at]
    if byte in _NAMED:
        return _NAMED[byte]
    if 0x20 <= byte < 0x7F:
        return chr(byte)
    if not is_octal:
        return f"\\x{byte:02x}"
    # an octal escape of fewer than three digits would take an octal digit that follows
    digit_follows = at + 1 < len(raw) and 0x30 <= raw[at + 1] <= 0x37
    return f"\\{byte:03o}" if digit_follows else f"\\{byte:o}"


def path_text(path: bytes, in_hex: InHex = InHex.NONE) -> str:
    """A path between angle brackets; that its file is deleted stands behind them."""
    bare = path.removesuffix(_DELETED)
    return f"<{inside(bare, in_hex)}>" + "(deleted)" * (bare != path)


def inside(path: bytes, in_hex: InHex = InHex.NONE) -> str:
    """A path without brackets, in which those of its own are escaped."""
    return quoted(path, in_hex)[1:-1].replace("<", r"\74").replace(">", r"\76")
