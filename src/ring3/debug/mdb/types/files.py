"""The types that an object file describes: in DWARF, or in CTF as Solaris's files do."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from ring3.debug.object_file import ObjectFile
from ring3.trace.dtrace.machine import ctf_types
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Integer,
    Member,
    Pointer,
    Qualified,
    Struct,
    Type,
    Typedef,
    Void,
)

if TYPE_CHECKING:
    from elftools.dwarf.die import DIE

_TAGGED: Final = {
    "DW_TAG_structure_type": "struct",
    "DW_TAG_class_type": "struct",
    "DW_TAG_union_type": "union",
    "DW_TAG_enumeration_type": "enum",
}
_NAMED: Final = (*_TAGGED, "DW_TAG_typedef", "DW_TAG_base_type")
_OBJECT: Final = 1
_MARKS: Final = ("", "_START_", "_END_")
_FLOAT: Final = (3, 4)
"""DW_ATE_complex_float and DW_ATE_float."""
_SIGNED: Final = (5, 6)
"""DW_ATE_signed and DW_ATE_signed_char."""
_RANKS: Final = {1: 1, 2: 2, 4: 3, 8: 4, 16: 5}
_QUALIFIERS: Final = {"DW_TAG_const_type": "const", "DW_TAG_volatile_type": "volatile"}


class Types(Protocol):
    """What any description of types answers."""

    def find(self, name: str) -> Type | None:
        """A type by its name in C."""

    def of_variable(self, name: str) -> Type | None:
        """The type of a variable."""

    def names(self) -> Iterable[str]:
        """The names of all types."""


class NoTypes:
    """A file that describes none."""

    def find(self, name: str) -> Type | None:
        """None."""

    def of_variable(self, name: str) -> Type | None:
        """None."""

    def names(self) -> Iterable[str]:
        """None."""
        return ()


class CtfFileTypes:
    """The types of a file's CTF."""

    def __init__(self, file: ObjectFile, section: bytes) -> None:
        """Reads a file's section.

        Raises:
            ValueError: It is damaged, or of a version that is not known.
        """
        strings = file.section(".strtab") or b""
        self._types = ctf_types.CtfTypes(section, pointer=file.bits // 8, strings=strings)
        self._file = file

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Which of the described variables each is, by the order of the symbol table (init_symtab of libctf)."""
        described = [
            symbol.name for symbol in self._file.symbols
            if symbol.type == _OBJECT and not symbol.dynamic and symbol.section and symbol.name not in _MARKS
        ]  # fmt: skip
        return {name: number for number, name in enumerate(described)}

    def find(self, name: str) -> Type | None:
        """A type by its name in C."""
        return self._types.find(name)

    def of_variable(self, name: str) -> Type | None:
        """The type of a variable."""
        return self._types.of_object(self._numbers.get(name, -1))

    def names(self) -> Iterable[str]:
        """The names of all types."""
        return self._types.names()


class FileTypes:
    """The types of a file, by the description it has."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file

    @cached_property
    def _types(self) -> Types:
        if self._file.dwarf is not None and self._file.dwarf.has_debug_info:
            return DwarfTypes(self._file)
        section = self._file.section(ctf_types.SECTION)
        if section is None:
            return NoTypes()
        try:
            return CtfFileTypes(self._file, section)
        except ValueError:
            return NoTypes()

    def find(self, name: str) -> Type | None:
        """A type by its name in C."""
        return self._types.find(name)

    def of_variable(self, name: str) -> Type | None:
        """The type of a variable."""
        return self._types.of_variable(name)

    def names(self) -> Iterable[str]:
        """The names of all types."""
        return self._types.names()


class DwarfTypes:
    """The types of DWARF debugging information, whose units are read until one has what is looked for."""

    def __init__(self, file: ObjectFile) -> None:
        assert file.dwarf is not None
        self._file = file
        self._made: dict[int, Type] = {}
        self._units = file.dwarf.iter_CUs()
        self._named: dict[str, DIE] = {}
        self._variables: dict[str, DIE] = {}

    def _read_unit(self) -> bool:
        """Notes the named types and the variables of the next unit; returns whether there was one."""
        unit = next(self._units, None)
        if unit is None:
            return False
        for entry in unit.get_top_DIE().iter_children():
            name = _name(entry)
            if not name:
                continue
            if entry.tag in _NAMED and "DW_AT_declaration" not in entry.attributes:
                keyword = _TAGGED.get(entry.tag)
                self._named.setdefault(f"{keyword} {name}" if keyword else name, entry)
            elif entry.tag == "DW_TAG_variable":
                self._variables.setdefault(name, entry)
        return True

    def _entry(self, noted: dict[str, DIE], *names: str) -> DIE | None:
        """The first entry of one of some names."""
        while True:
            found = next((noted[name] for name in names if name in noted), None)
            if found is not None or not self._read_unit():
                return found

    def names(self) -> Iterable[str]:
        """The names of all types."""
        while self._read_unit():
            pass
        return self._named

    def find(self, name: str) -> Type | None:
        """A type by its name in C."""
        entry = self._entry(self._named, name, _GNU_NAMES.get(name, name))
        return None if entry is None else self._type(entry)

    def of_variable(self, name: str) -> Type | None:
        """The type of a variable."""
        entry = self._entry(self._variables, name)
        return None if entry is None else self._referred(entry)

    def _referred(self, entry: Any) -> Type:  # noqa: ANN401
        if "DW_AT_type" not in entry.attributes:
            return Void()
        return self._type(entry.get_DIE_from_attribute("DW_AT_type"))

    def _type(self, entry: Any) -> Type:  # noqa: ANN401
        found = self._made.get(entry.offset)
        if found is None:
            found = self._make(entry)
            self._made[entry.offset] = found
        return found

    def _make(self, entry: Any) -> Type:  # noqa: ANN401 - one case a tag
        size = int(entry.attributes["DW_AT_byte_size"].value) if "DW_AT_byte_size" in entry.attributes else 0
        match entry.tag:
            case "DW_TAG_base_type":
                encoding = entry.attributes["DW_AT_encoding"].value
                name = _C_NAMES.get(_name(entry), _name(entry))
                if encoding in _FLOAT:
                    return Float(name, size)
                rank = 1 if encoding in (6, 8) else max(_RANKS.get(size, 5), 2)
                return Integer(name, size, rank, signed=encoding in _SIGNED)
            case "DW_TAG_pointer_type" | "DW_TAG_reference_type":
                return Pointer(self._referred(entry), size or self._file.bits // 8)
            case "DW_TAG_typedef":
                return Typedef(_name(entry), self._referred(entry))
            case "DW_TAG_const_type" | "DW_TAG_volatile_type":
                return Qualified(_QUALIFIERS[entry.tag], self._referred(entry))
            case "DW_TAG_array_type":
                return self._array(entry)
            case "DW_TAG_subroutine_type":
                return Function(self._referred(entry), [])
            case "DW_TAG_enumeration_type":
                return self._enum(entry)
            case "DW_TAG_structure_type" | "DW_TAG_class_type" | "DW_TAG_union_type":
                return self._struct(entry, size)
        return self._referred(entry)

    def _array(self, entry: Any) -> Type:  # noqa: ANN401
        made = self._referred(entry)
        counts = []
        for child in entry.iter_children():
            if child.tag == "DW_TAG_subrange_type":
                bound = child.attributes.get("DW_AT_upper_bound")
                count = child.attributes.get("DW_AT_count")
                counts.append(int(count.value) if count else int(bound.value) + 1 if bound else 0)
        for count in reversed(counts):
            made = Array(made, count)
        return made

    def _enum(self, entry: Any) -> Type:  # noqa: ANN401
        made = Enum(_name(entry))
        for child in entry.iter_children():
            if child.tag == "DW_TAG_enumerator":
                made.values[_name(child)] = int(child.attributes["DW_AT_const_value"].value)
        made.complete = True
        return made

    def _struct(self, entry: Any, size: int) -> Type:  # noqa: ANN401
        made = Struct(_TAGGED[entry.tag], _name(entry))
        self._made[entry.offset] = made  # members may point at it
        if "DW_AT_declaration" in entry.attributes:
            complete = self._entry(self._named, f"{made.keyword} {made.tag}")
            return made if complete is None else self._type(complete)
        for child in entry.iter_children():
            if child.tag == "DW_TAG_member":
                _put(made, self._member(child))
        made.size, made.complete = size, True
        return made

    def _member(self, entry: Any) -> Member:  # noqa: ANN401
        kind = self._referred(entry)
        attributes = entry.attributes
        place = attributes.get("DW_AT_data_member_location")
        offset = int(place.value) if place and isinstance(place.value, int) else 0
        bits = int(attributes["DW_AT_bit_size"].value) if "DW_AT_bit_size" in attributes else 0
        bit = 0
        if "DW_AT_data_bit_offset" in attributes:
            whole = int(attributes["DW_AT_data_bit_offset"].value)
            unit = 8 * max(kind.size, 1)
            offset, bit = whole // unit * max(kind.size, 1), whole % unit
        elif "DW_AT_bit_offset" in attributes:  # counted from the highest bit
            bit = 8 * kind.size - int(attributes["DW_AT_bit_offset"].value) - bits
        return Member(_name(entry), kind, offset, bit, bits)


def _put(made: Struct, member: Member) -> None:
    made.align = max(made.align, member.type.align)
    if member.name:
        made.members[member.name] = member
    elif isinstance(member.type, Struct):
        for inner in member.type.members.values():
            made.members[inner.name] = inner._replace(offset=inner.offset + member.offset)


def _name(entry: Any) -> str:  # noqa: ANN401
    attribute = entry.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else ""


_C_NAMES: Final = {
    "long int": "long",
    "long unsigned int": "unsigned long",
    "short int": "short",
    "short unsigned int": "unsigned short",
    "long long int": "long long",
    "long long unsigned int": "unsigned long long",
}
"""GCC's names of base types, and those that C programs write."""
_GNU_NAMES: Final = {written: gnu for gnu, written in _C_NAMES.items()}
