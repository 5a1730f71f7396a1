"""The functions of an object file as dis(1) lists them: label, bytes, instruction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ring3.debug.disassembly.solaris import LONGEST, Instruction, decode
from ring3.debug.object_file import FileSymbol, ObjectFile

_PER_LINE: Final = 6
"""Bytes on a line."""
_FUNC: Final = 2


def listing(file: ObjectFile, functions: Iterable[str] = ()) -> Iterator[str]:
    """The lines of the functions with certain names, of all functions where there are none."""
    wanted = set(functions)
    for symbol in dict.fromkeys(file.symbols):
        if (
            symbol.size
            and not symbol.dynamic
            and (symbol.name in wanted or (not wanted and symbol.type == _FUNC))
        ):
            yield from _function(file, symbol)


def _function(file: ObjectFile, symbol: FileSymbol) -> Iterator[str]:
    code = file.bytes_of(symbol)
    width = len(f"{symbol.name}+{symbol.size:#x}")

    def name_of(address: int) -> str | None:
        found = file.at(address)
        return None if found is None else _label(found.name, address - found.value)

    place = 0
    immediates = not file.relocatable
    while place < len(code):
        found = decode(
            code[place : place + LONGEST], symbol.value + place, file.bits, name_of, immediates=immediates
        )
        if found is None:
            yield f"    {_label(symbol.name, place)}: *** invalid opcode ***\n"
            return
        yield from _lines(found, _label(symbol.name, place), width)
        place += len(found.raw)


def _label(name: str, offset: int) -> str:
    return f"{name}+{offset:#x}" if offset else name


def _lines(found: Instruction, label: str, width: int) -> Iterator[str]:
    first = "".join(f"{byte:02x} " for byte in found.raw[:_PER_LINE])
    rest = [found.raw[start : start + _PER_LINE] for start in range(_PER_LINE, len(found.raw), _PER_LINE)]
    yield f"    {label + ':':<{width + 1}} {first:<{3 * _PER_LINE}} {found.text}\n"
    for part in rest:
        yield f"    {'':{width}}  {''.join(f'{byte:02x} ' for byte in part)}\n"
