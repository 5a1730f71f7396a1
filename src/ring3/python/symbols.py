"""Where a program's symbols lie in its memory: the tables of all files that are mapped there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ring3.abi import elf
from ring3.abi.errno import Errno
from ring3.errors import UserError
from ring3.kernel.mm.pagecache import PageCache
from ring3.kernel.mm.shared import SharedObject
from ring3.machine.ram import PAGE_SHIFT

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm


def address_of(mm: Mm, name: str) -> int:
    """The address of a symbol: of the program's own if it has it, else of the first library that does.

    Raises:
        UserError: Nobody has it.
    """
    for raw, bias in _files(mm):
        for kind in (elf.SHT_SYMTAB, elf.SHT_DYNSYM):
            for symbol in elf.symbols(raw, kind):
                if symbol.name == name and symbol.section:
                    return symbol.value + bias
    raise UserError(f"no symbol {name} in what is mapped")


def every(mm: Mm) -> dict[str, int]:
    """All symbols that have an address; of several with one name, the first mapped file's."""
    found: dict[str, int] = {}
    for raw, bias in _files(mm):
        for kind in (elf.SHT_SYMTAB, elf.SHT_DYNSYM):
            for symbol in elf.symbols(raw, kind):
                if symbol.section:
                    found.setdefault(symbol.name, symbol.value + bias)
    return found


def _files(mm: Mm) -> Iterator[tuple[bytes, int]]:
    """The contents of each mapped file, and what is to be added to the addresses in it."""
    seen = set()
    for vma in mm.vmas:
        obj = vma.obj
        if not isinstance(obj, PageCache | SharedObject) or obj in seen:
            continue
        seen.add(obj)
        try:
            raw = obj.read(0, obj.size)
            header = elf.parse_header(raw)
            table = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
            loads = [s for s in elf.parse_program_headers(header, table) if s.type == elf.PType.LOAD]
        except (Errno, elf.ElfError):
            continue
        offset = vma.offset << PAGE_SHIFT
        for load in loads:
            if load.offset & -4096 == offset:
                yield raw, vma.start - (load.vaddr & -4096)
                break
