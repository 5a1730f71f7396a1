"""printf's conversions: a value and a conversion become text."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from ring3.trace.dtrace.formats import Conversion
from ring3.trace.dtrace.types import Array, Enum, Integer, Pointer, String, Type, is_signed, resolve

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_NARROW = {
    modifier: {signed: Integer("", size, 1, signed=signed) for signed in (True, False)}
    for modifier, size in (("hh", 1), ("h", 2))
}
"""The types that the modifiers of `%hhd` and `%hd` cut an argument to."""

Names = Callable[[int, bool], str]
"""Gives the name of an address, of the kernel or (True) of the process."""


def decode(data: bytes) -> str:
    """Bytes of a program as text, without loss."""
    return data.decode("utf-8", "surrogateescape")


def unsigned(value: int, kind: Type) -> int:
    """An integer without sign, in the width of its type."""
    return value & ((1 << 8 * (resolve(kind).size or 8)) - 1)


def signed(value: int, kind: Type) -> int:
    """An integer with sign, in the width of its type."""
    size = resolve(kind).size or 8
    value &= (1 << 8 * size) - 1
    return value - (1 << 8 * size) if value >> (8 * size - 1) else value


def integer(conversion: Conversion, value: int, width: int | None, precision: int | None) -> str:
    """An integer as `d i o u x X p` show it; `value` has the sign the conversion wants."""
    name, flags = conversion.name, conversion.flags
    number = abs(value)
    digits = {"o": f"{number:o}", "x": f"{number:x}", "X": f"{number:X}", "p": f"{number:x}"}.get(
        name, str(number)
    )
    if precision is not None:
        digits = digits.rjust(precision, "0")
    prefix = "-" if value < 0 else ""
    if name in "di":
        prefix = prefix or ("+" if "+" in flags else " " if " " in flags else "")
    elif "#" in flags and number:
        prefix = {"x": "0x", "X": "0X", "p": "0x", "o": "" if digits.startswith("0") else "0"}.get(name, "")
    if "?" in flags and width is None:
        width = 16
    if width and "0" in flags and "-" not in flags and precision is None:
        digits = digits.rjust(width - len(prefix), "0")
    return pad(prefix + digits, flags, width)


def pad(text: str, flags: str, width: int | None) -> str:
    """Text in a field."""
    if not width:
        return text
    if width < 0 or "-" in flags:
        return text.ljust(abs(width))
    return text.rjust(width)


def escaped(data: bytes) -> str:
    """Bytes with C's escapes for what does not print."""
    return "".join(
        _ESCAPES.get(char) or (chr(char) if 32 <= char < 127 else f"\\{char:o}" if char else "\\0")
        for char in data
    )


def date(nanoseconds: int) -> str:
    """`2006 Jan  2 15:04:05`, local time."""
    moment = time.localtime(nanoseconds // 1_000_000_000)
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    return f"{moment.tm_year} {_MONTHS[moment.tm_mon - 1]} {moment.tm_mday:2} {clock}"


def mail_date(nanoseconds: int) -> str:
    """`Mon, 02 Jan 2006 15:04:05 TZ`, local time; the year is the one that the week belongs to (%G)."""
    moment = time.localtime(nanoseconds // 1_000_000_000)
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    year = dt.date(*moment[:3]).isocalendar().year
    day = f"{_DAYS[moment.tm_wday]}, {moment.tm_mday:02} {_MONTHS[moment.tm_mon - 1]} {year}"
    return f"{day} {clock} {moment.tm_zone}"


def floating(conversion: Conversion, value: float, width: int | None, precision: int | None) -> str:
    """A floating-point number."""
    flags = "".join(flag for flag in conversion.flags if flag in "-+ #0")
    size = "" if width is None else str(width)
    digits = "" if precision is None else f".{precision}"
    return f"%{flags}{size}{digits}{conversion.name}" % value


def convert(
    conversion: Conversion,
    value: Any,  # noqa: ANN401 - whatever is printed
    kind: Type,
    width: int | None,
    precision: int | None,
    names: Names,
) -> str:
    """A value of any type as a conversion shows it; stacks are not among them.

    Args:
        conversion: The conversion.
        value: An integer, a float or bytes.
        kind: The value's type.
        width: The field's width, also where it is dynamic.
        precision: The same of the precision.
        names: Gives names of addresses.
    """
    name = conversion.name
    kind = _NARROW.get(conversion.size, {}).get(is_signed(kind), kind)
    precision = precision or None
    if name == "i" or (name == "d" and is_signed(kind)):
        return integer(conversion, signed(value, kind), width, precision)
    if name == "d":
        return integer(conversion, unsigned(value, kind), width, precision)
    if name in "ouxXp":
        return integer(conversion, unsigned(value, kind), width, precision)
    if name in "eEfgG":
        return floating(conversion, float(value), width, precision)
    return pad(_text(conversion, value, precision, names), conversion.flags, width)


def plain(conversions: list[Conversion], types: list[Type]) -> tuple[str, list[Callable[[Any], Any]]] | None:
    """A format as Python's, with what is done to each argument first; None if it needs more than Python knows."""
    template, changes = "", list[Callable[[Any], Any]]()
    for conversion, kind in zip_longest(conversions, types):
        if conversion is None or kind is None:
            if conversion is None or conversion.name:
                return None
            template += conversion.text.replace("%", "%%")
            continue
        special = (
            conversion.flags
            or conversion.size in _NARROW
            or conversion.dynamic_width
            or conversion.dynamic_precision
            or conversion.precision
        )
        change = None if special else _change(conversion.name, kind)
        if change is None:
            return None
        changes.append(change)
        letter = {"i": "d", "u": "d", "p": "x"}.get(conversion.name, conversion.name)
        template += f"{conversion.text.replace('%', '%%')}%{conversion.width or ''}{letter}"
    return template, changes


def _change(name: str, kind: Type) -> Callable[[Any], Any] | None:
    """What an argument goes through before Python prints it; None for conversions that Python does not have."""
    resolved = resolve(kind)
    bits = 8 * (resolved.size or 8)
    mask, half = (1 << bits) - 1, 1 << (bits - 1)
    if name == "s":
        return decode if isinstance(resolved, String | Array) else None
    if not isinstance(resolved, Integer | Enum | Pointer):
        return None
    if name == "i" or (name == "d" and is_signed(kind)):
        return lambda value: (value + half & mask) - half
    return (lambda value: value & mask) if name in "duxXop" else None


def _text(conversion: Conversion, value: Any, precision: int | None, names: Names) -> str:  # noqa: ANN401
    name = conversion.name
    if name == "s":
        return decode(value if precision is None else value[:precision])
    if name == "S":
        return escaped(value if precision is None else value[:precision])
    if name == "c":
        return chr(value & 0xFF) if value & 0xFF < 0x80 else decode(bytes([value & 0xFF]))
    if name == "C":
        return escaped(bytes([value & 0xFF]))
    if name == "Y":
        return date(value)
    if name == "T":
        return mail_date(value)
    return names(value & 0xFFFF_FFFF_FFFF_FFFF, name == "A")
