"""Writes a relocatable object with one section, and relocations that fill in distances to functions elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from ring3.abi import elf
from ring3.trace.dtrace.dof_format import SECTION
from ring3.trace.dtrace.link.dof_writer import Reference

_RELOCATABLE: Final = 1
_PROGBITS, _SYMTAB, _STRTAB, _RELA, _REL = 1, 2, 3, 4, 9
_ALLOCATED: Final = 2
_PC32, _PC64 = 2, 24
"""R_386_PC32, R_X86_64_PC64."""
_GLOBAL, _LOCAL_OBJECT = 1 << 4, 1
_SYMBOL_OF_DOF: Final = "___SUNW_dof"
_DOF_NUMBER: Final = 1


class _Width(NamedTuple):
    """What differs between the two widths."""

    file: Struct
    section: Struct
    symbol_size: int
    machine: int


_WIDTHS: Final = {
    64: _Width(Struct("<16sHHIQQQIHHHHHH"), Struct("<IIQQQQIIQQ"), 24, elf.EM_X86_64),
    32: _Width(Struct("<16sHHIIIIIHHHHHH"), Struct("<10I"), 16, elf.EM_386),
}


class _Part(NamedTuple):
    """A section."""

    name: str
    type: int
    flags: int
    data: bytes
    link: int = 0
    info: int = 0
    align: int = 1
    entry: int = 0


def write(data: bytes, references: Sequence[Reference], bits: int) -> bytes:
    """The object.

    Args:
        data: What its section `.SUNW_dof` has.
        references: What a linker fills in there.
        bits: 64 or 32.
    """
    width = _WIDTHS[bits]
    names = dict.fromkeys(reference.symbol for reference in references)
    text, symbols = bytearray(1), bytearray(width.symbol_size)
    symbols += _symbol(bits, _at(text, _SYMBOL_OF_DOF), len(data), _LOCAL_OBJECT, _DOF_NUMBER)
    numbers = {}
    for name in names:
        numbers[name] = len(symbols) // width.symbol_size
        symbols += _symbol(bits, _at(text, name), 0, _GLOBAL, 0)
    relocations = b"".join(_relocation(bits, each.offset, numbers[each.symbol]) for each in references)
    kind, entry = (_RELA, 24) if bits == 64 else (_REL, 8)
    name = (".rela" if bits == 64 else ".rel") + SECTION
    parts = [
        _Part("", 0, 0, b"", align=0),
        _Part(SECTION, _PROGBITS, _ALLOCATED, data, align=8),
        _Part(".symtab", _SYMTAB, 0, bytes(symbols), 3, 2, 8, width.symbol_size),
        _Part(".strtab", _STRTAB, 0, bytes(text)),
        _Part(".note.GNU-stack", _PROGBITS, 0, b""),
        *([_Part(name, kind, 0, relocations, 2, _DOF_NUMBER, 8, entry)] if relocations else []),
    ]
    return _file(parts, width, bits)


def _file(parts: list[_Part], width: _Width, bits: int) -> bytes:
    """The parts one behind the other, with a table of their names and their headers."""
    text = bytearray(1)
    offsets = [_at(text, part.name) if part.name else 0 for part in parts]
    offsets.append(_at(text, ".shstrtab"))
    parts = [*parts, _Part(".shstrtab", _STRTAB, 0, bytes(text))]
    body, headers = bytearray(), bytearray()
    for name, part in zip(offsets, parts, strict=True):
        body += bytes(-len(body) % max(part.align, 1))
        where = width.file.size + len(body)
        headers += width.section.pack(
            name,
            part.type,
            part.flags,
            0,
            where,
            len(part.data),
            part.link,
            part.info,
            part.align,
            part.entry,
        )
        body += part.data
    body += bytes(-len(body) % 8)
    ident = elf.MAGIC + bytes((elf.CLASS64 if bits == 64 else elf.CLASS32, elf.DATA_LSB, 1))
    header = width.file.pack(
        ident, _RELOCATABLE, width.machine, 1, 0, 0, width.file.size + len(body), 0, width.file.size, 0, 0,
        width.section.size, len(parts), len(parts) - 1,
    )  # fmt: skip
    return bytes(header + body + headers)


def _at(text: bytearray, name: str) -> int:
    """Add a name to a table; returns where it is."""
    at = len(text)
    text += name.encode() + b"\0"
    return at


def _symbol(bits: int, name: int, size: int, info: int, section: int) -> bytes:
    if bits == 64:
        return Struct("<IBBHQQ").pack(name, info, 0, section, 0, size)
    return Struct("<IIIBBH").pack(name, 0, size, info, 0, section)


def _relocation(bits: int, offset: int, symbol: int) -> bytes:
    if bits == 64:
        return Struct("<QQq").pack(offset, symbol << 32 | _PC64, 0)
    return Struct("<II").pack(offset, symbol << 8 | _PC32)
