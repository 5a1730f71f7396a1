"""An ELF file as a debugger sees it: bytes by address, symbols by name and by address, sections and types."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from ring3.errors import UserError
from ring3.machine.ram import PAGE_SIZE
from ring3.trace.unwind import CodeFile

if TYPE_CHECKING:
    from elftools.dwarf.dwarfinfo import DWARFInfo

TYPES: Final = ("NOTY", "OBJT", "FUNC", "SECT", "FILE", "COMM", "TLS", "REGI")
BINDINGS: Final = ("LOCL", "GLOB", "WEAK")


class FileSymbol(NamedTuple):
    """One entry of a symbol table, by the addresses of the file.

    Attributes:
        name: Its name.
        value: Address, or offset in its section in a relocatable file.
        size: Bytes.
        type: STT_.
        binding: STB_.
        other: Visibility.
        section: Index, or one of SHN_.
        number: Which it is in its table.
        dynamic: It stands in .dynsym.
    """

    name: str
    value: int
    size: int
    type: int
    binding: int
    other: int
    section: int
    number: int
    dynamic: bool


_SHN: Final = {"SHN_UNDEF": 0, "SHN_ABS": 0xFFF1, "SHN_COMMON": 0xFFF2}
_STT: Final = {
    "STT_NOTYPE": 0, "STT_OBJECT": 1, "STT_FUNC": 2, "STT_SECTION": 3, "STT_FILE": 4, "STT_COMMON": 5, "STT_TLS": 6,
    "STT_LOOS": 10, "STT_GNU_IFUNC": 10,
}  # fmt: skip
_STB: Final = {"STB_LOCAL": 0, "STB_GLOBAL": 1, "STB_WEAK": 2}
_ADDRESSED: Final = (0, 1, 2, 5, 10)
"""Symbols that name an address: not sections, files or thread-local offsets."""


class ObjectFile:
    """A file and what it says of itself.

    Attributes:
        name: The path it was named by.
        raw: Its bytes.
        bits: 32 or 64.
        kind: ``executable``, ``shared library`` or ``object``.
        entry: The address where it starts.
        relocatable: It is what a linker makes programs of.
        is_core: It is a core file.
    """

    def __init__(self, name: str, raw: bytes) -> None:
        """Takes a file apart.

        Raises:
            UserError: It is no ELF file.
        """
        self.name = name
        self.raw = raw
        try:
            self._elf = ELFFile(io.BytesIO(raw))
            self.bits: int = self._elf.elfclass
            header: Any = self._elf.header
            self.entry: int = header["e_entry"]
            self.relocatable = header["e_type"] == "ET_REL"
            self.is_core = header["e_type"] == "ET_CORE"
            self._segments = [
                (int(s["p_vaddr"]), int(s["p_offset"]), int(s["p_filesz"]), int(s["p_memsz"]))
                for s in self._elf.iter_segments()
                if s["p_type"] == "PT_LOAD"
            ]
        except (ELFError, KeyError, ValueError) as error:
            raise UserError(f"{name} is not an ELF file: {error}") from None
        interpreted = any(s["p_type"] == "PT_INTERP" for s in self._elf.iter_segments())
        self.kind = (
            "object"
            if self.relocatable
            else "executable"
            if interpreted or header["e_type"] == "ET_EXEC"
            else "shared library"
        )

    @property
    def base_name(self) -> str:
        """The last part of the path."""
        return self.name.rsplit("/", 1)[-1]

    @cached_property
    def dwarf(self) -> DWARFInfo | None:
        """Its debugging information, None if it has none."""
        return self._elf.get_dwarf_info() if self._elf.has_dwarf_info() else None

    @cached_property
    def code(self) -> CodeFile:
        """What it says of its code: call frames, lines."""
        return CodeFile(self.raw)

    def section(self, name: str) -> bytes | None:
        """The bytes of a section, None if there is none of that name."""
        found: Any = self._elf.get_section_by_name(name)
        return None if found is None else bytes(found.data())

    @cached_property
    def sections(self) -> list[Any]:
        """All sections, as pyelftools has them."""
        return list(self._elf.iter_sections())

    # -- symbols ---------------------------------------------------------------------------------------------------

    @cached_property
    def symbols(self) -> list[FileSymbol]:
        """The symbols of .symtab, then those of .dynsym."""
        return [*self._table(".symtab", dynamic=False), *self._table(".dynsym", dynamic=True)]

    def _table(self, name: str, *, dynamic: bool) -> Iterable[FileSymbol]:
        table: Any = self._elf.get_section_by_name(name)
        if table is None or not hasattr(table, "iter_symbols"):
            return
        for number, symbol in enumerate(table.iter_symbols()):
            info, index = symbol["st_info"], symbol["st_shndx"]
            yield FileSymbol(
                symbol.name,
                symbol["st_value"],
                symbol["st_size"],
                _STT.get(info["type"], 0) if isinstance(info["type"], str) else info["type"],
                _STB.get(info["bind"], 1) if isinstance(info["bind"], str) else info["bind"],
                symbol["st_other"].get("local", 0),
                _SHN.get(index, 0) if isinstance(index, str) else index,
                number,
                dynamic,
            )

    @cached_property
    def _by_name(self) -> dict[str, FileSymbol]:
        found: dict[str, FileSymbol] = {}
        for symbol in self.symbols:
            if symbol.name and symbol.section and symbol.type in _ADDRESSED:
                old = found.get(symbol.name)
                if old is None or (old.binding == 0 and symbol.binding):
                    found[symbol.name] = symbol
        return found

    @cached_property
    def _by_address(self) -> tuple[list[int], list[FileSymbol]]:
        named = [s for s in self.symbols if s.name and s.section not in (0, 0xFFF1) and s.type in _ADDRESSED]
        # of symbols at one address the last wins: sized before others, global before local, shorter names first
        named.sort(key=lambda s: (s.value, bool(s.size), s.type != 0, s.binding == 1, -len(s.name), s.name))
        return [s.value for s in named], named

    def lookup(self, name: str) -> FileSymbol | None:
        """The symbol of a name that has an address, None if there is none."""
        return self._by_name.get(name)

    def thread_local(self, name: str) -> FileSymbol | None:
        """The symbol of a variable that each thread has of its own: its value is an offset in `thread_block`."""
        return next(
            (s for s in self.symbols if s.name == name and s.type == _STT["STT_TLS"] and s.section), None
        )

    @cached_property
    def thread_block(self) -> int:
        """Bytes that each thread has of its own, up to its thread pointer (Drepper, variant II of TLS)."""
        found = next(
            (s["p_memsz"], s["p_align"]) for s in self._elf.iter_segments() if s["p_type"] == "PT_TLS"
        )
        size, align = map(int, found)
        return -(-size // max(align, 1)) * max(align, 1)

    def at(self, address: int, reach: int = 0) -> FileSymbol | None:
        """The symbol an address belongs to.

        Args:
            address: By the file.
            reach: How far behind a symbol an address is still called after it; 0 for what its size says.
        """
        values, symbols = self._by_address
        place = bisect_right(values, address)
        while place:
            place -= 1
            found = symbols[place]
            if address - found.value < max(found.size, 1) or (reach and address - found.value < reach):
                return found
            if address - found.value > (1 << 20):
                break
        return None

    # -- bytes -----------------------------------------------------------------------------------------------------

    def read(self, address: int, size: int) -> bytes:
        """Up to that many bytes at an address of the file, fewer where it has none."""
        for start, offset, length in self._places:
            if start <= address < start + length:
                inside = address - start
                return self.raw[offset + inside : offset + min(length, inside + size)]
        return b""

    def offset_of(self, address: int) -> int | None:
        """Where in the file the byte of an address stands."""
        for start, offset, length in self._places:
            if start <= address < start + length:
                return offset + address - start
        return None

    def address_of(self, offset: int) -> int | None:
        """The address of the byte at an offset of the file, None where it has none."""
        for start, at, length in self._places:
            if at <= offset < at + length:
                return start + offset - at
        return None

    def bias(self, address: int, offset: int) -> int | None:
        """What was added to the file's addresses, where the byte at an offset is mapped at an address.

        None where no segment begins in that page of the file.
        """
        for vaddr, at, _filesz, _memsz in self._segments:
            if at & -PAGE_SIZE == offset & -PAGE_SIZE:
                return (address & -PAGE_SIZE) - (vaddr & -PAGE_SIZE)
        return None

    @cached_property
    def _places(self) -> list[tuple[int, int, int]]:
        if self._segments:
            return [(vaddr, offset, filesz) for vaddr, offset, filesz, _ in self._segments]
        return [
            (int(s["sh_addr"]), int(s["sh_offset"]), int(s["sh_size"]))
            for s in self.sections
            if s["sh_type"] == "SHT_PROGBITS" and s["sh_flags"] & 2
        ]

    def bytes_of(self, symbol: FileSymbol) -> bytes:
        """The bytes of a symbol; in a relocatable file those of its section."""
        if not self.relocatable:
            return self.read(symbol.value, symbol.size)
        section = self.sections[symbol.section]
        start = int(section["sh_offset"]) + symbol.value
        return self.raw[start : start + symbol.size]
