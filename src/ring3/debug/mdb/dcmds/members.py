"""Members of many things at once: ::list, ::array, ::printf."""

from __future__ import annotations

import re
from typing import Final

from ring3.debug.mdb.call import Argument, Call
from ring3.debug.mdb.dcmds.types import take_type
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.numbers import M64, date, digits, signed, with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.types.enums import enum_name
from ring3.debug.mdb.types.places import Place, follow
from ring3.trace.dtrace.types import Array, Enum, Pointer, Struct, Type, is_signed, resolve

_CONVERSION: Final = re.compile(r"%(#?)(-?)(0?)(\d*)(?:l{0,2}|h)([abdHIinopqrRsuxXYcdieg%])")


@dcmd("list", "?type member [variable]", "walk list using member as link pointer")
def list_(call: Call) -> None:
    """Prints the addresses of a list's elements, up to its end or its beginning."""
    session = call.session
    _name, kind, rest = take_type(call, call.arguments)
    if not 1 <= len(rest) <= 2:
        raise UsageError
    seen: set[int] = set()
    address = call.address
    while address and address not in seen:
        seen.add(address)
        if len(rest) == 2:
            session.variables.set(str(rest[1]), address)
        call.emit_bare(address)
        link = follow(session, address, kind, str(rest[0]))
        if not isinstance(resolve(link.type), Pointer):
            raise MdbError(f"{rest[0]} is not a pointer")
        address = int.from_bytes(session.target.read(link.address, session.word_size), "little")


@dcmd("array", ":[type count] [variable]", "print each array element's address")
def array(call: Call) -> None:
    """Prints the addresses of an array's elements."""
    session = call.session
    if not call.arguments:
        symbol = session.target.symbol_at(call.address)
        found = session.target.type_of(symbol) if symbol and symbol.value == call.address else None
        kind = resolve(found) if found else None
        if not isinstance(kind, Array):
            raise UsageError
        rest: list[Argument] = []
        element, count = kind.element, kind.count or 0
    else:
        _name, element, rest = take_type(call, call.arguments)
        if not 1 <= len(rest) <= 2:
            raise UsageError
        count, rest = call.number(rest[0]), rest[1:]
    for number in range(count):
        address = (call.address + number * element.size) & M64
        if rest:
            session.variables.set(str(rest[0]), address)
        call.emit_bare(address)


@dcmd("printf", "?format type member ...", "print and format the member(s) of a data structure")
def printf(call: Call) -> None:
    """Prints members by a format of printf(3C)."""
    session = call.session
    if len(call.arguments) < 2:
        raise UsageError
    text = call.text(0)
    _name, kind, members = take_type(call, call.arguments[1:])
    names = [str(member) for member in members]
    out = session.out
    wrapped, out.wrap = out.wrap, session.settings.flags["autowrap"]
    try:
        position = 0
        for found in _CONVERSION.finditer(text):
            out.text(text[position : found.start()])
            position = found.end()
            if found[5] == "%":
                out.text("%")
                continue
            if not names:
                raise MdbError(f"not enough members for format: {text}")
            place = follow(session, call.address, kind, "" if names[0] == "." else names[0])
            is_dot = names.pop(0) == "."
            _put(call, found, _converted(call, place, found[5], alternate=bool(found[1]), is_dot=is_dot))
        out.text(text[position:])
    finally:
        out.wrap = wrapped


def _put(call: Call, found: re.Match[str], text: str) -> None:
    width = int(found[4] or 0)
    if found[2]:
        call.session.out.field(text, width)
    else:
        call.session.out.right(text, width, "0" if found[3] else " ")


def _converted(call: Call, place: Place, letter: str, *, alternate: bool, is_dot: bool) -> str:
    session = call.session
    if letter == "s":
        return _string(call, place)
    kind = resolve(place.type)
    if is_dot or isinstance(kind, Struct | Array):
        value = place.address
    else:
        value = int.from_bytes(session.target.read(place.address, kind.size), "little")
        if place.bits:
            value = value >> place.bit & ((1 << place.bits) - 1)
    return _number(call, place.type, value, letter, alternate=alternate)


def _number(  # noqa: C901 - one case a conversion
    call: Call, declared: Type, value: int, letter: str, *, alternate: bool
) -> str:
    kind = resolve(declared)
    number = signed(value, kind.size) if is_signed(kind) and kind.size else value
    match letter:
        case "a":
            return call.session.symbolic(value)
        case "d" | "i":
            return with_base(number, 10) if alternate else str(number)
        case "u":
            return with_base(value, 10) if alternate else str(value)
        case "x" | "X" | "p":
            text = with_base(value) if alternate else f"{value:x}"
            return text.upper() if letter == "X" else text
        case "o" | "q":
            return with_base(value, 8) if alternate else digits(value, 8)
        case "r" | "R":
            return with_base(value, call.session.radix) if alternate else digits(value, call.session.radix)
        case "Y":
            return date(number)
        case "c":
            return chr(value & 0xFF)
        case "I":
            return ".".join(str(byte) for byte in value.to_bytes(4, "little"))
        case "H":
            return _human(value)
    raise MdbError(f"the conversion %{letter} is not one of ::printf")


def _human(value: int) -> str:
    """A number of bytes with a unit."""
    number = float(value)
    for unit in ("", "K", "M", "G", "T", "P"):
        if number < 1024 or unit == "P":
            return f"{number:.0f}{unit}" if not unit or number == int(number) else f"{number:.1f}{unit}"
        number /= 1024
    raise AssertionError


def _string(call: Call, place: Place) -> str:
    kind = resolve(place.type)
    target = call.session.target
    if isinstance(kind, Enum):
        value = int.from_bytes(target.read(place.address, 4), "little")
        return enum_name(kind, value) or with_base(value)
    if isinstance(kind, Array):
        raw = target.read(place.address, kind.size)
    elif isinstance(kind, Pointer):
        raw = target.read_some(int.from_bytes(target.read(place.address, kind.size), "little"), 1024)
    else:
        raise MdbError("%s needs a string, a pointer to one, or an enumeration")
    return raw.split(b"\0")[0].decode("utf-8", "replace")
