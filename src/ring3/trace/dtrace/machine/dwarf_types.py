"""Types that a program's DWARF describes, as D's: made when a script names one.

Source: DWARF 5, chapter 5.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from elftools.elf.elffile import ELFFile

from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Integer,
    Pointer,
    Qualified,
    Struct,
    Type,
    Typedef,
    Void,
)

if TYPE_CHECKING:
    from elftools.dwarf.die import DIE

_KEYWORDS: Final = {
    "DW_TAG_structure_type": "struct ",
    "DW_TAG_class_type": "struct ",
    "DW_TAG_union_type": "union ",
    "DW_TAG_enumeration_type": "enum ",
    "DW_TAG_typedef": "",
    "DW_TAG_base_type": "",
}
_QUALIFIERS: Final = {
    "DW_TAG_const_type": "const",
    "DW_TAG_volatile_type": "volatile",
    "DW_TAG_restrict_type": "restrict",
}
_FLOAT: Final = 4
_UNSIGNED: Final = frozenset((2, 7, 8, 16))
"""DW_ATE_boolean, _unsigned, _unsigned_char, _UTF."""


class DwarfTypes:
    """The types of one file."""

    def __init__(self, raw: bytes) -> None:
        """Read a file of ELF; one without DWARF has none.

        Raises:
            ELFError: It is none of ELF.
        """
        file = ELFFile(io.BytesIO(raw))
        self._pointer = file.elfclass // 8
        self._dwarf = file.get_dwarf_info() if file.has_dwarf_info() else None
        self._named: dict[str, DIE] | None = None
        self._made: dict[int, Type] = {}

    def find(self, name: str) -> Type | None:
        """The type of a name in C, `struct foo` or `foo_t`; None if there is none."""
        if self._named is None:
            self._named = self._every()
        found = self._named.get(name)
        return None if found is None else self._type(found)

    def _every(self) -> dict[str, DIE]:
        """The definitions at the top of all units, the first of each name."""
        named: dict[str, DIE] = {}
        for unit in self._dwarf.iter_CUs() if self._dwarf is not None else ():
            for die in unit.get_top_DIE().iter_children():
                keyword = _KEYWORDS.get(str(die.tag))
                has_name = keyword is not None and "DW_AT_name" in die.attributes
                if has_name and "DW_AT_declaration" not in die.attributes:
                    named.setdefault(f"{keyword}{_name(die)}", die)
        return named

    def _target(self, die: DIE) -> Type:
        """What an entry refers to as its type; nothing is void."""
        if "DW_AT_type" not in die.attributes:
            return Void()
        return self._type(die.get_DIE_from_attribute("DW_AT_type"))

    def _type(self, die: DIE) -> Type:
        known = self._made.get(die.offset)
        if known is not None:
            return known
        if die.tag in ("DW_TAG_structure_type", "DW_TAG_class_type", "DW_TAG_union_type"):
            return self._struct(die)
        made = self._made[die.offset] = self._plain(die)
        return made

    def _plain(self, die: DIE) -> Type:
        """A type that is no struct, and so does not lead to itself but through one."""
        tag = die.tag
        if tag == "DW_TAG_base_type":
            return _scalar(die)
        if tag == "DW_TAG_typedef":
            return Typedef(_name(die), self._target(die))
        if tag in _QUALIFIERS:
            return Qualified(_QUALIFIERS[tag], self._target(die))
        if tag in ("DW_TAG_pointer_type", "DW_TAG_reference_type", "DW_TAG_rvalue_reference_type"):
            return Pointer(self._target(die), self._pointer)
        if tag == "DW_TAG_array_type":
            return self._array(die)
        if tag == "DW_TAG_enumeration_type":
            return _enumeration(die)
        if tag == "DW_TAG_subroutine_type":
            return Function(self._target(die), [])
        return self._target(die)

    def _array(self, die: DIE) -> Type:
        made = self._target(die)
        for child in reversed(list(die.iter_children())):
            if child.tag == "DW_TAG_subrange_type":
                upper = _number(child, "DW_AT_upper_bound", -1)
                made = Array(made, _number(child, "DW_AT_count", upper + 1))
        return made

    def _struct(self, die: DIE) -> Type:
        keyword = "union" if die.tag == "DW_TAG_union_type" else "struct"
        tag = _name(die)
        if "DW_AT_declaration" in die.attributes:
            assert self._named is not None
            whole = self._named.get(f"{keyword} {tag}")
            if whole is not None:
                return self._type(whole)
        made = Struct(keyword, tag)
        self._made[die.offset] = made
        if "DW_AT_declaration" in die.attributes:
            return made
        for child in die.iter_children():
            if (
                child.tag in ("DW_TAG_member", "DW_TAG_inheritance")
                and "DW_AT_external" not in child.attributes
            ):
                self._member(made, child)
        made.finish(_number(die, "DW_AT_byte_size", 0))
        return made

    def _member(self, struct: Struct, die: DIE) -> None:
        kind, offset = self._target(die), _number(die, "DW_AT_data_member_location", 0)
        width = _number(die, "DW_AT_bit_size", 0)
        if not width:
            struct.place(_name(die), kind, offset)
            return
        size = _number(die, "DW_AT_byte_size", kind.size) or 1
        bit = offset * 8 + _number(die, "DW_AT_data_bit_offset", 0)
        if "DW_AT_bit_offset" in die.attributes:  # DWARF 3 counts from the most significant bit
            bit = offset * 8 + size * 8 - _number(die, "DW_AT_bit_offset", 0) - width
        unit = bit // (8 * size) * size
        struct.place_bits(_name(die), kind, unit, bit - 8 * unit, width)


def _name(die: DIE) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return "" if attribute is None else attribute.value.decode("utf-8", "replace")


def _number(die: DIE, attribute: str, otherwise: int) -> int:
    """A constant; expressions of run time are not computed."""
    found = die.attributes.get(attribute)
    return found.value if found is not None and isinstance(found.value, int) else otherwise


def _scalar(die: DIE) -> Type:
    name, size = _name(die), _number(die, "DW_AT_byte_size", 4)
    encoding = _number(die, "DW_AT_encoding", 5)
    if encoding == _FLOAT:
        return Float(name, size)
    return integer(name, size, signed=encoding not in _UNSIGNED)


def integer(name: str, size: int, *, signed: bool) -> Integer:
    """An integer with the rank that C gives its name, or its size."""
    rank = 5 if "long long" in name else {1: 1, 2: 2, 4: 3}.get(size, 4)
    return Integer(name, size, rank, signed=signed)


def _enumeration(die: DIE) -> Type:
    made = Enum(_name(die))
    for child in die.iter_children():
        if child.tag == "DW_TAG_enumerator":
            made.values[_name(child)] = _number(child, "DW_AT_const_value", 0)
    made.complete = True
    return made
