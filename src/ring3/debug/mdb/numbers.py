"""How mdb writes numbers, characters, names of signals and times."""

from __future__ import annotations

import time
from typing import Final

_PREFIXES: Final = {2: "0i", 8: "0o", 10: "0t", 16: "0x"}
_DIGITS: Final = "0123456789abcdef"
_ESCAPES: Final = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
    0x22: '\\"',
    0x5C: "\\\\",
}

M64: Final = (1 << 64) - 1


def digits(value: int, base: int) -> str:
    """A number that is not negative, in a base up to 16."""
    if base == 16:
        return f"{value:x}"
    text = ""
    while value or not text:
        value, digit = divmod(value, base)
        text = _DIGITS[digit] + text
    return text


def with_base(value: int, base: int = 16) -> str:
    """A number with the prefix of its base, which small ones do not need: 8, 0x10, -0x2."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    prefix = _PREFIXES.get(base, "") if value >= base or (base == 16 and value > 9) else ""
    return f"{sign}{prefix}{digits(value, base)}"


def signed(value: int, size: int) -> int:
    """The number that bytes mean in two's complement."""
    bits = 8 * size
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def escaped(byte: int, quote: str = '"') -> str:
    """A character as C writes it in quotes."""
    if byte in _ESCAPES and not (byte == 0x22 and quote == "'"):
        return _ESCAPES[byte]
    if byte == 0x27 and quote == "'":
        return "\\'"
    return chr(byte) if 32 <= byte < 127 else "\\0" if byte == 0 else f"\\{byte:03o}"


def escaped_text(raw: bytes) -> str:
    """A string as C writes it."""
    return "".join(escaped(byte) for byte in raw)


def date(seconds: int) -> str:
    """A time as mdb writes it: 1970 Jan  1 00:00:00."""
    try:
        moment = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return with_base(seconds & M64)
    return f"{time.strftime('%Y %b', moment)} {moment.tm_mday:2} {time.strftime('%H:%M:%S', moment)}"
