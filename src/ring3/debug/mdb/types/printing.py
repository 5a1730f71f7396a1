"""Values by their types, as ``::print`` writes them.

Source: mdb(1), "print"; layouts as the third seed and illumos's tests show them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.numbers import date, escaped, escaped_text, signed, with_base
from ring3.debug.mdb.types.names import prefix, type_name
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Integer,
    Member,
    Pointer,
    Struct,
    Type,
    Typedef,
    resolve,
)

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_PART: Final = re.compile(r"(->|\.)?(\w+)|\[([^\]]*)\]")
_STRING_LIMIT: Final = 256
_TIMES: Final = ("time_t", "time32_t", "time64_t")


class Style(NamedTuple):
    """What is shown.

    Attributes:
        addresses: The address of each member.
        types: Its type.
        base_types: The type behind a typedef too.
        decimal: Numbers in decimal.
        holes: Gaps between members.
        symbols: Pointers as symbols.
        depth: How deep structs are opened.
        elements: How many of an array; None for all.
        characters: How many of a string; None for all.
        values: Whether there is memory to look at.
    """

    addresses: bool = False
    types: bool = False
    base_types: bool = False
    decimal: bool = False
    holes: bool = False
    symbols: bool = True
    depth: int = 1 << 30
    elements: int | None = 32
    characters: int | None = 1024
    values: bool = True


class Place(NamedTuple):
    """A member that a path leads to: its address, its type, its bits, and the path as written."""

    address: int
    type: Type
    path: str = ""
    bit: int = 0
    bits: int = 0


def find_member(kind: Type, name: str) -> Member:
    """A member of a struct or union.

    Raises:
        MdbError: The type has none of that name.
    """
    resolved = resolve(kind)
    if not isinstance(resolved, Struct):
        raise MdbError(
            f"failed to find member {name} of type {type_name(kind)}: type is not a struct or union"
        )
    found = resolved.members.get(name)
    if found is None:
        raise MdbError(
            f"failed to find member {name} of type {type_name(kind)}: no such member of structure or union"
        )
    return found


def follow(session: Session, address: int, kind: Type, path: str) -> Place:
    """Goes along a path of members: ``a.b[3]->c``.

    Raises:
        MdbError: There is no such member, or a pointer on the way cannot be read.
    """
    place = Place(address, kind)
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if part is None:
            raise MdbError(f"syntax error in member expression: {path}")
        position = part.end()
        if part[2] is None:
            place = _element(session, place, session.evaluate(part[3]))
            continue
        if isinstance(resolve(place.type), Pointer):
            place = _target(session, place)
        member = find_member(place.type, part[2])
        place = Place(place.address + member.offset, member.type, "", member.bit, member.bits)
    return place._replace(path=path)


def _target(session: Session, place: Place) -> Place:
    pointer = resolve(place.type)
    assert isinstance(pointer, Pointer)
    address = int.from_bytes(session.target.read(place.address, pointer.size), "little")
    return Place(address, pointer.target)


def _element(session: Session, place: Place, index: int) -> Place:
    kind = resolve(place.type)
    if isinstance(kind, Pointer):
        place = _target(session, place)
        return Place(place.address + index * place.type.size, place.type)
    if not isinstance(kind, Array):
        raise MdbError(f"{type_name(place.type)} is not an array")
    if kind.count and index >= kind.count:
        session.warn(f"index {index} is outside of array bounds [0 .. {kind.count - 1}]")
    return Place(place.address + index * kind.element.size, kind.element)


class Printer:
    """Prints values."""

    def __init__(self, session: Session, style: Style, memory: bytes | None = None) -> None:
        """Makes a printer.

        Args:
            session: The debugger.
            style: What is shown.
            memory: The bytes to look at instead of the target's, which begin at address 0.
        """
        self._session = session
        self._style = style
        self._memory = memory

    def _read(self, address: int, size: int) -> bytes:
        if self._memory is not None:
            return self._memory[address : address + size].ljust(size, b"\0")
        return self._session.target.read(address, size)

    def lines(self, place: Place, name: str | None = None) -> Iterator[str]:
        """The lines of one value.

        Args:
            place: Where it is.
            name: What stands before it; None for the value of a type alone.
        """
        kind = resolve(place.type)
        if name is None and isinstance(kind, Struct):
            head = self._head(place, "")
            yield f"{head.rstrip()} {{" if head else "{"
            yield from self._members(place, 1, "")
            yield "}"
        elif name is None and isinstance(kind, Array):
            yield from self._array(place, 0, self._head(place, ""), "", "")
        else:
            yield from self._value(place, 0, name or "", "", f"{name}" if name else "")

    # -- one line --------------------------------------------------------------------------------------------------

    def _head(self, place: Place, name: str) -> str:
        """What stands before the value: address, type, name."""
        text = f"{place.address:x} " if self._style.addresses else ""
        if self._style.types or self._style.base_types:
            text += prefix(place.type)
            if self._style.base_types and isinstance(place.type, Typedef):
                base = resolve(place.type)
                if not isinstance(base, Struct | Pointer):
                    text += f"<<{type_name(base)}>> "
        text += name
        if place.bits and (self._style.types or self._style.base_types):
            text += f" :{place.bits}"
        return text

    def _value(self, place: Place, depth: int, name: str, comma: str, path: str) -> Iterator[str]:
        """A member or an element: its line, or its lines if it consists of others."""
        indent = " " * (4 * depth)
        kind = resolve(place.type)
        head = self._head(place, name)
        equals = f"{head} = " if name else f"{head} " if head and head[-1] != " " else head
        if not self._style.values and not isinstance(kind, Struct):
            yield f"{indent}{head} "
        elif isinstance(kind, Struct):
            opening = equals if self._style.values else f"{head} "
            if depth >= self._style.depth:
                yield f"{indent}{opening}{{ ... }}{comma}"
                return
            yield f"{indent}{opening}{{"
            yield from self._members(place, depth + 1, path)
            yield f"{indent}}}{comma}"
        elif isinstance(kind, Array):
            yield from self._array(place, depth, equals, comma, path)
        else:
            yield f"{indent}{equals}{self._scalar(place)}{comma}"

    def _members(self, place: Place, depth: int, path: str) -> Iterator[str]:
        kind = resolve(place.type)
        assert isinstance(kind, Struct)
        end = 0
        for member in kind.members.values():
            if self._style.holes and kind.keyword == "struct" and member.offset > end:
                yield f"{' ' * (4 * depth)}<<HOLE>> {member.offset - end} bytes"
            end = max(end, member.offset + member.type.size)
            inner = Place(place.address + member.offset, member.type, "", member.bit, member.bits)
            name = f"{path}.{member.name}" if path else member.name
            yield from self._value(inner, depth, name, "", name if path else "")
        if self._style.holes and kind.keyword == "struct" and kind.size > end:
            yield f"{' ' * (4 * depth)}<<HOLE>> {kind.size - end} bytes"

    # -- arrays ----------------------------------------------------------------------------------------------------

    def _array(self, place: Place, depth: int, equals: str, comma: str, path: str) -> Iterator[str]:
        kind = resolve(place.type)
        assert isinstance(kind, Array)
        indent = " " * (4 * depth)
        count = kind.count or 0
        element = resolve(kind.element)
        if isinstance(element, Integer) and element.size == 1:
            yield f"{indent}{equals}{self._characters(place.address, element, count)}{comma}"
            return
        if depth >= self._style.depth:
            yield f"{indent}{equals}[ ... ]{comma}"
            return
        limit = count if self._style.elements is None else min(count, self._style.elements)
        more = limit < count
        places = [Place(place.address + n * kind.element.size, kind.element) for n in range(limit)]
        if isinstance(element, Struct | Array):
            yield f"{indent}{equals}["
            for number, each in enumerate(places):
                last = number == count - 1
                yield from self._value(each, depth + 1, "", "" if last else ",", "")
            if more:
                yield f"{indent}    ..."
            yield f"{indent}]{comma}"
            return
        values = ", ".join(self._scalar(each) for each in places)
        yield f"{indent}{equals}[ {values}{', ...' if more else ''} ]{comma}"

    def _characters(self, address: int, element: Integer, count: int) -> str:
        """An array of characters: a string if it is one; otherwise its beginning says what it is not."""
        limit = count if self._style.characters is None else min(count, self._style.characters)
        raw = self._read(address, limit)
        text = raw.split(b"\0")[0]
        if (
            text
            and all(32 <= byte < 127 or byte in b"\t\n\r\a\b\f\v" for byte in text)
            and element.name != "uint8_t"
        ):
            return f'[ "{escaped_text(text)}" ]'
        if not raw:
            return "[ ]"
        shown = raw[:1] if element.signed else raw[: self._style.elements or len(raw)]
        values = ", ".join(
            f"'{escaped(byte, chr(39))}'" if element.signed else with_base(byte) for byte in shown
        )
        return f"[ {values}{', ...' if len(shown) < count else ''} ]"

    # -- scalars ---------------------------------------------------------------------------------------------------

    def _scalar(self, place: Place) -> str:
        kind = resolve(place.type)
        match kind:
            case Integer():
                return self._integer(place, kind)
            case Pointer():
                return self._pointer(place.address, kind)
            case Enum():
                return self._enumerator(place, kind)
            case Float(size=4):
                return f"{struct.unpack('<f', self._read(place.address, 4))[0]:e}"
            case Float(size=8):
                return f"{struct.unpack('<d', self._read(place.address, 8))[0]:.16e}"
            case Function():
                return self._session.symbolic(place.address)
        return "??"

    def _raw(self, place: Place, size: int) -> int:
        value = int.from_bytes(self._read(place.address, size), "little")
        if place.bits:
            value = value >> place.bit & ((1 << place.bits) - 1)
        return value

    def _integer(self, place: Place, kind: Integer) -> str:
        value = self._raw(place, kind.size)
        if isinstance(place.type, Typedef) and place.type.name in _TIMES:
            return date(signed(value, kind.size))
        if kind.size == 1 and kind.char_like and kind.signed and not place.bits:
            return f"'{escaped(value, chr(39))}'"
        if self._style.decimal:
            number = value
            if kind.signed:
                bits = place.bits or 8 * kind.size
                number = value - (1 << bits) if value >> (bits - 1) else value
            return with_base(number, 10)
        return with_base(value)

    def _pointer(self, address: int, kind: Pointer) -> str:
        value = int.from_bytes(self._read(address, kind.size), "little")
        if not value:
            return "0"
        name = self._session.target.describe(value) if self._style.symbols else None
        text = name or with_base(value)
        target = resolve(kind.target)
        if isinstance(target, Integer) and target.size == 1 and name is None:
            text += self._string_at(value)
        return text

    def _string_at(self, address: int) -> str:
        raw = self._session.target.read_some(address, _STRING_LIMIT) if self._memory is None else b""
        text, end, _ = raw.partition(b"\0")
        if not text or any(not (32 <= byte < 127 or byte in b"\t\n") for byte in text):
            return ""
        return f' "{escaped_text(text)}{"" if end else "..."}"'

    def _enumerator(self, place: Place, kind: Enum) -> str:
        value = self._raw(place, 4)
        name = enum_name(kind, value)
        return f"{hex(value) if value else 0} ({name or '???'})"


def enum_name(kind: Enum, value: int) -> str | None:
    """What an enumeration calls a value, or the bits it consists of."""
    number = signed(value, 4)
    for name, each in kind.values.items():
        if each == number:
            return name
    powers = {each: name for name, each in kind.values.items() if each > 0 and not each & (each - 1)}
    if value and len(powers) == len([each for each in kind.values.values() if each]) and powers:
        rest, names = value, []
        for bit, name in sorted(powers.items()):
            if rest & bit:
                names.append(name)
                rest &= ~bit
        if not rest:
            return "|".join(names)
    return None
