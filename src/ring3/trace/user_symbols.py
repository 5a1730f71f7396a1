"""Names for the addresses of programs: the symbol tables of the files that are mapped there.

The tables are read from the mapped file itself, so that libraries, position-independent programs and the vDSO are all
found by the same rule: address, mapping, offset in the file, address in the file, symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from ring3.abi import elf
from ring3.abi.errno import Errno
from ring3.image.symbols import SymbolTable
from ring3.kernel.core import Kernel
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.pagecache import PageCache
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.vma import Vma
from ring3.linux.kernel import LinuxKernel
from ring3.linux.x86.vdso import Vdso
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

_NOTYPE: Final = 0
_FUNC: Final = 2
_GNU_IFUNC: Final = 10
_SHN_ABS: Final = 0xFFF1


@dataclass(frozen=True, slots=True)
class _File:
    """What is known of a mapped file: its segments to load, and its functions by the file's own addresses."""

    loads: tuple[elf.ProgramHeader, ...]
    symbols: SymbolTable

    def address(self, offset: int) -> int | None:
        """The address that the file gives the byte at an offset, None outside of its segments.

        One page of a file may be mapped twice, for the end of one segment and the start of the next.
        """
        for load in self.loads:
            if load.offset <= offset < load.offset + load.filesz:
                return offset - load.offset + load.vaddr
        return None


_UNKNOWN: Final = _File((), SymbolTable())


class Mapped(Protocol):
    """What has mappings: an address space, or what was kept of one."""

    task_size: int

    def vma_at(self, address: int) -> Vma | None:
        """The mapping that an address is in."""


class UserSymbols:
    """The symbols of the programs on one kernel, read when they are first asked for."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        self._kernel = kernel
        self._files: dict[MemoryObject, _File] = {}

    def describe(self, mm: Mapped, address: int) -> str:
        """An address as ``symbol`` or ``symbol+0x1d``, "" where no symbol is known.

        Args:
            mm: The address space.
            address: Virtual address in it.
        """
        vma = mm.vma_at(address)
        if vma is None or vma.obj is None:
            return ""
        file = self._files.get(vma.obj)
        if file is None:
            file = self._files[vma.obj] = self._read(mm, vma.obj)
        offset = (vma.object_page(address) << PAGE_SHIFT) + address % PAGE_SIZE
        inside = file.address(offset)
        if inside is None:
            return ""
        text = file.symbols.describe(inside)
        return "" if text.startswith("0x") else text

    def _read(self, mm: Mapped, obj: MemoryObject) -> _File:
        if isinstance(self._kernel, LinuxKernel):
            vdso = self._kernel.vdso(64 if mm.task_size > 1 << 32 else 32)
            if obj is vdso.pages:
                return _vdso(vdso)
        if not isinstance(obj, PageCache | SharedObject):
            return _UNKNOWN
        try:
            if obj.read(0, len(elf.MAGIC)) != elf.MAGIC:
                return _UNKNOWN  # shared memory may be large
            return _parse(obj.read(0, obj.size))
        except (Errno, elf.ElfError):
            return _UNKNOWN


def preference(symbol: elf.Symbol) -> tuple[bool, bool, int, int, str]:
    """Which name of an address goes before others, as libproc has it (byaddr_cmp_common of Psymtab.c)."""
    name = symbol.name
    underlines = len(name) - len(name.lstrip("_"))
    return not symbol.is_global, name.startswith("$"), underlines, symbol.size, name


def _vdso(vdso: Vdso) -> _File:
    table = SymbolTable()
    for name, offset in sorted(vdso.symbols.items(), key=lambda item: item[1]):
        table.add(name, offset)
    whole = elf.ProgramHeader(
        elf.PType.LOAD, elf.PFlags.R | elf.PFlags.X, 0, 0, vdso.size, vdso.size, PAGE_SIZE
    )
    return _File((whole,), table)


def _parse(raw: bytes) -> _File:
    header = elf.parse_header(raw)
    headers = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
    loads = tuple(s for s in elf.parse_program_headers(header, headers) if s.type == elf.PType.LOAD)
    table = SymbolTable()
    found = list(elf.symbols(raw)) or list(elf.symbols(raw, elf.SHT_DYNSYM))
    code = [s for s in found if s.info & 0xF in (_NOTYPE, _FUNC, _GNU_IFUNC) and s.section != _SHN_ABS]
    for symbol in sorted(code, key=lambda s: (s.value, s.info & 0xF == _NOTYPE, preference(s))):
        table.add(symbol.name, symbol.value, symbol.size)
    return _File(loads, table)
