"""Bytes of a program as strace writes them: between quotes, with C's escapes, cut off at a length."""

from __future__ import annotations

from typing import Final

_NAMED: Final = {
    0x22: '\\"', 0x5C: "\\\\", 0x0C: "\\f", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x0B: "\\v"
}  # fmt: skip


def quoted(raw: bytes, in_hex: int = 0) -> str:
    """The bytes between quotes.

    Args:
        raw: The bytes.
        in_hex: 0 for escapes, 1 for hexadecimal if there is a byte that is neither printable nor white space, 2 for
            hexadecimal in any case.
    """
    if in_hex > 1 or (in_hex and any(not (0x20 <= byte < 0x7F or byte in _NAMED) for byte in raw)):
        return '"' + "".join(f"\\x{byte:02x}" for byte in raw) + '"'
    return '"' + "".join(_escaped(raw, at) for at in range(len(raw))) + '"'


def _escaped(raw: bytes, at: int) -> str:
    byte = raw[at]
    if byte in _NAMED:
        return _NAMED[byte]
    if 0x20 <= byte < 0x7F:
        return chr(byte)
    # an octal escape of fewer than three digits would take a digit that follows
    digit_follows = at + 1 < len(raw) and 0x30 <= raw[at + 1] <= 0x39
    return f"\\{byte:03o}" if digit_follows else f"\\{byte:o}"
