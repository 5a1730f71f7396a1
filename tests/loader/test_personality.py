"""Which system a file says it was made for."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from ring3.abi import elf
from ring3.loader.host import system_of
from ring3.loader.personality import System
from tests.support import solaris
from tests.support.toolchain import Toolchain


def program(
    folder: Path,
    *,
    osabi: int = 0,
    interpreter: bytes | None = None,
    notes: bytes | None = None,
    segment: int | None = None,
    bits: int = 64,
) -> str:
    """An ELF file with the given signs and one loadable segment."""
    headers: list[tuple[int, bytes]] = [(elf.PType.LOAD, b"\xcc")]
    if interpreter is not None:
        headers.append((elf.PType.INTERP, interpreter + b"\0"))
    if notes is not None:
        headers.append((elf.PType.NOTE, notes))
    if segment is not None:
        headers.append((segment, b""))
    wide = bits == 64
    size, entry = (64, 56) if wide else (52, 32)
    at = size + entry * len(headers)
    table, contents = b"", b""
    for kind, content in headers:
        offset = at + len(contents)
        address = 0x40_0000 + offset
        if wide:
            table += struct.pack("<IIQQQQQQ", kind, 5, offset, address, 0, len(content), len(content), 1)
        else:
            table += struct.pack("<8I", kind, offset, address, 0, len(content), len(content), 5, 1)
        contents += content
    head = b"\x7fELF" + bytes([2 if wide else 1, 1, 1, osabi]) + bytes(8)
    form = "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH"
    machine = elf.EM_X86_64 if wide else elf.EM_386
    head += struct.pack(form, 2, machine, 1, 0x40_0000, size, 0, 0, size, entry, len(headers), 0, 0, 0)
    path = folder / "program"
    path.write_bytes(head + table + contents)
    return str(path)


def gnu_note(system: int) -> bytes:
    return struct.pack("<III4s4I", 4, 16, 1, b"GNU\0", system, 3, 2, 0)


def test_file_that_says_nothing(tmp_path: Path) -> None:
    assert system_of(program(tmp_path)) is None


def test_os_abi(tmp_path: Path) -> None:
    assert system_of(program(tmp_path, osabi=elf.OSABI_SOLARIS)) is System.SOLARIS
    assert system_of(program(tmp_path, osabi=elf.OSABI_SOLARIS, bits=32)) is System.SOLARIS
    assert system_of(program(tmp_path, osabi=elf.OSABI_GNU)) is System.LINUX
    assert system_of(program(tmp_path, osabi=9)) is None


@pytest.mark.parametrize(
    ("interpreter", "system"),
    [
        (b"/lib/amd64/ld.so.1", System.SOLARIS),
        (b"/usr/lib/amd64/ld.so.1", System.SOLARIS),
        (b"/lib/64/ld.so.1", System.SOLARIS),
        (b"/usr/lib/ld.so.1", System.SOLARIS),
        (b"/lib64/ld-linux-x86-64.so.2", System.LINUX),
        (b"/lib/ld-linux.so.2", System.LINUX),
        (b"/lib/ld-musl-x86_64.so.1", System.LINUX),
        (b"/lib/ld.so.1", None),
        (b"/libexec/ld-elf.so.1", None),
    ],
)
def test_interpreter(tmp_path: Path, interpreter: bytes, system: System | None) -> None:
    assert system_of(program(tmp_path, interpreter=interpreter)) is system


@pytest.mark.parametrize(
    ("notes", "system"),
    [
        (gnu_note(0), System.LINUX),
        (gnu_note(2), System.SOLARIS),
        (gnu_note(3), None),
        (struct.pack("<III4sI", 4, 4, 5, b"GNU\0", 0) + gnu_note(2), System.SOLARIS),
        (struct.pack("<III16sI", 13, 4, 1, b"SUNW Solaris\0", 0), System.SOLARIS),
        (struct.pack("<III8sI", 6, 4, 1, b"Other\0", 0), None),
        (gnu_note(2)[:-3], None),
        (b"\xff" * 40, None),
        (b"", None),
    ],
)
def test_notes(tmp_path: Path, notes: bytes, system: System | None) -> None:
    assert system_of(program(tmp_path, notes=notes)) is system


@pytest.mark.parametrize("segment", sorted(elf.SUNW_SEGMENTS))
def test_segments(tmp_path: Path, segment: int) -> None:
    assert system_of(program(tmp_path, segment=segment)) is System.SOLARIS


def test_weight(tmp_path: Path) -> None:
    signs = program(tmp_path, osabi=elf.OSABI_GNU, interpreter=b"/lib/amd64/ld.so.1")
    assert system_of(signs) is System.LINUX
    signs = program(tmp_path, interpreter=b"/lib/amd64/ld.so.1", notes=gnu_note(0))
    assert system_of(signs) is System.SOLARIS


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\n", os.urandom(256)])
def test_what_is_no_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert system_of(str(path)) is None
    assert system_of(str(tmp_path)) is None
    assert system_of(str(tmp_path / "missing")) is None
    assert system_of("a\0b") is None


def test_real_programs(toolchain: Toolchain) -> None:
    assert system_of(str(solaris.program(toolchain, "modinfo.c"))) is System.SOLARIS
    assert system_of(str(toolchain.program("basic/hello.c", kind="dynamic"))) is System.LINUX
    assert system_of(str(toolchain.program("seeds/foo.S", kind="nolibc"))) is None
