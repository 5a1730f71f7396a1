"""ELF files as values: compared with what pyelftools reads."""

from __future__ import annotations

import io

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given
from hypothesis import strategies as st

from ring3 import resources
from ring3.abi import elf
from tests.support.elf_file import CODE, PAGE, Segment, elf_file, header
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
SHIPPED = ["image/linux/vmlinux", "image/vdso/vdso32.so", "image/vdso/vdso64.so"]


def headers_of(raw: bytes) -> tuple[elf.Header, tuple[elf.ProgramHeader, ...]]:
    found = elf.parse_header(raw)
    table = raw[found.phoff : found.phoff + found.phnum * found.phentsize]
    return found, elf.parse_program_headers(found, table)


def compare(raw: bytes) -> None:
    found, segments = headers_of(raw)
    other = ELFFile(io.BytesIO(raw))
    assert (found.bits, found.entry, found.phnum, found.shnum) == (
        other.elfclass,
        other.header["e_entry"],
        other.header["e_phnum"],
        other.header["e_shnum"],
    )
    assert [(s.offset, s.vaddr, s.filesz, s.memsz, s.flags, s.align) for s in segments] == [
        tuple(s[name] for name in ("p_offset", "p_vaddr", "p_filesz", "p_memsz", "p_flags", "p_align"))
        for s in other.iter_segments()
    ]


@pytest.mark.parametrize("path", SHIPPED)
def test_the_shipped_images_are_read_as_pyelftools_does(path: str) -> None:
    raw = resources.read_bytes(path)
    compare(raw)
    section = ELFFile(io.BytesIO(raw)).get_section_by_name(".symtab")
    assert isinstance(section, SymbolTableSection)
    assert [(s.name, s.value, s.size) for s in elf.symbols(raw)] == [
        (s.name, s["st_value"], s["st_size"])
        for s in section.iter_symbols()
        if s.name and s["st_shndx"] != "SHN_UNDEF"
    ]


@BITS
def test_a_compiled_program_is_read_as_pyelftools_does(toolchain: Toolchain, bits: Bits) -> None:
    raw = toolchain.program("basic/hello.c", bits=bits, kind="dynamic").read_bytes()
    compare(raw)
    names = {symbol.name for symbol in elf.symbols(raw)}
    assert "main" in names


@BITS
def test_the_dynamic_symbols_are_a_table_of_their_own(bits: Bits) -> None:
    raw = resources.read_bytes(f"image/vdso/vdso{bits}.so")
    exported = {symbol.name for symbol in elf.symbols(raw, elf.SHT_DYNSYM) if symbol.is_global}
    assert exported
    assert exported <= {symbol.name for symbol in elf.symbols(raw)}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not an ELF file"),
        (b"\x7fELF", "truncated ELF header"),
        (header()[:63], "truncated ELF header"),
        (header(32)[:51], "truncated ELF header"),
        (header(data=2), "not a little-endian ELF file"),
        (header(elf_class=7), "unknown ELF class 7"),
    ],
)
def test_what_is_no_header_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(elf.ElfError, match=reason):
        elf.parse_header(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_an_elf_error(tail: bytes) -> None:
    for raw in (tail, b"\x7fELF" + tail, elf_file([Segment(PAGE, CODE, 0, 0)])[:16] + tail):
        try:
            elf.parse_header(raw)
        except elf.ElfError:
            continue


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_a_damaged_symbol_table_is_an_elf_error(at: int, damage: bytes) -> None:
    raw = bytearray(resources.read_bytes("image/vdso/vdso64.so"))
    at %= len(raw) - 8
    raw[at : at + len(damage)] = damage
    try:
        list(elf.symbols(bytes(raw)))
    except elf.ElfError:
        return
