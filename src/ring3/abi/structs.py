"""Struct rows: how structs lie in memory, for programs of 64 and of 32 bits.

A row is written as C writes the struct, with a meaning behind each field for those who show it (`ring3.abi.notation`
reads the meanings)::

    TIMESPEC = Struct("timespec", '''
        s64 tv_sec: seconds
        s64 tv_nsec
    ''')

From one description come the layouts of both widths: ``long``, ``size_t`` and pointers have 8 bytes or 4, and types of
64 bits are aligned to 4 bytes in programs of 32 (System V ABI, i386 and x86-64). ``align TYPE`` moves the next field as
a union with a member of that type would; ``size N`` says how long the struct is at least; ``packed`` that nothing is
aligned. ``struct NAME`` embeds another row, given to the constructor. Fields between a line ``{`` and a line ``}`` are
a union: they lie over each other, and `Layout.form` passes over their room.

A row packs and unpacks flat: one value for each scalar, in order, those of embedded structs and arrays in their place,
and bytes for an array of ``char`` or ``u8``. Layouts are made when they are first used.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import Final, Protocol, TypeAlias

from ring3.abi.kinds import NamedTuple

Value: TypeAlias = int | bytes

CODES: Final = {
    "char": "b",
    "signed char": "b",
    "unsigned char": "B",
    "u8": "B",
    "s8": "b",
    "short": "h",
    "s16": "h",
    "unsigned short": "H",
    "u16": "H",
    "be16": "H",
    "int": "i",
    "s32": "i",
    "unsigned int": "I",
    "u32": "I",
    "be32": "I",
    "s64": "q",
    "long long": "q",
    "u64": "Q",
    "unsigned long long": "Q",
    "be64": "Q",
    "pid_t": "i",
    "uid_t": "I",
    "gid_t": "I",
    "dev_t": "I",
    "long": "q",
    "ssize_t": "q",
    "off_t": "q",
    "clock_t": "q",
    "time_t": "q",
    "unsigned long": "Q",
    "size_t": "Q",
}
"""`struct`'s letter for each scalar type, in programs of 64 bits."""

NARROW: Final = {
    "long": "i",
    "ssize_t": "i",
    "off_t": "i",
    "clock_t": "i",
    "time_t": "i",
    "unsigned long": "I",
    "size_t": "I",
}
"""The same, for those of 32 bits, where it is another."""

_FIELD: Final = re.compile(r"((?:struct )?[\w ]+?)( ?\*+ ?| )([\w.]+)(?:\[(\w*)\])?(?:: (.*))?")


class Memory(Protocol):
    """What a row is read from and written to."""

    def read(self, address: int, size: int, /) -> bytes:
        """The bytes at an address."""

    def write(self, address: int, data: bytes, /) -> None:
        """Puts bytes at an address."""


class Field(NamedTuple):
    """One field as it is written.

    Attributes:
        name: Its name.
        type: Its type without the array; of a pointer, what it points to.
        pointer: Whether it is a pointer.
        length: How many elements the array has; 0 for an array without a length at the end, None if it is none.
        meaning: What stands behind the colon.
    """

    name: str
    type: str
    pointer: bool
    length: int | None
    meaning: str


class Place(NamedTuple):
    """Where a field lies.

    Attributes:
        field: The field.
        offset: In bytes from the struct's beginning.
        size: In bytes.
    """

    field: Field
    offset: int
    size: int


class Layout(NamedTuple):
    """A struct in programs of one width.

    Attributes:
        size: In bytes, with what C adds at the end.
        align: What its address is a multiple of.
        form: Packs and unpacks the scalars.
        places: Where the fields are.
    """

    size: int
    align: int
    form: struct.Struct
    places: tuple[Place, ...]


class Struct:
    """One struct.

    Attributes:
        name: What rows call it.
        text: The fields, as written.
        embedded: The rows of the structs inside it.
        packed: Whether fields are not aligned.
        c: How C spells the type, if a header has it; and
        header: that header.
        widths: For programs of which widths it is.
        by: The field that says which of `variants` follows or lies over it, if any.
        variants: Other rows of the same memory, by a name of the set that `by` is of, or by their own.
    """

    def __init__(
        self,
        name: str,
        text: str,
        *embedded: Struct,
        packed: bool = False,
        c: str = "",
        header: str = "",
        widths: tuple[int, ...] = (64, 32),
        by: str = "",
        variants: dict[str, Struct] | None = None,
    ) -> None:
        self.name = name
        self.text = text
        self.embedded = {row.name: row for row in embedded}
        self.packed = packed
        self.c = c
        self.header = header
        self.widths = widths
        self.by = by
        self.variants = variants or {}
        self._layouts: dict[int, Layout] = {}

    def __repr__(self) -> str:
        return f"<struct {self.name}>"

    def layout(self, bits: int) -> Layout:
        """How it lies in programs of a width."""
        found = self._layouts.get(bits)
        if found is None:
            found = self._layouts[bits] = _layout(self, bits)
        return found

    def form(self, bits: int) -> struct.Struct:
        """What packs and unpacks its scalars, in programs of a width."""
        return self.layout(bits).form

    def size(self, bits: int) -> int:
        """Its size in bytes, in programs of a width."""
        return self.layout(bits).size

    def place(self, name: str, bits: int) -> Place:
        """Where a field lies.

        Raises:
            KeyError: There is no such field.
        """
        for place in self.layout(bits).places:
            if place.field.name == name:
                return place
        raise KeyError(name)

    def offset(self, name: str, bits: int) -> int:
        """Where a field lies, in bytes.

        Raises:
            KeyError: There is no such field.
        """
        return self.place(name, bits).offset

    def pack(self, bits: int, *values: Value) -> bytes:
        """The struct with these scalars.

        Raises:
            struct.error: There are too few or too many, or one does not fit.
        """
        layout = self._layouts.get(bits) or self.layout(bits)
        return layout.form.pack(*values)

    def make(self, bits: int, **given: Value | tuple[Value, ...]) -> bytes:
        """The struct with these fields, as `values` gives them, and zeros in all others.

        Raises:
            KeyError: There is no such field.
            struct.error: A value does not fit.
        """
        layout = self.layout(bits)
        places = {place.field.name: place for place in layout.places}
        raw = bytearray(layout.size)
        for name, value in given.items():
            place = places[name]
            flat = value if isinstance(value, tuple) else (value,)
            struct.pack_into("<" + _code(self, place.field, bits), raw, place.offset, *flat)
        return bytes(raw)

    def unpack(self, bits: int, raw: bytes) -> tuple[Value, ...]:
        """The scalars of a struct that begins the bytes."""
        return self.layout(bits).form.unpack_from(raw)

    def read(self, memory: Memory, address: int, bits: int) -> tuple[Value, ...]:
        """The scalars of a struct in a program's memory."""
        layout = self._layouts.get(bits) or self.layout(bits)
        return layout.form.unpack(memory.read(address, layout.form.size))

    def integers(self, memory: Memory, address: int, bits: int) -> tuple[int, ...]:
        """The same, of a struct without arrays of characters."""
        layout = self._layouts.get(bits) or self.layout(bits)
        return layout.form.unpack(memory.read(address, layout.form.size))

    def write(self, memory: Memory, address: int, bits: int, *values: Value) -> None:
        """Puts a struct with these scalars into a program's memory."""
        memory.write(address, self.pack(bits, *values))

    def values(self, bits: int, raw: bytes) -> dict[str, Value | tuple[Value, ...]]:
        """The fields by name, each with its value; an embedded struct and an array are tuples of scalars."""
        found: dict[str, Value | tuple[Value, ...]] = {}
        for place in self.layout(bits).places:
            form = struct.Struct("<" + _code(self, place.field, bits))
            flat = form.unpack_from(raw, place.offset)
            single = len(flat) == 1 and (place.field.length is None or isinstance(flat[0], bytes))
            found[place.field.name] = flat[0] if single else flat
        return found


@cache
def fields(text: str) -> tuple[Field | tuple[str, str], ...]:
    """The fields of a description in order; pairs are the words that move or size: ``align``, ``size``, ``{``, ``}``.

    Raises:
        ValueError: A line is malformed.
    """
    found: list[Field | tuple[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word in {"align", "size", "{", "}"}:
            found.append((word, rest))
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise ValueError(f"{line!r} is not a field")
        kind, star, name, count, meaning = match.groups()
        number = None if count is None else int(count or 0)
        found.append(Field(name, kind.strip(), "*" in star, number, meaning or ""))
    return tuple(found)


def _scalar(name: str, bits: int) -> str:
    """The letter of a scalar type."""
    return NARROW.get(name, CODES[name]) if bits == 32 else CODES[name]


def _code(row: Struct, field: Field, bits: int) -> str:
    """The format of a field, without what surrounds it."""
    times = 1 if field.length is None else field.length
    if field.pointer:
        return f"{times}{'I' if bits == 32 else 'Q'}"
    if field.type.startswith("struct "):
        inner = row.embedded[field.type.removeprefix("struct ")].layout(bits)
        return inner.form.format.removeprefix("<") * times
    if field.length is not None and field.type in {"char", "u8", "unsigned char"}:
        return f"{times}s"
    return f"{times}{_scalar(field.type, bits)}"


def _alignment(row: Struct, field: Field, bits: int) -> int:
    if row.packed:
        return 1
    if field.pointer:
        return bits // 8
    if field.type.startswith("struct "):
        return row.embedded[field.type.removeprefix("struct ")].layout(bits).align
    return min(struct.calcsize("<" + _scalar(field.type, bits)), bits // 8)


def _layout(row: Struct, bits: int) -> Layout:
    """Lays a struct out as the System V ABIs do."""
    form = "<"
    offset = 0
    align = 1
    least = 0
    union: _Union | None = None
    places: list[Place] = []
    for field in fields(row.text):
        if isinstance(field, Field):
            boundary = _alignment(row, field, bits)
            code = _code(row, field, bits)
        else:
            word, argument = field
            if word == "size":
                least = int(argument)
                continue
            if word == "{":
                union = _Union(offset)
                continue
            if word == "}":
                assert union is not None
                places += union.places()
                form += f"{union.end - offset}x"
                offset = union.end
                align = max(align, union.align)
                union = None
                continue
            boundary = min(struct.calcsize("<" + _scalar(argument, bits)), bits // 8)
            code = ""
        if union is not None:
            assert isinstance(field, Field)
            union.add(field, boundary, struct.calcsize("<" + code))
            continue
        align = max(align, boundary)
        padding = -offset % boundary
        form += f"{padding}x" * bool(padding) + code
        offset += padding
        if isinstance(field, Field):
            size = struct.calcsize("<" + code)
            places.append(Place(field, offset, size))
            offset += size
    size = max(offset, least)
    size += -size % align
    form += f"{size - offset}x" * (size > offset)
    return Layout(size, align, struct.Struct(form), tuple(places))


class _Union:
    """Fields that lie over each other, as they are laid out.

    Attributes:
        align: What the address of the fields is a multiple of.
    """

    def __init__(self, offset: int) -> None:
        """Begins where the field before it ends, without members."""
        self.align = 1
        self._offset = offset
        self._members: list[tuple[Field, int]] = []

    def add(self, field: Field, boundary: int, size: int) -> None:
        """Takes in a member."""
        self.align = max(self.align, boundary)
        self._members.append((field, size))

    def places(self) -> list[Place]:
        """Where all members lie."""
        return [Place(field, self._start, size) for field, size in self._members]

    @property
    def end(self) -> int:
        """Where it ends, in bytes from the struct's beginning."""
        size = max(size for _, size in self._members)
        return self._start + size + -size % self.align

    @property
    def _start(self) -> int:
        return self._offset + -self._offset % self.align
