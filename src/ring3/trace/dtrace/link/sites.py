"""Where an object calls probes: these calls are taken out of it, and what they were is remembered.

A call of `__dtrace_PROVIDER___PROBE` becomes instructions that do nothing, one of `__dtraceenabled_PROVIDER___PROBE`
an instruction that answers no; a jump there, of a call that was the last, returns as well. The relocation stays, with
nothing to do and for a symbol that need not be there, so that an object can be linked again. Functions get a second
name, which leaves the object but not the program: a linker finds them by it wherever they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.trace.dtrace.errors import DtraceError

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.relocation import RelocationSection
    from elftools.elf.sections import Section, Symbol, SymbolTableSection

_PREFIX: Final = "__dtrace"
_ASKS: Final = "enabled"
_NONE, _PC32, _PLT32 = 0, 2, 4
"""Types of relocations; their numbers are the same for both widths."""
_CALL, _JUMP, _NOP, _RETURN = 0xE8, 0xE9, 0x90, 0xC3
_CLEAR: Final = {64: bytes((0x48, 0x33, 0xC0)), 32: bytes((0x33, 0xC0))}
"""`xor %rax, %rax`, `xor %eax, %eax`."""
_LENGTH: Final = 5
"""Bytes of a call."""
_HIDDEN: Final = 2
_WEAK: Final = 2
_GLOBAL: Final = 1 << 4


class Site(NamedTuple):
    """A call of a probe: offset is that of the instruction at which it fires, in the function.

    Attributes:
        symbol: The name by which a linker finds the function.
    """

    provider: str
    probe: str
    function: str
    symbol: str
    offset: int
    asks: bool


class Object(NamedTuple):
    """An object without its calls of probes."""

    data: bytes
    sites: list[Site]
    bits: int
    has_notes: bool
    """Whether it has tracepoints of SystemTap's form, which need no calls."""


def take_out(path: str, raw: bytes, bits: int | None) -> Object:
    """An object, its calls of probes taken out.

    Args:
        path: What messages call it.
        raw: Its bytes.
        bits: 64 or 32; None for whatever it is.

    Raises:
        DtraceError: It is no object of that width, or calls probes in a way that is not known.
    """
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - only -G needs it
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    if raw.startswith(b"!<arch>"):
        raise DtraceError(f"archives are not permitted; use the contents of the archive instead: {path}")
    try:
        file = ELFFile(BytesIO(raw))
        if bits is not None and file.elfclass != bits:
            raise DtraceError(f"incorrect ELF class for object file: {path}")
        if file["e_machine"] != {64: "EM_X86_64", 32: "EM_386"}[file.elfclass]:
            raise DtraceError(f"incorrect ELF machine type for object file: {path}")
        return _Worker(path, raw, file).work()
    except (ELFError, IndexError, AttributeError):
        raise DtraceError(f"an error was encountered while processing {path}") from None


class _Worker:
    """One object."""

    def __init__(self, path: str, raw: bytes, file: ELFFile) -> None:
        self._path = path
        self._file = file
        self._bits: int = file.elfclass
        self._data = bytearray(raw)
        self._key = zlib.crc32(path.encode()) & 0x7FFF_FFFF
        self._aliases: dict[str, Symbol] = {}

    def work(self) -> Object:
        """The object that comes of it."""
        from elftools.elf.relocation import RelocationSection  # noqa: PLC0415 - only -G needs it

        sections = list(self._file.iter_sections())
        sites = [
            site
            for section in sections
            if isinstance(section, RelocationSection)
            for site in self._of(section)
        ]
        if self._aliases:
            self._add_symbols(sections)
        has_notes = any(section.name == ".note.stapsdt" for section in sections)
        return Object(bytes(self._data), sites, self._bits, has_notes)

    def _of(self, relocations: RelocationSection) -> Iterator[Site]:
        symbols = self._table(relocations["sh_link"])
        text = self._file.get_section(relocations["sh_info"])
        for number in range(relocations.num_relocations()):
            relocation = relocations.get_relocation(number)
            name = symbols.get_symbol(relocation["r_info_sym"]).name
            if not name.startswith(_PREFIX):
                continue
            asks, provider, probe = _names(name, self._path)
            function = _function_at(symbols, relocation["r_offset"], relocations["sh_info"])
            if function is None:
                raise DtraceError(f"an error was encountered while processing {self._path}")
            at = text["sh_offset"] + relocation["r_offset"] - 1
            inner = self._rewrite(at, relocation["r_info_type"], asks=asks)
            self._drop_type(relocations["sh_offset"] + number * relocations["sh_entsize"])
            self._weaken(symbols["sh_offset"] + relocation["r_info_sym"] * symbols["sh_entsize"])
            offset = relocation["r_offset"] - 1 - function["st_value"] + inner
            yield Site(provider, probe, function.name, self._alias(function), offset, asks)

    def _table(self, number: int) -> SymbolTableSection:
        from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415 - only -G needs it

        table = self._file.get_section(number)
        if not isinstance(table, SymbolTableSection):
            raise DtraceError(f"an error was encountered while processing {self._path}")
        return table

    def _rewrite(self, at: int, kind: int, *, asks: bool) -> int:
        """Take out the call at an offset of the file; returns which of its bytes the probe is at."""
        clear = _CLEAR[self._bits] if asks else b""
        now = bytes(self._data[at : at + _LENGTH])
        plain = [
            clear + bytes((end,)) + bytes((_NOP,)) * (_LENGTH - len(clear) - 1) for end in (_NOP, _RETURN)
        ]
        if kind not in (_NONE, _PC32, _PLT32) or not (now in plain or now[:1] in (b"\xe8", b"\xe9")):
            raise DtraceError(f"an error was encountered while processing {self._path}")
        if now not in plain:
            self._data[at : at + _LENGTH] = plain[now[0] == _JUMP]
        return len(clear)

    def _drop_type(self, entry: int) -> None:
        """Have a relocation do nothing: its type is in the lowest bits of the second word."""
        at, size = (entry + 8, 4) if self._bits == 64 else (entry + 4, 1)
        self._data[at : at + size] = bytes(size)

    def _weaken(self, entry: int) -> None:
        """Have a symbol be one that nobody needs to have."""
        at = entry + (4 if self._bits == 64 else 12)
        self._data[at] = _WEAK << 4 | self._data[at] & 0xF

    def _alias(self, function: Symbol) -> str:
        name = f"$dtrace{self._key}.{function.name}"
        self._aliases[name] = function
        return name

    def _add_symbols(self, sections: list[Section]) -> None:
        """Put tables with the second names behind everything, in the place of those there are."""
        number = next(i for i, section in enumerate(sections) if section["sh_type"] == "SHT_SYMTAB")
        symbols = self._table(number)
        known = {symbol.name for symbol in symbols.iter_symbols()}
        names = self._file.get_section(symbols["sh_link"])
        text, table = (self._data[at["sh_offset"] :][: at["sh_size"]] for at in (names, symbols))
        for name, function in self._aliases.items():
            if name not in known:
                table += self._symbol(len(text), function)
                text += name.encode() + b"\0"
        self._replace(number, table)
        self._replace(symbols["sh_link"], text)

    def _symbol(self, name: int, function: Symbol) -> bytes:
        """A name of a function that is no function itself: whoever looks for those finds each once."""
        section, value = function["st_shndx"], function["st_value"]
        parts = (
            ((name, 4), (_GLOBAL, 1), (_HIDDEN, 1), (section, 2), (value, 8), (0, 8))
            if self._bits == 64
            else ((name, 4), (value, 4), (0, 4), (_GLOBAL, 1), (_HIDDEN, 1), (section, 2))
        )
        return b"".join(value.to_bytes(size, "little") for value, size in parts)

    def _replace(self, section: int, data: bytes | bytearray) -> None:
        self._data += bytes(-len(self._data) % 8)
        width, first = (8, 24) if self._bits == 64 else (4, 16)
        at = self._file["e_shoff"] + section * self._file["e_shentsize"] + first
        for value in (len(self._data), len(data)):
            self._data[at : at + width] = value.to_bytes(width, "little")
            at += width
        self._data += data


def _names(symbol: str, path: str) -> tuple[bool, str, str]:
    """Whether a symbol asks, and of which provider and probe it is."""
    rest = symbol.removeprefix(_PREFIX)
    asks = rest.startswith(_ASKS)
    provider, separator, probe = rest.removeprefix(_ASKS if asks else "").removeprefix("_").partition("___")
    if not separator:
        raise DtraceError(f"an error was encountered while processing {path}")
    return asks, provider, probe.replace("__", "-")


def _function_at(symbols: SymbolTableSection, offset: int, section: int) -> Symbol | None:
    """The function that a place of a section is in; a global name of it if it has one."""
    found: Iterable[Symbol] = (
        symbol
        for symbol in symbols.iter_symbols()
        if symbol["st_info"]["type"] == "STT_FUNC"
        and symbol["st_shndx"] == section
        and symbol["st_value"] <= offset < symbol["st_value"] + symbol["st_size"]
    )
    names = sorted(found, key=lambda symbol: bool(symbol["st_info"]["bind"] != "STB_GLOBAL"))
    return names[0] if names else None
