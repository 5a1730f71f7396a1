"""ELF files: headers, program headers and symbols as values, from bytes.

Formats: System V gABI, chapters 4 and 5; ``elf.h``. Only what running a program and reading a kernel image need;
little-endian only. Nothing here decides whether a file may be run: that is the loader's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag, NamedTuple

MAGIC: Final = b"\x7fELF"
CLASS32: Final = 1
CLASS64: Final = 2
DATA_LSB: Final = 1
OSABI_NONE: Final = 0
OSABI_GNU: Final = 3
OSABI_SOLARIS: Final = 6
EM_386: Final = 3
EM_X86_64: Final = 62
ET_EXEC: Final = 2
ET_DYN: Final = 3
SHT_SYMTAB: Final = 2
SHT_DYNSYM: Final = 11


class PType(IntEnum):
    """``p_type`` of a program header."""

    LOAD = 1
    DYNAMIC = 2
    INTERP = 3
    NOTE = 4
    PHDR = 6
    TLS = 7
    GNU_STACK = 0x6474_E551
    GNU_PROPERTY = 0x6474_E553
    SUNW_UNWIND = 0x6464_E550
    SUNWBSS = 0x6FFF_FFFA
    SUNWSTACK = 0x6FFF_FFFB
    SUNWDTRACE = 0x6FFF_FFFC
    SUNWCAP = 0x6FFF_FFFD


SUNW_SEGMENTS: Final = frozenset(
    (PType.SUNW_UNWIND, PType.SUNWBSS, PType.SUNWSTACK, PType.SUNWDTRACE, PType.SUNWCAP)
)
"""Program headers that only Solaris's linker writes (usr/src/uts/common/sys/elf.h)."""


class PFlags(IntFlag):
    """``p_flags`` of a program header."""

    X = 1
    W = 2
    R = 4


class ElfError(ValueError):
    """The bytes are not an ELF file of this machine's kinds, or contradict themselves."""


class Header(NamedTuple):
    """The file header; sizes and offsets in bytes."""

    bits: int
    osabi: int
    type: int
    machine: int
    entry: int
    phoff: int
    phentsize: int
    phnum: int
    shoff: int
    shentsize: int
    shnum: int

    @property
    def size(self) -> int:
        """Bytes of the header itself."""
        return 64 if self.bits == 64 else 52


class ProgramHeader(NamedTuple):
    """One segment; addresses are those of the file, before any relocation."""

    type: int
    flags: int
    offset: int
    vaddr: int
    filesz: int
    memsz: int
    align: int


class Symbol(NamedTuple):
    """One entry of a symbol table."""

    name: str
    value: int
    size: int
    info: int
    section: int

    @property
    def is_global(self) -> bool:
        """Bound globally or weakly."""
        return self.info >> 4 != 0


def parse_header(raw: bytes) -> Header:
    """The header at the start of a file.

    Raises:
        ElfError: Too short, not ELF, or not little-endian.
    """
    if raw[:4] != MAGIC:
        raise ElfError("not an ELF file")
    if len(raw) < 52:
        raise ElfError("truncated ELF header")
    if raw[5] != DATA_LSB:
        raise ElfError("not a little-endian ELF file")
    if raw[4] == CLASS64:
        if len(raw) < 64:
            raise ElfError("truncated ELF header")
        fields = struct.unpack_from("<HHIQQQIHHHHHH", raw, 16)
    elif raw[4] == CLASS32:
        fields = struct.unpack_from("<HHIIIIIHHHHHH", raw, 16)
    else:
        raise ElfError(f"unknown ELF class {raw[4]}")
    kind, machine, _version, entry, phoff, shoff, _flags, _size, phentsize, phnum, shentsize, shnum, _str = (
        fields
    )
    bits = 64 if raw[4] == CLASS64 else 32
    return Header(bits, raw[7], kind, machine, entry, phoff, phentsize, phnum, shoff, shentsize, shnum)


def parse_program_headers(header: Header, table: bytes) -> tuple[ProgramHeader, ...]:
    """The program headers in ``table``, the ``phnum * phentsize`` bytes at ``phoff``.

    Raises:
        ElfError: An entry is smaller than its class needs, or the table is cut short.
    """
    entry = 56 if header.bits == 64 else 32
    if header.phnum and header.phentsize != entry:
        raise ElfError(f"program headers of {header.phentsize} bytes, not {entry}")
    if len(table) < header.phnum * entry:
        raise ElfError("truncated program headers")
    found = []
    for number in range(header.phnum):
        if header.bits == 64:
            kind, flags, offset, vaddr, _p, filesz, memsz, align = struct.unpack_from(
                "<IIQQQQQQ", table, number * 56
            )
        else:
            kind, offset, vaddr, _p, filesz, memsz, flags, align = struct.unpack_from(
                "<8I", table, number * 32
            )
        found.append(ProgramHeader(kind, flags, offset, vaddr, filesz, memsz, align))
    return tuple(found)


def symbols(raw: bytes, kind: int = SHT_SYMTAB) -> Iterator[Symbol]:
    """The named symbols of a whole file's symbol table; none if it has no such table.

    Args:
        raw: The file.
        kind: ``SHT_SYMTAB`` or ``SHT_DYNSYM``.

    Raises:
        ElfError: The headers or the table lie outside the file.
    """
    header = parse_header(raw)
    wide = header.bits == 64
    try:
        sections = [
            struct.unpack_from(
                "<IIQQQQIIQQ" if wide else "<10I", raw, header.shoff + number * header.shentsize
            )
            for number in range(header.shnum)
        ]
        for section in sections:
            if section[1] != kind:
                continue
            strings = sections[section[6]][4]
            table = memoryview(raw)[section[4] :][: section[5]]
            if len(table) < section[5]:
                raise ElfError("truncated symbol table")
            for fields in struct.iter_unpack("<IBBHQQ" if wide else "<IIIBBH", table):
                if wide:
                    name, info, _other, index, value, length = fields
                else:
                    name, value, length, info, _other, index = fields
                if name and index:
                    start = strings + name
                    yield Symbol(raw[start : raw.index(b"\0", start)].decode(), value, length, info, index)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise ElfError(f"damaged symbol table: {error}") from None
