"""Values by their types, as ``::print`` writes them.

Source: mdb(1), "print"; layouts as the third seed and illumos's tests show them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.numbers import date, escaped, escaped_text, signed, with_base
from ring3.debug.mdb.types.enums import bit_names, enum_name, is_of_bits
from ring3.debug.mdb.types.names import prefix, type_name
from ring3.debug.mdb.types.places import Place
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Integer,
    Pointer,
    Struct,
    Typedef,
    resolve,
)

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_STRING_LIMIT: Final = 256
_NUMBERS: Final = (1, 2, 4, 8)
_FLOATS: Final = {4: "<f", 8: "<d"}
_TIMES: Final = ("time_t", "time32_t", "time64_t")
_ADDRESSES: Final = ("ipaddr_t", "in_addr_t")


class Style(NamedTuple):
    """What is shown.

    Attributes:
        addresses: The address of each member.
        types: Its type.
        base_types: The type behind a typedef too.
        decimal: Numbers in decimal.
        hexadecimal: Signed bit-fields and enumerations too in hexadecimal.
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
    hexadecimal: bool = False
    holes: bool = False
    symbols: bool = True
    depth: int = 1 << 30
    elements: int | None = 32
    characters: int | None = 1024
    values: bool = True


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
        text = f"{_bit_address(place)} " if self._style.addresses else ""
        if self._style.types or self._style.base_types:
            text += prefix(place.type)
            if self._style.base_types and isinstance(place.type, Typedef):
                base = type_name(resolve(place.type))
                if base not in (type_name(place.type), "struct ", "union ", "enum "):
                    text += f"<<{base}>> "
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
            first = 8 * member.offset + (member.bit if member.bits else 0)
            if self._style.holes and kind.keyword == "struct":
                yield from self._holes(place.address, end, first, depth)
            end = max(end, first + (member.bits or 8 * member.type.size))
            inner = Place(place.address + member.offset, member.type, "", member.bit, member.bits)
            name = f"{path}.{member.name}" if path else member.name
            yield from self._value(inner, depth, name, "", name if path else "")
        if self._style.holes and kind.keyword == "struct":
            yield from self._holes(place.address, end, 8 * kind.size, depth)

    def _holes(self, address: int, first: int, end: int, depth: int) -> Iterator[str]:
        """The bits between two members as numbers of up to 64 (print_hole of mdb_print.c)."""
        while first < end:
            stop = end if end - first <= 64 else min(end, (first // 64 + 1) * 64)
            bits = stop - first
            is_field = first % 8 or bits % 8 or bits // 8 not in _NUMBERS
            size = (bits + first % 8 + 7) // 8
            kind = Integer("unsigned" if is_field else f"uint{bits}_t", size, rank=0, signed=False)
            place = Place(address + first // 8, kind, "", first % 8, bits if is_field else 0)
            yield from self._value(place, depth, "<<HOLE>>", "", "")
            first = stop

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
            behind = "," if isinstance(element, Struct) else ""
            for each in places:
                yield from self._value(each, depth + 1, "", behind, "")
            yield f"{indent}{'... ' if more else ''}]{comma}"
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
                is_plain = isinstance(place.type, Typedef) and place.type.name == "caddr_t"
                return self._pointer(place.address, kind, place.path, is_plain=is_plain)
            case Enum():
                return self._enumerator(place, kind)
            case Float():
                return self._float(place, kind)
            case Function():
                return self._session.symbolic(place.address)
        return "??"

    def _float(self, place: Place, kind: Float) -> str:
        """A number with seven digits behind the point (doubletos of mdb_stdlib.c)."""
        code = _FLOATS.get(kind.size)
        if code is None:
            return f"??? (unsupported FP format of {8 * kind.size} bits"
        (number,) = struct.unpack(code, self._read_member(place.address, kind.size, "float"))
        return f"{number:.7e}"

    def _read_member(self, address: int, size: int, what: str) -> bytes:
        """Bytes of a member; what is said where there are none names it."""
        try:
            return self._read(address, size)
        except MdbError as error:
            reason = str(error).rpartition(": ")[2]
            raise MdbError(f"failed to read {what or f'{size} bytes'} at {address:x}: {reason}") from None

    def _raw(self, place: Place, size: int) -> int:
        value = int.from_bytes(self._read_member(place.address, size, ""), "little")
        if place.bits:
            value = value >> place.bit & ((1 << place.bits) - 1)
        return value

    def _integer(self, place: Place, kind: Integer) -> str:
        value = self._raw(place, kind.size)
        if isinstance(place.type, Typedef) and not (self._style.decimal or self._style.hexadecimal):
            if place.type.name in _TIMES and value:
                return date(signed(value, kind.size))
            if place.type.name in _ADDRESSES:
                return ".".join(str(byte) for byte in value.to_bytes(4, "little"))
        if kind.size == 1 and kind.char_like and kind.signed and not place.bits:
            return f"'{escaped(value, chr(39))}'"
        if place.bits and kind.signed and not self._style.hexadecimal:
            return with_base(value - (1 << place.bits) if value >> (place.bits - 1) else value, 10)
        if self._style.decimal:
            number = value
            if kind.signed:
                bits = place.bits or 8 * kind.size
                number = value - (1 << bits) if value >> (bits - 1) else value
            return with_base(number, 10)
        return with_base(value)

    def _pointer(self, address: int, kind: Pointer, member: str, *, is_plain: bool) -> str:
        value = int.from_bytes(self._read_member(address, kind.size, f"{member} pointer".lstrip()), "little")
        if not value:
            return "0"
        name = self._session.target.describe(value) if self._style.symbols else None
        text = name or with_base(value)
        target = resolve(kind.target)
        if isinstance(target, Integer) and target.size == 1 and target.signed and not is_plain:
            text += self._string_at(value)
        return text

    def _string_at(self, address: int) -> str:
        raw = self._session.target.read_some(address, _STRING_LIMIT) if self._memory is None else b""
        text, end, _ = raw.partition(b"\0")
        if not text or any(not (32 <= byte < 127 or byte in b"\t\n") for byte in text):
            return ""
        return f' "{escaped_text(text)}{"" if end else "..."}"'

    def _enumerator(self, place: Place, kind: Enum) -> str:
        value = signed(self._raw(place, 4), 4)
        if is_of_bits(kind):
            return f"{with_base(value & 0xFFFF_FFFF)} ({bit_names(kind, value & 0xFFFF_FFFF)})"
        shown = with_base(value & 0xFFFF_FFFF) if self._style.hexadecimal else with_base(value, 10)
        return f"{shown} ({enum_name(kind, value) or '???'})"


def _bit_address(place: Place) -> str:
    """Where a member is: its byte, and for a bit-field the bit of that."""
    bit = place.bit % 8 if place.bits else 0
    byte = place.address + (place.bit // 8 if place.bits else 0)
    return f"{byte:x}.{bit:x}" if bit else f"{byte:x}"
