"""Types that a program's CTF describes, as D's: the section `.SUNW_ctf` of Solaris, version 2.

Types are numbered from 1 on in the order in which they stand. Source: sys/ctf.h of illumos.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

from ring3.trace.dtrace.machine.dwarf_types import integer
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Pointer,
    Qualified,
    Struct,
    Type,
    Typedef,
    Void,
)

SECTION: Final = ".SUNW_ctf"
_MAGIC, _VERSION, _COMPRESSED = 0xCFF1, 2, 1
_HEADER: Final = struct.Struct("<HBB8I")
_SHORT: Final = struct.Struct("<IHH")
_LONG: Final = struct.Struct("<IHHII")
_LONG_SIZE: Final = 0xFFFF
_LONG_MEMBERS: Final = 8192
"""From this size on a struct's members have offsets of 64 bits."""
_INTEGER, _FLOAT, _POINTER, _ARRAY, _FUNCTION, _STRUCT, _UNION, _ENUM, _FORWARD, _TYPEDEF = range(1, 11)
_QUALIFIERS: Final = {11: "volatile", 12: "const", 13: "restrict"}
_SIGNED: Final = 1


class _Entry(NamedTuple):
    """A type as it stands there: what follows it begins at `at`."""

    kind: int
    name: str
    items: int
    size: int
    target: int
    at: int


class CtfTypes:
    """The types of one section."""

    def __init__(self, data: bytes, *, pointer: int = 8, strings: bytes = b"") -> None:
        """Read a section.

        Args:
            data: Its bytes.
            pointer: The size of a pointer.
            strings: The ELF file's own strings, which names may be in.

        Raises:
            ValueError: It is not of CTF, or damaged.
        """
        try:
            magic, version, flags, *places = _HEADER.unpack_from(data)
            if (magic, version) != (_MAGIC, _VERSION):
                raise ValueError(f"CTF of version {version} is not known")
            body = data[_HEADER.size :]
            self._body = zlib.decompress(body) if flags & _COMPRESSED else body
            _label, _parent, _labels, self._objects, self._functions, types, strings_at, length = places
            self._strings = (self._body[strings_at : strings_at + length], strings)
            self._pointer = pointer
            self._made: dict[int, Type] = {}
            self._entries = self._read(types, strings_at)
        except (struct.error, zlib.error) as error:
            raise ValueError(f"CTF is damaged: {error}") from None
        keywords = {_STRUCT: "struct ", _UNION: "union ", _ENUM: "enum "}
        self._named: dict[str, int] = {}
        for number, entry in enumerate(self._entries, 1):
            if entry.name and entry.kind != _FORWARD:
                self._named.setdefault(keywords.get(entry.kind, "") + entry.name, number)

    def find(self, name: str) -> Type | None:
        """The type of a name in C; None if there is none."""
        number = self._named.get(name)
        try:
            return None if number is None else self._type(number)
        except struct.error:
            return None

    def names(self) -> list[str]:
        """The names of all types, in C."""
        return list(self._named)

    def of_object(self, number: int) -> Type | None:
        """The type of the so many-th variable of the symbol table, from 0; None where it is not told."""
        at = self._objects + 2 * number
        if number < 0 or at + 2 > self._functions:
            return None
        found = int.from_bytes(self._body[at : at + 2], "little")
        try:
            return self._type(found) if found else None
        except struct.error:
            return None

    def _string(self, reference: int) -> str:
        table, at = self._strings[reference >> 31], reference & 0x7FFF_FFFF
        return table[at : table.find(b"\0", at)].decode("utf-8", "replace")

    def _read(self, at: int, end: int) -> list[_Entry]:
        entries = []
        while at < end:
            name, info, size = _SHORT.unpack_from(self._body, at)
            whole, target = size, size
            at += _SHORT.size
            kind, count = info >> 11, info & 0x3FF
            if size == _LONG_SIZE and kind not in (_POINTER, _TYPEDEF, *_QUALIFIERS, _FUNCTION):
                _, _, _, high, low = _LONG.unpack_from(self._body, at - _SHORT.size)
                whole = high << 32 | low
                at += 8
            entries.append(_Entry(kind, self._string(name), count, whole, target, at))
            at += _behind(kind, count, whole)
        return entries

    def _type(self, number: int) -> Type:
        known = self._made.get(number)
        if known is not None:
            return known
        if not 0 < number <= len(self._entries):
            return Void()  # void itself, or a type of another file
        entry = self._entries[number - 1]
        if entry.kind in (_STRUCT, _UNION):
            return self._struct(number, entry)
        self._made[number] = Void()  # a type that is damaged may lead to itself
        made = self._made[number] = self._plain(entry)
        return made

    def _plain(self, entry: _Entry) -> Type:
        kind = entry.kind
        if kind in (_INTEGER, _FLOAT):
            (encoding,) = struct.Struct("<I").unpack_from(self._body, entry.at)
            size = max(1, (encoding & 0xFFFF) // 8)
            if kind == _FLOAT:
                return Float(entry.name, size)
            if entry.name == "void":
                return Void()
            return integer(entry.name, size, signed=bool(encoding >> 24 & _SIGNED))
        if kind == _POINTER:
            return Pointer(self._type(entry.target), self._pointer)
        if kind == _ARRAY:
            element, _index, count = struct.Struct("<HHI").unpack_from(self._body, entry.at)
            return Array(self._type(element), count)
        if kind == _TYPEDEF:
            return Typedef(entry.name, self._type(entry.target))
        if kind in _QUALIFIERS:
            return Qualified(_QUALIFIERS[kind], self._type(entry.target))
        if kind == _FUNCTION:
            return Function(self._type(entry.target), [])
        if kind == _ENUM:
            return self._enumeration(entry)
        whole = self._named.get(f"struct {entry.name}") if kind == _FORWARD else None
        return Struct("struct", entry.name) if whole is None else self._type(whole)

    def _enumeration(self, entry: _Entry) -> Enum:
        made = Enum(entry.name)
        for i in range(entry.items):
            name, value = struct.Struct("<Ii").unpack_from(self._body, entry.at + 8 * i)
            made.values[self._string(name)] = value
        made.complete = True
        return made

    def _struct(self, number: int, entry: _Entry) -> Struct:
        made = Struct("union" if entry.kind == _UNION else "struct", entry.name)
        self._made[number] = made
        long = entry.size >= _LONG_MEMBERS
        for i in range(entry.items):
            if long:
                name, kind, _, high, low = struct.Struct("<IHHII").unpack_from(self._body, entry.at + 16 * i)
                bit = high << 32 | low
            else:
                name, kind, bit = struct.Struct("<IHH").unpack_from(self._body, entry.at + 8 * i)
            self._member(made, self._string(name), kind, bit)
        made.finish(entry.size)
        return made

    def _member(self, made: Struct, name: str, number: int, bit: int) -> None:
        """Places a member; an integer of an odd width, or at an odd place, is a bit-field."""
        kind = self._type(number)
        width = self._width(number)
        if width and (width % 8 or bit % 8 or width != 8 * kind.size):
            size = 1 << max(0, (-(-width // 8) - 1)).bit_length()
            unit = bit // (8 * size) * size
            whole = integer("int", size, signed=True) if kind.size != size else kind
            made.place_bits(name, whole, unit, bit - 8 * unit, width)
        else:
            made.place(name, kind, bit // 8)

    def _width(self, number: int) -> int:
        """The bits of an integer; 0 for other types."""
        while 0 < number <= len(self._entries):
            entry = self._entries[number - 1]
            if entry.kind == _INTEGER:
                (encoding,) = struct.Struct("<I").unpack_from(self._body, entry.at)
                return int(encoding & 0xFFFF)
            if entry.kind not in (_TYPEDEF, *_QUALIFIERS):
                return 0
            number = entry.target
        return 0


def _behind(kind: int, count: int, size: int) -> int:
    """How many bytes follow a type."""
    if kind in (_INTEGER, _FLOAT):
        return 4
    if kind == _ARRAY:
        return 8
    if kind == _FUNCTION:
        return (count + count % 2) * 2
    if kind in (_STRUCT, _UNION):
        return count * (16 if size >= _LONG_MEMBERS else 8)
    return count * 8 if kind == _ENUM else 0
