"""The code of an object file as dis(1) lists it: label, bytes, instruction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ring3.debug.disassembly.solaris import LONGEST, Instruction, decode
from ring3.debug.object_file import FileSymbol, ObjectFile

_PER_LINE: Final = 6
"""Bytes on a line."""
_FUNC: Final = 2
_SHF_EXECINSTR: Final = 4


def functions(file: ObjectFile, name: str = "") -> list[FileSymbol]:
    """The functions of a file, or whatever has a name: of .symtab, or of .dynsym in a file that was stripped."""
    sized = [each for each in dict.fromkeys(file.symbols) if each.size and each.section]
    found = [each for each in sized if (each.name == name if name else each.type == _FUNC)]
    return [each for each in found if not each.dynamic] or found


def function(file: ObjectFile, symbol: FileSymbol) -> Iterator[str]:
    """The lines of a function."""
    width = len(f"{symbol.name}+{symbol.size:#x}")
    return _code(file, file.bytes_of(symbol), symbol.value, lambda place: _label(symbol.name, place), width)


def sections(file: ObjectFile) -> Iterator[str]:
    """The lines of all code of a file, by addresses, with a heading for each section."""
    for section in file.sections:
        if section["sh_flags"] & _SHF_EXECINSTR and section["sh_type"] == "SHT_PROGBITS":
            start, code = int(section["sh_addr"]), bytes(section.data())
            width = len(f"{start + len(code):x}")
            yield f"section {section.name}\n"
            yield from _code(file, code, start, lambda place, start=start: f"{start + place:x}", width)  # type: ignore[misc]


def _code(
    file: ObjectFile, code: bytes, start: int, label: Callable[[int], str], width: int
) -> Iterator[str]:
    """The lines of code.

    Args:
        file: Its file.
        code: The bytes.
        start: The address of the first.
        label: What stands before the instruction at an offset.
        width: Columns of the longest label.
    """

    def name_of(address: int) -> str | None:
        found = file.at(address)
        return None if found is None else _label(found.name, address - found.value)

    place = 0
    immediates = not file.relocatable
    while place < len(code):
        found = decode(
            code[place : place + LONGEST], start + place, file.bits, name_of, immediates=immediates
        )
        if found is None:
            yield f"    {label(place)}: *** invalid opcode ***\n"
            return
        yield from _lines(found, label(place), width)
        place += len(found.raw)


def _label(name: str, offset: int) -> str:
    return f"{name}+{offset:#x}" if offset else name


def _lines(found: Instruction, label: str, width: int) -> Iterator[str]:
    first = "".join(f"{byte:02x} " for byte in found.raw[:_PER_LINE])
    rest = [found.raw[start : start + _PER_LINE] for start in range(_PER_LINE, len(found.raw), _PER_LINE)]
    yield f"    {label + ':':<{width + 1}} {first:<{3 * _PER_LINE}} {found.text}\n"
    for part in rest:
        yield f"    {'':{width}}  {''.join(f'{byte:02x} ' for byte in part)}\n"
